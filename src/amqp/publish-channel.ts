/**
 * The confirm channel towards one exchange: sends in order, and waits for each confirm. What was sent and not
 * confirmed when the channel is lost is sent again, where that does no harm. Each exchange has a channel of
 * its own, because the broker answers a missing exchange or permission by closing the channel, and whatever
 * else was on it. Enters: messages to be sent, the states of the connection. Leaves: one verdict a message.
 * It does not know how many may wait.
 */
import amqplib, { type ConfirmChannel, type Message } from "amqplib";
import { Backoff, type BackoffLimits } from "./backoff";
import type { Clock } from "./clock";
import { type Connection, closeQuietly } from "./connection";
import { type Fault, faultOf } from "./fault";
import { refused } from "./outgoing";
import { Unconfirmed } from "./unconfirmed";
import { type Entry, notTaken, type Waiting } from "./waiting-message";

/** What is needed of a connection. */
export type PublishingConnection = Pick<Connection, "state" | "onState" | "confirmChannel" | "aside">;

/** Milliseconds. */
export interface PublisherTiming {
  /** How long the broker may take to answer the closing of a channel. */
  readonly answer: number;
  /** How long a sent message may stay without a confirm while the connection is up and not blocked. */
  readonly confirm: number;
  readonly backoff: BackoffLimits;
}

/** Why nothing goes out, and when it is tried again. */
export interface Obstacle {
  readonly fault: Fault;
  readonly retryAt: number;
}

export class PublishChannel {
  readonly #exchange: string;
  readonly #connection: PublishingConnection;
  readonly #timing: PublisherTiming;
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #backoff: Backoff;
  readonly #messages = new Unconfirmed();
  #channel: ConfirmChannel | undefined;
  #isOpening = false;
  #isFull = false;
  #isClosed = false;
  #hasConfirmed = false;
  #obstacle: Obstacle | undefined;
  #stopRetry: (() => void) | undefined;

  constructor(
    exchange: string,
    connection: PublishingConnection,
    timing: PublisherTiming,
    clock: Clock,
    changed: () => void,
  ) {
    this.#exchange = exchange;
    this.#connection = connection;
    this.#timing = timing;
    this.#clock = clock;
    this.#changed = changed;
    this.#backoff = new Backoff(timing.backoff);
  }

  /** Why nothing goes to this exchange although the connection is up. */
  get obstacle(): Obstacle | undefined {
    return this.#obstacle;
  }

  /** True once the channel is open, and until it is lost. */
  get isOpen(): boolean {
    return this.#channel !== undefined;
  }

  /** True while a confirm or the room for the next message can be expected any moment. */
  get isBusy(): boolean {
    const isConnected = this.#connection.state.phase === "connected";
    const { hasSent, hasUnsent } = this.#messages;
    return isConnected && (hasSent || (this.#channel !== undefined && hasUnsent));
  }

  /** Takes a message; its verdict comes through `conclude`. */
  take(waiting: Waiting): void {
    this.#messages.add(waiting);
    this.#pump();
  }

  /** The connection is up, and not blocked (any more). */
  connected(): void {
    // A blocked broker confirms nothing: the wait for a confirm starts again when it is unblocked.
    this.#messages.waitAnew(this.#clock.now());
    this.#pump();
  }

  /** The connection is gone, and every channel with it. */
  disconnected(): void {
    this.#dropChannel();
    this.#backoff.reset();
    this.#stopRetry?.();
    this.#stopRetry = undefined;
    this.#obstacle = undefined;
  }

  /** Concludes what has waited too long; to be called now and then. */
  giveUpLate(why: string): void {
    const now = this.#clock.now();
    this.#messages.giveUpLimited(now, why);
    if (this.#connection.state.phase === "connected") {
      this.#messages.giveUpSent(now, this.#timing.confirm, why);
    }
  }

  /** Concludes everything, and lets go of the channel without waiting for it. */
  close(): void {
    this.#isClosed = true;
    this.#stopRetry?.();
    this.#messages.close();
    const channel = this.#channel;
    this.#channel = undefined;
    if (channel !== undefined) {
      closeQuietly(channel, this.#timing.answer);
    }
  }

  /** Sends what can be sent now; called whenever something changed. */
  #pump(): void {
    const isHeld = this.#isClosed || this.#stopRetry !== undefined;
    if (isHeld || !this.#messages.hasUnsent || this.#connection.state.phase !== "connected") {
      return;
    }
    const channel = this.#channel;
    if (channel === undefined) {
      this.#open();
      return;
    }
    if (this.#isFull) {
      return;
    }
    for (const entry of this.#messages.unsent) {
      this.#send(channel, entry);
      if (this.#isFull || this.#channel !== channel) {
        return;
      }
    }
  }

  #send(channel: ConfirmChannel, entry: Entry): void {
    const { message, messageId } = entry;
    const options = { ...message.properties, messageId, mandatory: true, persistent: true };
    const confirmed = (error: unknown): void => {
      if (this.#channel === channel && this.#messages.awaiting(messageId) !== undefined) {
        this.#confirmed(entry, error);
      }
    };
    try {
      const room = channel.publish(this.#exchange, message.routingKey, message.content, options, confirmed);
      this.#isFull = !room;
    } catch (error) {
      if (error instanceof amqplib.IllegalOperationError) {
        // The channel has gone and not said so yet: nothing was written.
        this.#lost(channel, error);
      } else if (this.#channel === channel) {
        this.#messages.conclude(
          entry,
          refused("NOT_PUBLISHED", `amqplib refused it: ${faultOf(error).detail}`),
        );
      }
      return;
    }
    this.#messages.sent(entry, this.#clock.now());
  }

  #confirmed(entry: Entry, error: unknown): void {
    this.#hasConfirmed = true;
    if (this.#obstacle !== undefined) {
      // An exchange that may not be written to lets itself be looked at all the same: only a confirm shows more.
      this.#obstacle = undefined;
      this.#changed();
    }
    if (entry.returned !== undefined) {
      this.#messages.conclude(entry, refused("UNROUTABLE", entry.returned));
    } else if (error === null || error === undefined) {
      this.#backoff.reset();
      this.#messages.conclude(entry, { confirmed: true, messageId: entry.messageId });
    } else {
      this.#messages.conclude(entry, notTaken(entry, this.#exchange));
    }
  }

