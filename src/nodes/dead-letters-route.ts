/**
 * Lets a person see which events a node has given up, and send them back. Enters: in-nodes with a queue of their own,
 * and requests of somebody with the permission `regards.read` to look, `regards.write` to send back. Leaves: reasons,
 * times and correlation ids; no body of an event.
 */
import type { Node, NodeAPI } from "node-red";
import type { DeadLetterQueue, Letter } from "../amqp/dead-letter-queue";
import { faultOf } from "../amqp/fault";
import { decode } from "../regards/decode";
import { text } from "../regards/event";
import type { Service } from "../regards/services";

/** What a running in-node is asked by. */
interface Source {
  readonly service: Service;
  /** Undefined while it has no queue of its own that it could look beside. */
  readonly queue: () => DeadLetterQueue | undefined;
  /** Is told how many were sent back. */
  readonly sentBack: (count: number) => void;
}

type Answer = Parameters<Parameters<NodeAPI["httpAdmin"]["get"]>[1]>[1];

/** Every in-node that runs, by its Node-RED node. */
const sources = new WeakMap<Node, Source>();

/** Lets a node be asked for as long as it runs. */
export function offerDeadLetters(node: Node, source: Source): void {
  sources.set(node, source);
}

/**
 * Answers `GET regards/dead-letters/<node id>` with `{ count, letters }`, and `POST …/send-back`, of `{ id }` or of all,
 * with `{ sent }`; once for each Node-RED. Of a node without a dead-letter queue of its own it says 404, and where
 * the broker refuses or is away 502, with what it says as `trouble`.
 */
export function registerDeadLettersRoutes(RED: NodeAPI): void {
  RED.httpAdmin.get(
    "/regards/dead-letters/:id",
    RED.auth.needsPermission("regards.read"),
    (request, response) => {
      answer(RED, String(request.params.id), response, async (queue, { service }) => {
        const { letters, ...others } = await queue.look();
        return { ...others, letters: letters.map((letter) => shown(letter, service)) };
      });
    },
  );
  RED.httpAdmin.post(
    "/regards/dead-letters/:id/send-back",
    RED.auth.needsPermission("regards.write"),
    (request, response) => {
      const id: unknown = request.body?.id;
      if (id !== undefined && typeof id !== "string") {
        response.sendStatus(400);
        return;
      }
      answer(RED, String(request.params.id), response, async (queue, { sentBack }) => {
        const result = await queue.sendBack(id);
        sentBack(result.sent);
        return result;
      });
    },
  );
}

function answer(
  RED: NodeAPI,
  id: string,
  response: Answer,
  ask: (queue: DeadLetterQueue, source: Source) => Promise<object>,
): void {
  const node = RED.nodes.getNode(id);
  const source = node === null ? undefined : sources.get(node);
  const queue = source?.queue();
  if (source === undefined || queue === undefined) {
    response.sendStatus(404);
    return;
  }
  ask(queue, source).then(
    (found) => response.set("cache-control", "no-store").json(found),
    (error) => response.status(502).json({ trouble: faultOf(error).detail }),
  );
}

function shown({ id, reason, node, attempts, time, delivery }: Letter, service: Service): object {
  const { content: body, headers, properties } = delivery;
  const incoming = { body, headers, correlationId: text(properties.correlationId) };
  const { status, correlationId } = decode(service, incoming, undefined);
  return {
    ...{ id, reason: reason ?? null, node: node ?? null, attempts: attempts ?? null, time: time ?? null },
    ...{ status: status ?? null, correlationId: correlationId ?? null },
  };
}
