/**
 * What leaves an out-node: a message with what became of its request, or with why it was not published, or that no
 * answer came. Enters: verdicts. Leaves: messages. Pure.
 */
import type { NodeMessage } from "node-red";
import type { AskedRequest } from "../publish/asked-requests";
import type { Sent } from "../publish/requester";

/** A message that may come from one of our in-nodes. */
export interface EventBearing extends NodeMessage {
  readonly regards?: { readonly deliveryId?: string };
}

/** The message, with the verdict in `msg.regards`, and in `msg.error` where it was not published. */
export function outcomeOf(message: EventBearing, sent: Sent): NodeMessage {
  // An event settled by hand is still known by its delivery, after something was sent to REGARDS about it.
  const { deliveryId } = message.regards ?? {};
  const regards = { ...sent.regards, ...(deliveryId ? { deliveryId } : {}) };
  const outcome: NodeMessage & { regards: object } = { ...message, regards };
  if (sent.published) {
    return outcome;
  }
  const { code, message: words, details } = sent.error;
  return Object.assign(outcome, { error: { code, message: words, ...details } });
}

/** What leaves by the third output. */
export function noAnswer({ correlationId, service, askedAt, request }: AskedRequest): NodeMessage {
  const since = new Date(askedAt).toISOString();
  const message: NodeMessage & { regards: object; request?: unknown } = {
    topic: "no answer",
    payload: { correlationId, askedAt: since },
    regards: { service, correlationId, askedAt: since },
  };
  if (request !== undefined) {
    message.request = JSON.parse(request);
  }
  return message;
}
