/**
 * Puts our reason beside the broker's. A plain reject says only "rejected" in `x-death`. So a message that
 * is given up goes once more through its own queue as a copy that carries the reason; when the copy comes
 * back it is rejected at once, and the dead-letter queue holds both. The original is accepted only after
 * the broker has confirmed the copy: at every moment one of them is safe.
 */
import type { Delivery } from "./delivery";
import type { Outgoing } from "./publisher";
import { deadLetterName, TO_QUEUE } from "./queue";

/** Headers we add to what is given up. */
export const REASON_HEADER = "regards-flow.reason";
export const NODE_HEADER = "regards-flow.node";
export const ATTEMPTS_HEADER = "regards-flow.attempts";

/** Why a message is given up. */
export interface GivenUp {
  /** In words, for the person who reads the dead-letter queue. */
  readonly reason: string;
  /** The node that reported it. */
  readonly node: string;
  readonly attempts: number;
}

/** The copy to publish into the own queue it came from. */
export function condemnedCopy(delivery: Delivery, queue: string, sentence: GivenUp): Outgoing {
  const headers: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(delivery.headers)) {
    // Its history starts anew: without it, a copy that has died is told from one that has yet to.
    if (!/^x-(?:death|first-death|last-death|delivery-count|acquired-count)/.test(key)) {
      headers[key] = value;
    }
  }
  headers[REASON_HEADER] = sentence.reason.slice(0, 1_000);
  headers[NODE_HEADER] = sentence.node.slice(0, 200);
  headers[ATTEMPTS_HEADER] = sentence.attempts;
  const { contentType, contentEncoding, correlationId, timestamp, priority, appId, type } =
    delivery.properties;
  const known = { contentType, contentEncoding, correlationId, timestamp, priority, appId, type };
  return {
    exchange: deadLetterName(queue),
    routingKey: TO_QUEUE,
    content: delivery.content,
    properties: {
      ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)),
      headers,
    },
  };
}

/** True for such a copy on its way to the dead-letter queue; false once it was there and was sent back. */
export function isCondemned(delivery: Delivery, queue: string): boolean {
  return delivery.headers[REASON_HEADER] !== undefined && !hasDiedIn(delivery.headers["x-death"], queue);
}

function hasDiedIn(deaths: unknown, queue: string): boolean {
  return (
    Array.isArray(deaths) &&
    deaths.some((death: unknown) => {
      return typeof death === "object" && death !== null && (death as { queue?: unknown }).queue === queue;
    })
  );
}
