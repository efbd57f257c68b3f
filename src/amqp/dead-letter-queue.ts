/**
 * The dead-letter queue of an own queue, for a person who looks into it. Enters: what the person wants. Leaves: how many
 * letters there are, what the first of them say, and letters that are in the own queue again: each is accepted only
 * when the broker has confirmed its copy. Looking takes nothing: what was looked at goes back to its place. It knows
 * neither consumers nor REGARDS.
 */
import { createHash } from "node:crypto";
import type { Channel, GetMessage } from "amqplib";
import { Copies } from "./copies";
import { type GivenUp, givenUpOf } from "./dead-letters";
import { Delivery } from "./delivery";
import { deadLetterName, look, type OwnQueue, prepareDeadLetterQueue, TO_QUEUE } from "./queue";
import type { Lease } from "./shared-connection";

/** What a letter says of itself, and the message as it was. */
export interface Letter extends Partial<GivenUp> {
  /** By which it is sent back. */
  readonly id: string;
  /** ISO 8601; undefined where nobody has written it down. */
  readonly time: string | undefined;
  readonly delivery: Delivery;
}

export interface Letters {
  /** How many there are in all. */
  readonly count: number;
  /** The first of them. */
  readonly letters: readonly Letter[];
  /** It was made with another value of this argument, and a look could cost a letter: none was taken. */
  readonly differs?: string;
}

/** What became of sending back. */
export interface SentBack {
  readonly sent: number;
  /** Why not all of them: the letter is still where it was. */
  readonly trouble?: string;
}

/** Where connections come from. */
export interface LeaseSource {
  lease(role: "consume" | "publish"): Lease;
}

/** So many are looked at. */
const MOST_SHOWN = 20;

/** A letter is searched for among so many: whoever has looked has seen the first of them only. */
const MOST_SEARCHED = 100;

/** So many are on their way at a time, and so many go by one question of a person. */
const BATCH = 50;
const MOST_SENT = 5_000;

const CLOSE_MS = 1_500;

export class DeadLetterQueue {
  readonly #queue: OwnQueue;
  readonly #connections: LeaseSource;
  /** One after the other: what one person looks at another would not find. */
  #before: Promise<unknown> = Promise.resolve();

  constructor(queue: OwnQueue, connections: LeaseSource) {
    this.#queue = queue;
    this.#connections = connections;
  }

  /** @throws the broker's refusals */
  look(): Promise<Letters> {
    return this.#next(async ({ connection }) => {
      const seen = await look((work) => connection.aside(work), this.#name);
      if (seen === undefined) {
        return { count: 0, letters: [] };
      }
      // Where a queue has a low limit of its own, each look would bring a letter nearer to it.
      const differs = await prepareDeadLetterQueue((work) => connection.aside(work), this.#queue);
      if (differs !== undefined) {
        return { count: seen.messages, letters: [], differs };
      }
      return onChannel(connection, async (channel) => {
        const found = await this.#take(channel, MOST_SHOWN);
        const count = found.length + leftBehind(found);
        channel.nackAll(true);
        return { count, letters: found.map(({ delivery }) => letterOf(delivery)) };
      });
    });
  }

  /**
   * Sends a letter back to the queue it came from, or without an id all there are now; those that fail again meanwhile
   * are not among them.
   * @throws the broker's refusals
   */
  sendBack(id?: string): Promise<SentBack> {
    return this.#next(({ connection }) =>
      onChannel(connection, async (channel) => {
        const copies = new Copies(
          this.#queue,
          () => this.#connections.lease("publish"),
          () => undefined,
        );
        try {
          return await (id === undefined
            ? this.#sendAll(channel, copies)
            : this.#sendOne(channel, copies, id));
        } finally {
          await copies.close(CLOSE_MS);
        }
      }),
    );
  }

  get #name(): string {
    return deadLetterName(this.#queue.name);
  }

