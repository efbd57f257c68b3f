/**
 * The three ways to a queue: our own (declared, bound, with its dead-letter and retry queues), one the
 * administrator made (checked, never declared: other arguments would be refused), and a temporary one for
 * looking around. Enters: a plan and a way to a channel of its own. Leaves: a queue that can be read. It knows
 * neither consumers nor REGARDS.
 */
import type { Channel, Options } from "amqplib";
import { faultOf } from "./fault";

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

/** Runs something on a channel of its own, which a refusal may close without harm. */
export type Aside = <T>(work: (channel: Channel) => Promise<T>) => Promise<T>;

/** What preparing a queue has shown. */
export interface PreparedQueue {
  /** Its name; a temporary queue has a new one each time. */
  readonly name: string;
  /** It exists with another value of this argument and is used as it is. */
  readonly differs?: string;
}

/** An own queue that nobody reads for so long disappears: an abandoned flow must not fill the broker. */
const UNUSED_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * RabbitMQ 4 gives a message of a quorum queue up after 20 returns unless the queue says otherwise, and what
 * we give back is no failure. `-1` (no limit) is refused before 4.0, so it is a number nobody reaches.
 */
const DELIVERY_LIMIT = 1_000_000_000;

/** Routing keys on the exchange of an own queue. */
export const TO_DEAD = "dead";
export const TO_RETRY = "retry";
export const TO_QUEUE = "back";

/** RabbitMQ's limit for names. */
export const LONGEST_NAME = 255;

export const DEAD_LETTER_SUFFIX = ".dead";

/** The queue that keeps what was given up; the exchange that connects the three queues has the same name. */
export function deadLetterName(queue: string): string {
  return `${queue}${DEAD_LETTER_SUFFIX}`;
}

/** The queue in which events wait for their next attempt. */
export function retryName(queue: string): string {
  return `${queue}.retry`;
}

/**
 * Makes sure the queue is there.
 * @throws the broker's refusals (404, 403) as errors
 */
export async function prepareQueue(aside: Aside, plan: QueuePlan): Promise<PreparedQueue> {
  const { name } = plan;
  if (plan.mode === "existing") {
    await aside((channel) => channel.checkQueue(name));
    return { name };
  }
  if (plan.mode === "own") {
    const differs = await declareOwn(aside, plan);
    return differs === undefined ? { name } : { name, differs };
  }
  throw new Error("A temporary queue is declared on the channel that reads it.");
}

/** Declares a temporary queue on the channel that will read it; it goes with the connection. */
export async function declareTemporary(channel: Channel, plan: QueuePlan): Promise<PreparedQueue> {
  // The last connection's queue of the same name may not be gone yet.
  const name = `${plan.name}.${Math.random().toString(36).slice(2, 10)}`;
  await channel.assertQueue(name, { exclusive: true, autoDelete: true, durable: false });
  return { name };
}

/**
 * Binds the queue to REGARDS' exchange; binding again is harmless. REGARDS makes its exchange with its first
 * event, and a queue that is bound afterwards misses it: so a missing exchange is declared as REGARDS does.
 * @throws the 404 of the missing exchange where this account may not declare it
 */
export async function bindQueue(aside: Aside, plan: QueuePlan, name: string): Promise<void> {
  if (plan.mode === "existing") {
    return;
  }
  const { exchange } = plan;
  const bind = (): Promise<unknown> => aside((channel) => channel.bindQueue(name, exchange, ""));
  try {
    await bind();
  } catch (missing) {
    if (faultOf(missing).code !== "exchange-missing") {
      throw missing;
    }
    try {
      await aside((channel) => channel.assertExchange(exchange, "fanout", { durable: true }));
    } catch {
      throw missing;
    }
    await bind();
  }
}

/** Ends what `bindQueue` began; a queue, a binding or an exchange that is gone is no trouble. */
export async function unbindQueue(
  aside: Aside,
  { name, exchange }: Pick<OwnQueue, "name" | "exchange">,
): Promise<void> {
  await aside((channel) => channel.unbindQueue(name, exchange, ""));
}

/** Declares the queue in which events wait for their next attempt; an existing one is used as it is. */
export async function prepareRetryQueue(aside: Aside, { name, type }: OwnQueue): Promise<void> {
  const exchange = deadLetterName(name);
  await declared(aside, retryName(name), durable(type, exchange, TO_QUEUE));
  await aside((channel) => channel.bindQueue(retryName(name), exchange, TO_RETRY));
}

/** How many messages wait in a queue and how many consumers it has; undefined when it is not there. */
export async function look(
  aside: Aside,
  queue: string,
): Promise<{ readonly messages: number; readonly consumers: number } | undefined> {
  try {
    const { messageCount, consumerCount } = await aside((channel) => channel.checkQueue(queue));
    return { messages: messageCount, consumers: consumerCount };
  } catch (error) {
    if (faultOf(error).code === "queue-missing") {
      return undefined;
    }
    throw error;
  }
}

