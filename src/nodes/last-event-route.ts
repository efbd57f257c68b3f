/**
 * Lets a person see what a node last received, and suggests what came lately: the dialog makes a filter or a sample of
 * it. Enters: in-nodes, and requests of somebody with the permission `regards.read`. Leaves: the last event of a node,
 * as it is kept in memory; nothing is taken from a queue.
 */
import type { Node, NodeAPI } from "node-red";
import type { LastEvent, SeenLately } from "../consume/last-event";

/** What a running in-node can be asked for. */
export interface SeenSource {
  /** The id of its broker node. */
  readonly broker: string;
  last(): LastEvent | undefined;
  lately(): SeenLately | undefined;
}

/** Every in-node that runs, by its Node-RED node. */
const sources = new WeakMap<Node, SeenSource>();

const NOTHING_LATELY: SeenLately = { tenants: [], correlationIds: [] };

/** Lets a node be asked for as long as it runs. */
export function offerLastEvent(node: Node, source: SeenSource): void {
  sources.set(node, source);
}

/** The tenants whose events came lately to any in-node of a broker node, wanted or not. */
export function tenantsSeenBy(RED: NodeAPI, broker: string): string[] {
  const tenants = new Set<string>();
  RED.nodes.eachNode(({ id }) => {
    const node = RED.nodes.getNode(id);
    const source = node === null ? undefined : sources.get(node);
    if (source?.broker === broker) {
      for (const tenant of source.lately()?.tenants ?? []) {
        tenants.add(tenant);
      }
    }
  });
  return [...tenants];
}

/**
 * Answers `GET regards/last-event/<node id>` with `{ event, tenants, correlationIds }`, where the event is null while
 * nothing has come that the filter let through; and `GET regards/tenants/<broker node id>` with `{ tenants }`, of what
 * came lately to any of its in-nodes. Once for each Node-RED.
 */
export function registerLastEventRoute(RED: NodeAPI): void {
  const mayRead = RED.auth.needsPermission("regards.read");
  RED.httpAdmin.get("/regards/last-event/:id", mayRead, (request, response) => {
    const node = RED.nodes.getNode(String(request.params.id));
    const source = node === null ? undefined : sources.get(node);
    if (source === undefined) {
      response.sendStatus(404);
      return;
    }
    const found = source.last();
    const event = found === undefined ? null : shown(found);
    response.set("cache-control", "no-store").json({ event, ...(source.lately() ?? NOTHING_LATELY) });
  });
  RED.httpAdmin.get("/regards/tenants/:id", mayRead, (request, response) => {
    const tenants = tenantsSeenBy(RED, String(request.params.id));
    response.set("cache-control", "no-store").json({ tenants });
  });
}

function shown({ status, receivedAt, correlationId, body }: LastEvent): object {
  return { status, receivedAt, correlationId: correlationId ?? null, body: body ?? null };
}
