/**
 * Publishes with a verdict for each message: confirmed, or refused with the reason. While the broker is
 * away messages wait in a bounded outbox; what was sent and not confirmed is sent again with the same
 * message id. Enters: messages. Leaves: one verdict a message, states. It knows nothing of REGARDS.
 */
import { randomUUID } from "node:crypto";
import type { ConfirmChannel, Message, Options } from "amqplib";
import { Backoff, type BackoffLimits } from "./backoff";
import { type Connection, closeQuietly } from "./connection";
import { withDeadline } from "./deadline";
import { type Fault, faultOf } from "./fault";

/** One message to publish; it is sent persistent and mandatory. */
export interface Outgoing {
  readonly exchange: string;
  readonly routingKey: string;
  readonly content: Buffer;
  readonly properties: Omit<Options.Publish, "mandatory" | "persistent" | "messageId">;
  /** Made by the publisher unless given: what is published a second time keeps the id of the first. */
  readonly messageId?: string;
  /**
   * What happens when the confirm of a sent message is lost with its channel: it is sent again until it is
   * confirmed (the default), or, where a second one would do harm, refused as UNCERTAIN.
   */
  readonly repeat?: "until-confirmed" | "never";
  /**
   * So many milliseconds after `publish()` it is given up, connected or not: UNSENT when it never left, else
   * NOT_CONFIRMED (UNCERTAIN where it is not repeated). Without it, it waits as long as it takes.
   */
  readonly giveUpAfter?: number;
}

/** What became of a message. */
export type PublishResult =
  | { readonly confirmed: true; readonly messageId: string }
  | { readonly confirmed: false; readonly code: RefusalCode; readonly message: string };

/** Stable codes of refusals. */
export type RefusalCode =
  /** No queue is bound to the exchange. */
  | "UNROUTABLE"
  /** The broker said no. */
  | "NACKED"
  /** Sent, and no confirm came in time: the broker may have it. */
  | "NOT_CONFIRMED"
  /** Not sent in time: the broker does not have it. */
  | "UNSENT"
  /** Sent, its confirm was lost, and it must not be repeated: the broker may have it. */
  | "UNCERTAIN"
  /** Too many wait already; not taken. */
  | "OUTBOX_FULL"
  /** amqplib refused it; not sent. */
  | "NOT_PUBLISHED"
  /** The publisher was closed before the verdict. */
  | "CLOSED";

/** What the publisher is doing; `waiting` says for what. */
export type PublisherState =
  | { readonly phase: "idle" }
  | { readonly phase: "ready" }
  | { readonly phase: "waiting"; readonly fault: Fault; readonly retryAt: number };

/** Milliseconds. */
export interface PublisherTiming {
  readonly answer: number;
  /** How long a sent message may stay without a confirm while the connection is up and not blocked. */
  readonly confirm: number;
  readonly backoff: BackoffLimits;
}

const TIMING: PublisherTiming = {
  answer: 10_000,
  confirm: 30_000,
  backoff: { first: 1_000, longest: 10_000 },
};

interface Entry {
  readonly message: Outgoing;
  readonly messageId: string;
  readonly resolve: (result: PublishResult) => void;
  /** When it was handed to the channel; undefined while it waits. */
  sentAt: number | undefined;
  returned: string | undefined;
}

export class Publisher {
  readonly #connection: Connection;
  readonly #limit: number;
  readonly #timing: PublisherTiming;
  readonly #changed: () => void;
  readonly #backoff: Backoff;
  readonly #outbox = new Map<string, Entry>();
  /** Not sent yet, in order. */
  #unsent: Entry[] = [];
  /** Exchanges seen on this channel, and those that were not there when last looked for. */
  #known = new Set<string>();
  readonly #missing = new Set<string>();
  #state: PublisherState = { phase: "idle" };
  #channel: ConfirmChannel | undefined;
  #opening = false;
  #full = false;
  #closed = false;
  #retry: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #stopListening: () => void;
  #drained: (() => void) | undefined;

