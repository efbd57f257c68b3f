/**
 * Lets a person see what a node last received: the dialog makes a filter or a sample of it. Enters: in-nodes, and
 * requests of somebody with the permission `regards.read`. Leaves: the last event of a node, as it is kept in memory;
 * nothing is taken from a queue.
 */
import type { Node, NodeAPI } from "node-red";
import type { LastEvent } from "../consume/last-event";

/** Every in-node that runs, by its Node-RED node. */
const sources = new WeakMap<Node, () => LastEvent | undefined>();

/** Lets a node be asked for as long as it runs. */
export function offerLastEvent(node: Node, last: () => LastEvent | undefined): void {
  sources.set(node, last);
}

/**
 * Answers `GET regards/last-event/<node id>` with `{ event }`, which is null while nothing has come that the filter let
 * through; once for each Node-RED.
 */
export function registerLastEventRoute(RED: NodeAPI): void {
  RED.httpAdmin.get(
    "/regards/last-event/:id",
    RED.auth.needsPermission("regards.read"),
    (request, response) => {
      const node = RED.nodes.getNode(String(request.params.id));
      const last = node === null ? undefined : sources.get(node);
      if (last === undefined) {
        response.sendStatus(404);
        return;
      }
      const found = last();
      response.set("cache-control", "no-store").json({ event: found === undefined ? null : shown(found) });
    },
  );
}

function shown({ status, receivedAt, correlationId, body }: LastEvent): object {
  return { status, receivedAt, correlationId: correlationId ?? null, body: body ?? null };
}