/** What became of a queue its node has left. */
export type Left =
  | { readonly kind: "deleted" }
  /** Somebody else reads it: nothing was touched. */
  | { readonly kind: "shared" }
  /** Unbound, with so many messages in it and its dead-letter and retry queues; it expires by itself. */
  | { readonly kind: "kept"; readonly waiting: number };

/**
 * Leaves an own queue: it is unbound, and deleted with all that belongs to it if nothing waits in it. Whoever
 * else reads it goes on undisturbed. Quorum queues refuse a conditional delete, so it is unbound before the
 * last look: nothing can arrive between that and the deletion.
 * @param isOwed true where something was given back to it lately: a queue counts that only a moment later
 */
export async function leaveQueue(aside: Aside, { name, exchange }: OwnQueue, isOwed: boolean): Promise<Left> {
  const queues = [name, retryName(name), deadLetterName(name)];
  const before = await look(aside, name);
  if ((before?.consumers ?? 0) > 0) {
    return { kind: "shared" };
  }
  if (before !== undefined) {
    await unbindQueue(aside, { name, exchange });
  }
  const found = await Promise.all(queues.map((queue) => look(aside, queue)));
  const waiting = found.reduce((sum, queue) => sum + (queue?.messages ?? 0), 0);
  if ((found[0]?.consumers ?? 0) > 0) {
    // Somebody has come to read it meanwhile.
    await aside((channel) => channel.bindQueue(name, exchange, ""));
    return { kind: "shared" };
  }
  if (isOwed || waiting > 0 || found.some((queue) => (queue?.consumers ?? 0) > 0)) {
    return { kind: "kept", waiting };
  }
  for (const [place, queue] of queues.entries()) {
    if (found[place] !== undefined) {
      await aside((channel) => channel.deleteQueue(queue));
    }
  }
  return { kind: "deleted" };
}

/**
 * The exchange goes with its last queue (auto-delete). Its key "back" leads to the queue again: what is
 * rejected from the dead-letter queue returns to the queue it came from, and so does what has waited for its
 * next attempt. It has a name that begins with the queue's, so that one permission pattern covers everything.
 * The dead-letter queue has no expiry: it must not go while a letter is in it.
 */
async function declareOwn(aside: Aside, { name, type }: OwnQueue): Promise<string | undefined> {
  const dead = deadLetterName(name);
  await declaredExchange(aside, dead);
  await declared(aside, dead, durable(type, dead, TO_QUEUE));
  const { arguments: shared, ...options } = durable(type, dead, TO_DEAD);
  const differs = await declared(aside, name, {
    ...options,
    arguments: { ...shared, "x-expires": UNUSED_MS },
  });
  await aside(async (channel) => {
    await channel.bindQueue(dead, dead, TO_DEAD);
    await channel.bindQueue(name, dead, TO_QUEUE);
  });
  return differs;
}

/**
 * Declares the dead-letter queue alone, before something is given up: somebody may have deleted it.
 * @returns which argument differs where it is there already with another value of one
 */
export async function prepareDeadLetterQueue(
  aside: Aside,
  { name, type }: OwnQueue,
): Promise<string | undefined> {
  const dead = deadLetterName(name);
  await declaredExchange(aside, dead);
  const differs = await declared(aside, dead, durable(type, dead, TO_QUEUE));
  await aside(async (channel) => {
    await channel.bindQueue(dead, dead, TO_DEAD);
    await channel.bindQueue(name, dead, TO_QUEUE);
  });
  return differs;
}

function durable(type: OwnQueue["type"], exchange: string, key: string): Options.AssertQueue {
  // A quorum queue can keep a message until the queue it is dead-lettered to has confirmed it.
  const safely = {
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
    "x-delivery-limit": DELIVERY_LIMIT,
  };
  return {
    durable: true,
    arguments: {
      "x-queue-type": type,
      "x-dead-letter-exchange": exchange,
      "x-dead-letter-routing-key": key,
      ...(type === "quorum" ? safely : {}),
    },
  };
}

async function declaredExchange(aside: Aside, exchange: string): Promise<void> {
  await unlessDiffering(() =>
    aside((channel) => channel.assertExchange(exchange, "direct", { durable: true, autoDelete: true })),
  );
}

/** Declares a queue; says which argument differs where it is there already with another value of one. */
function declared(aside: Aside, queue: string, options: Options.AssertQueue): Promise<string | undefined> {
  return unlessDiffering(() => aside((channel) => channel.assertQueue(queue, options)));
}

async function unlessDiffering(declare: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await declare();
    return undefined;
  } catch (error) {
    const { code, detail } = faultOf(error);
    if (code !== "queue-differs") {
      throw error;
    }
    return /inequivalent arg '([^']+)'/.exec(detail)?.[1] ?? "arguments";
  }
}