  async #sendOne(channel: Channel, copies: Copies, id: string): Promise<SentBack> {
    const found = await this.#take(channel, MOST_SEARCHED);
    const wanted = found.filter(({ delivery }) => letterOf(delivery).id === id).slice(0, 1);
    const result = await this.#send(channel, copies, wanted);
    if (found.length > result.sent) {
      channel.nackAll(true);
    }
    return result;
  }

  async #sendAll(channel: Channel, copies: Copies): Promise<SentBack> {
    let sent = 0;
    let left = BATCH;
    for (let isFirst = true; left > 0; isFirst = false) {
      const found = await this.#take(channel, Math.min(BATCH, left));
      const result = await this.#send(channel, copies, found);
      sent += result.sent;
      if (result.sent < found.length) {
        channel.nackAll(true);
        return { ...result, sent };
      }
      const rest = isFirst ? leftBehind(found) : left - found.length;
      left = found.length === 0 ? 0 : Math.min(rest, MOST_SENT - sent);
    }
    return { sent };
  }

  /** Accepts the letters whose copies are with the broker; the others are still open. */
  async #send(channel: Channel, copies: Copies, letters: readonly Taken[]): Promise<SentBack> {
    // A letter whose confirm was lost was written twice: the two go as one.
    const known = new Map<string, Promise<boolean>>();
    const publish = (delivery: Delivery): Promise<boolean> => {
      const { messageId } = nameOf(delivery);
      if (messageId === undefined) {
        return copies.publish(TO_QUEUE, delivery, {});
      }
      const sending = known.get(messageId) ?? copies.publish(TO_QUEUE, delivery, {}, { messageId });
      known.set(messageId, sending);
      return sending;
    };
    const confirmed = await Promise.all(letters.map(({ delivery }) => publish(delivery)));
    const safe = letters.filter((_letter, place) => confirmed[place] === true);
    for (const { message } of safe) {
      channel.ack(message);
    }
    return safe.length === letters.length
      ? { sent: safe.length }
      : { sent: safe.length, trouble: copies.trouble ?? this.#queue.name };
  }

  async #take(channel: Channel, most: number): Promise<Taken[]> {
    const taken: Taken[] = [];
    while (taken.length < most) {
      const message = await channel.get(this.#name, { noAck: false });
      if (message === false) {
        break;
      }
      taken.push({ message, delivery: new Delivery(message, 0, NOBODY) });
    }
    return taken;
  }

  #next<T>(work: (lease: Lease) => Promise<T>): Promise<T> {
    const now = this.#before.then(async () => {
      const lease = this.#connections.lease("consume");
      try {
        return await work(lease);
      } finally {
        await lease.release();
      }
    });
    this.#before = now.catch(() => undefined);
    return now;
  }
}

interface Taken {
  readonly message: GetMessage;
  readonly delivery: Delivery;
}

/** How many the last of them left in the queue: a quorum queue tells it exactly here, and late where it is looked at. */
function leftBehind(taken: readonly Taken[]): number {
  return taken.at(-1)?.message.fields.messageCount ?? 0;
}

/** They are settled on their channel, here. */
const NOBODY = { settle: () => undefined };

/** What is not settled when the channel closes is in its queue again, whatever happens. */
async function onChannel<T>(
  connection: Lease["connection"],
  work: (channel: Channel) => Promise<T>,
): Promise<T> {
  const { channel } = await connection.channel();
  try {
    return await work(channel);
  } finally {
    await channel.close().catch(() => undefined);
  }
}

function letterOf(delivery: Delivery): Letter {
  return { id: idOf(delivery), ...givenUpOf(delivery), delivery };
}

function idOf({ fingerprint, headers }: Delivery): string {
  const history = JSON.stringify(headers["x-death"] ?? null);
  return createHash("sha256").update(fingerprint).update(history).digest("base64url");
}

/**
 * A letter of ours has an id that no other has, so its copy gets one that follows from it: sent twice because its
 * acceptance was lost with the connection, it is known again. Of what the broker has moved itself, two may be equal.
 */
function nameOf(delivery: Delivery): { readonly messageId?: string } {
  const { properties, headers } = delivery;
  const isOurs = typeof properties.messageId === "string" && headers["x-death"] === undefined;
  return isOurs ? { messageId: idOf(delivery) } : {};
}