  #open(): void {
    if (this.#isOpening) {
      return;
    }
    this.#isOpening = true;
    this.#prepare().then(
      (channel) => {
        this.#isOpening = false;
        this.#adopt(channel);
      },
      (error) => {
        this.#isOpening = false;
        this.#wait(error);
      },
    );
  }

  /** Looks for the exchange aside first: what is sent to a missing one is gone. The default one is always there. */
  async #prepare(): Promise<ConfirmChannel> {
    if (this.#exchange !== "") {
      await this.#connection.aside((channel) => channel.checkExchange(this.#exchange));
    }
    return (await this.#connection.confirmChannel()).channel;
  }

  #adopt(channel: ConfirmChannel): void {
    if (this.#isClosed) {
      closeQuietly(channel, this.#timing.answer);
      return;
    }
    this.#channel = channel;
    this.#isFull = false;
    this.#hasConfirmed = false;
    if (this.#obstacle?.fault.code !== "forbidden" || !this.#messages.hasUnsent) {
      this.#obstacle = undefined;
    }
    let cause: unknown;
    channel.on("error", (error: unknown) => {
      cause = error;
    });
    // A return comes before the confirm of the same message, and the confirm then shows no error.
    channel.on("return", (message: Message) => {
      const entry = this.#messages.awaiting(String(message.properties.messageId));
      if (entry !== undefined) {
        entry.returned = `No queue is bound to exchange ${this.#exchange}: nobody would receive it.`;
      }
    });
    channel.on("drain", () => {
      this.#isFull = false;
      this.#pump();
    });
    // First of all: amqplib's own listener reports every unconfirmed message as failed.
    channel.prependListener("close", () => {
      this.#lost(channel, cause ?? new Error("Channel closed by the broker"));
    });
    this.#changed();
    this.#pump();
  }

  #lost(channel: ConfirmChannel, error: unknown): void {
    if (this.#channel !== channel) {
      return;
    }
    // What is concluded now makes room for more, and that must not open a channel before the pause.
    this.#stopRetry ??= () => undefined;
    this.#dropChannel(error);
    // A dying connection closes its channels first and says so itself a moment later.
    queueMicrotask(() => this.#wait(error));
  }

  #dropChannel(error?: unknown): void {
    this.#channel = undefined;
    this.#messages.takeBack(!this.#hasConfirmed && isRefusal(error));
  }

  #wait(error: unknown): void {
    this.#stopRetry?.();
    this.#stopRetry = undefined;
    if (this.#isClosed || this.#connection.state.phase !== "connected") {
      return;
    }
    const wait = this.#backoff.next();
    this.#obstacle = { fault: faultOf(error), retryAt: this.#clock.now() + wait };
    this.#stopRetry = this.#clock.after(wait, () => {
      this.#stopRetry = undefined;
      this.#pump();
    });
    this.#changed();
  }
}

function isRefusal(error: unknown): boolean {
  const { code } = faultOf(error);
  return code === "forbidden" || code === "exchange-missing";
}