  constructor(
    connection: Connection,
    limit: number,
    changed: () => void,
    timing: Partial<PublisherTiming> = {},
  ) {
    this.#connection = connection;
    this.#limit = limit;
    this.#timing = { ...TIMING, ...timing };
    this.#changed = changed;
    this.#backoff = new Backoff(this.#timing.backoff);
    this.#stopListening = connection.onState(({ phase }) => {
      if (phase === "connected") {
        this.#restartClocks();
        this.#pump();
      } else if (phase === "reconnecting") {
        this.#dropChannel();
        this.#backoff.reset();
        clearTimeout(this.#retry);
        this.#change({ phase: "idle" });
      }
    });
  }

  get state(): PublisherState {
    return this.#state;
  }

  /** Messages without a verdict yet. */
  get waiting(): number {
    return this.#outbox.size;
  }

  /** Takes a message; the promise never rejects. */
  publish(message: Outgoing): Promise<PublishResult> {
    if (this.#closed) {
      return Promise.resolve(refused("CLOSED", "The node is closing; nothing was published."));
    }
    if (this.#outbox.size >= this.#limit) {
      const cause = `${this.#outbox.size} messages wait for the broker already; nothing was published.`;
      return Promise.resolve(refused("OUTBOX_FULL", cause));
    }
    const messageId = randomUUID();
    return new Promise((resolve) => {
      const entry: Entry = { message, messageId, resolve, sentAt: undefined, returned: undefined };
      this.#outbox.set(messageId, entry);
      this.#unsent.push(entry);
      this.#changed();
      this.#pump();
    });
  }

  /**
   * Waits a little for the confirms still missing, reports the rest as not published, and lets go.
   * @returns how many were not published
   */
  async close(grace: number): Promise<number> {
    if (this.#outbox.size > 0 && this.#connection.isUp) {
      const drained = new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
      await withDeadline(drained, grace, "publishing the outbox").catch(() => undefined);
    }
    this.#closed = true;
    this.#stopListening();
    clearTimeout(this.#retry);
    clearInterval(this.#watch);
    const left = [...this.#outbox.values()];
    for (const entry of left) {
      this.#conclude(entry, refused("CLOSED", "The node was closed before the broker confirmed."));
    }
    const channel = this.#channel;
    this.#channel = undefined;
    if (channel !== undefined) {
      closeQuietly(channel, grace);
    }
    return left.length;
  }

  /** Sends what can be sent now; called whenever something changed. */
  #pump(): void {
    if (this.#unsent.length === 0 || this.#closed || !this.#connection.isUp) {
      return;
    }
    const channel = this.#channel;
    if (channel === undefined) {
      this.#open();
      return;
    }
    const held: Entry[] = [];
    for (const [index, entry] of this.#unsent.entries()) {
      if (this.#full) {
        held.push(...this.#unsent.slice(index));
        break;
      }
      if (this.#known.has(entry.message.exchange)) {
        this.#send(channel, entry);
      } else {
        held.push(entry);
      }
    }
    this.#unsent = this.#channel === channel ? held : this.#unsent;
    this.#learn();
  }

  #send(channel: ConfirmChannel, entry: Entry): void {
    const { message, messageId } = entry;
    const options = { ...message.properties, messageId, mandatory: true, persistent: true };
    entry.sentAt = Date.now();
    entry.returned = undefined;
    const confirmed = (error: unknown): void => {
      if (this.#channel === channel) {
        this.#confirmed(entry, error);
      }
    };
    try {
      const room = channel.publish(message.exchange, message.routingKey, message.content, options, confirmed);
      this.#full = !room;
    } catch (error) {
      if (this.#channel !== channel || !this.#connection.isUp) {
        // The channel went while we wrote: what it held is unsent again, this one included.
        return;
      }
      this.#conclude(entry, refused("NOT_PUBLISHED", `amqplib refused it: ${faultOf(error).detail}`));
    }
    this.#startWatch();
  }

  #confirmed(entry: Entry, error: unknown): void {
    if (entry.returned !== undefined) {
      this.#conclude(entry, refused("UNROUTABLE", entry.returned));
    } else if (error === null || error === undefined) {
      this.#conclude(entry, { confirmed: true, messageId: entry.messageId });
      this.#works();
    } else {
      const { exchange } = entry.message;
      this.#conclude(entry, refused("NACKED", `The broker did not take it on exchange ${exchange}.`));
    }
  }

  /** A confirm proves the way is free, unless another exchange is still awaited. */
  #works(): void {
    if (this.#state.phase !== "ready" && this.#missing.size === 0) {
      this.#backoff.reset();
      this.#change({ phase: "ready" });
    }
  }

  /** Looks for exchanges aside: publishing to a missing one would cost the channel and its neighbours. */
  #learn(): void {
    const unknown = this.#unsent.find(
      ({ message: { exchange } }) => !this.#known.has(exchange) && !this.#missing.has(exchange),
    );
    if (unknown === undefined || this.#opening) {
      return;
    }
    const { exchange } = unknown.message;
    this.#opening = true;
    this.#connection
      .aside((channel) => channel.checkExchange(exchange))
      .then(
        () => {
          this.#known.add(exchange);
          this.#opened();
        },
        (error) => {
          this.#missing.add(exchange);
          this.#wait(error);
          this.#pump();
        },
      );
  }

  #open(): void {
    if (this.#opening) {
      return;
    }
    this.#opening = true;
    this.#connection.confirmChannel().then(
      ({ channel }) => {
        this.#adopt(channel);
        if (this.#state.phase === "idle") {
          this.#change({ phase: "ready" });
        }
        this.#opened();
      },
      (error) => this.#wait(error),
    );
  }

  #opened(): void {
    this.#opening = false;
    this.#pump();
  }

  #adopt(channel: ConfirmChannel): void {
    if (this.#closed) {
      closeQuietly(channel, this.#timing.answer);
      return;
    }
    this.#channel = channel;
    this.#full = false;
    let cause: unknown;
    channel.on("error", (error: unknown) => {
      cause = error;
    });
    // A return comes before the confirm of the same message, and the confirm then shows no error.
    channel.on("return", (message: Message) => {
      const entry = this.#outbox.get(String(message.properties.messageId));
      if (entry !== undefined) {
        entry.returned = `No queue is bound to exchange ${entry.message.exchange}: nobody would receive it.`;
      }
    });
    channel.on("drain", () => {
      this.#full = false;
      this.#pump();
    });
    // First of all: amqplib's own listener reports every unconfirmed message as failed.
    channel.prependListener("close", () => {
      if (this.#channel === channel) {
        this.#dropChannel();
        // A dying connection closes its channels first and says so itself a moment later.
        queueMicrotask(() => this.#refusedBy(cause ?? new Error("Channel closed by the broker")));
      }
    });
  }

  /** What was sent and not confirmed must be sent again, in the old order. */
  #dropChannel(): void {
    this.#channel = undefined;
    this.#known = new Set();
    this.#missing.clear();
    for (const entry of this.#outbox.values()) {
      entry.sentAt = undefined;
    }
    this.#unsent = [...this.#outbox.values()];
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  /** A refused exchange (403) must not hold up what goes to another one. */
  #refusedBy(error: unknown): void {
    if (this.#closed || !this.#connection.isUp) {
      return;
    }
    this.#wait(error);
    const exchange = faultOf(error).subject;
    if (exchange !== undefined) {
      this.#missing.add(exchange);
      this.#pump();
    }
  }

  #wait(error: unknown): void {
    this.#opening = false;
    if (this.#closed || !this.#connection.isUp) {
      return;
    }
    clearTimeout(this.#retry);
    const wait = this.#backoff.next();
    this.#change({ phase: "waiting", fault: faultOf(error), retryAt: Date.now() + wait });
    this.#retry = setTimeout(() => {
      this.#missing.clear();
      this.#pump();
    }, wait);
  }

  /** A blocked broker confirms nothing: the wait for a confirm starts again when it is unblocked. */
  #restartClocks(): void {
    for (const entry of this.#outbox.values()) {
      if (entry.sentAt !== undefined) {
        entry.sentAt = Date.now();
      }
    }
  }

  #startWatch(): void {
    if (this.#watch !== undefined) {
      return;
    }
    this.#watch = setInterval(() => this.#giveUpLate(), Math.min(1_000, this.#timing.confirm / 2));
    this.#watch.unref();
  }

  #giveUpLate(): void {
    if (this.#connection.state.phase !== "connected") {
      return;
    }
    const before = Date.now() - this.#timing.confirm;
    for (const entry of [...this.#outbox.values()]) {
      if (entry.sentAt !== undefined && entry.sentAt <= before) {
        const cause = `The broker did not confirm within ${this.#timing.confirm / 1000} s; it may have it.`;
        this.#conclude(entry, refused("NOT_CONFIRMED", cause));
      }
    }
  }

  #conclude(entry: Entry, result: PublishResult): void {
    if (!this.#outbox.delete(entry.messageId)) {
      return;
    }
    if (entry.sentAt === undefined) {
      this.#unsent = this.#unsent.filter((other) => other !== entry);
    }
    entry.resolve(result);
    if (this.#outbox.size === 0) {
      clearInterval(this.#watch);
      this.#watch = undefined;
      this.#drained?.();
    }
    this.#changed();
  }

  #change(state: PublisherState): void {
    this.#state = state;
    this.#changed();
  }
}

function refused(code: RefusalCode, message: string): PublishResult {
  return { confirmed: false, code, message };
}
