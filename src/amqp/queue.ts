/**
 * The three ways to a queue: our own (declared, bound, with a dead-letter queue), one the administrator
 * made (checked, never declared: other arguments would be refused), and a temporary one for looking around.
 */
import type { Channel } from "amqplib";

/** Which queue to read, and how it comes to be. */
export type QueuePlan =
  | { readonly mode: "existing"; readonly name: string }
  | { readonly mode: "temporary"; readonly name: string; readonly exchange: string }
  | OwnQueue;

/** A queue the node declares for itself. */
export interface OwnQueue {
  readonly mode: "own";
  readonly name: string;
  readonly type: "quorum" | "classic";
  readonly exchange: string;
}

/** An own queue that nobody uses for so long disappears: an abandoned flow must not fill the broker. */
export const UNUSED_DAYS = 7;

/** Dead letters are kept longer, counted from the last time the node was there. */
export const DEAD_DAYS = 30;

const DAY_MS = 24 * 60 * 60 * 1000;

/** Routing keys on the dead-letter exchange of an own queue. */
export const TO_DEAD = "dead";
export const TO_QUEUE = "back";

/** The queue that keeps what an own queue rejected; its dead-letter exchange has the same name. */
export function deadLetterName(queue: string): string {
  return `${queue}.dead`;
}

/** Makes sure the queue is there; the broker's refusals (404, 403, 406) come out as errors. */
export async function prepareQueue(channel: Channel, plan: QueuePlan): Promise<void> {
  switch (plan.mode) {
    case "existing":
      await channel.checkQueue(plan.name);
      return;
    case "temporary":
      await channel.assertQueue(plan.name, { exclusive: true, autoDelete: true, durable: false });
      return;
    case "own":
      await declareOwn(channel, plan.name, plan.type);
  }
}

/** Binds the queue to the exchange it names; binding again is harmless. */
export async function bindQueue(channel: Channel, plan: QueuePlan): Promise<void> {
  if (plan.mode !== "existing") {
    await channel.bindQueue(plan.name, plan.exchange, "");
  }
}

/**
 * Deletes an own queue with all that belongs to it if nothing waits in either. It is unbound first, so that
 * nothing can arrive between the look and the deletion (quorum queues refuse a conditional delete).
 * @returns how many messages were left waiting, which is why it was kept
 */
export async function deleteOwnQueue(channel: Channel, plan: OwnQueue): Promise<number> {
  const { name, exchange } = plan;
  const dead = deadLetterName(name);
  await channel.unbindQueue(name, exchange, "");
  const queue = await channel.checkQueue(name);
  const letters = await channel.checkQueue(dead);
  const waiting = queue.messageCount + letters.messageCount;
  if (waiting === 0 && queue.consumerCount + letters.consumerCount === 0) {
    await channel.deleteQueue(name);
    await channel.deleteQueue(dead);
  }
  return waiting;
}

/**
 * The exchange goes with its last queue (auto-delete). Its second key leads back: what is rejected from
 * the dead-letter queue returns to the queue it died in. It has the queue's name so that one permission
 * pattern covers all three.
 */
async function declareOwn(channel: Channel, name: string, type: "quorum" | "classic"): Promise<void> {
  const dead = deadLetterName(name);
  await channel.assertExchange(dead, "direct", { durable: true, autoDelete: true });
  await channel.assertQueue(dead, {
    durable: true,
    arguments: {
      "x-queue-type": type,
      "x-expires": DEAD_DAYS * DAY_MS,
      "x-dead-letter-exchange": dead,
      "x-dead-letter-routing-key": TO_QUEUE,
      ...safely(type),
    },
  });
  await channel.bindQueue(dead, dead, TO_DEAD);
  await channel.assertQueue(name, {
    durable: true,
    arguments: {
      "x-queue-type": type,
      "x-expires": UNUSED_DAYS * DAY_MS,
      "x-dead-letter-exchange": dead,
      "x-dead-letter-routing-key": TO_DEAD,
      ...safely(type),
    },
  });
  await channel.bindQueue(name, dead, TO_QUEUE);
}

/** A quorum queue can keep a message until its dead-letter queue has confirmed it. */
function safely(type: "quorum" | "classic"): Record<string, string> {
  return type === "quorum"
    ? { "x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish" }
    : {};
}
