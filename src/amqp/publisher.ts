/**
 * Publishes with a verdict for each message: confirmed, or refused with the reason. While the broker is
 * away messages wait in a bounded outbox. Enters: messages, one or many at once. Leaves: one verdict a
 * message, and what stands in the way. It knows nothing of REGARDS.
 */
import { randomUUID } from "node:crypto";
import { type Clock, clock as realClock } from "./clock";
import { withDeadline } from "./deadline";
import type { Fault } from "./fault";
import { type Outgoing, type PublishResult, refused } from "./outgoing";
import { PublishChannel, type PublisherTiming, type PublishingConnection } from "./publish-channel";

export type { Outgoing, PublishResult, RefusalCode } from "./outgoing";
export type { PublisherTiming, PublishingConnection } from "./publish-channel";

/** What the publisher is doing; `waiting` and `blocked` say what stands in the way. */
export type PublisherState =
  | { readonly phase: "idle" }
  | { readonly phase: "ready" }
  | { readonly phase: "blocked"; readonly reason: string }
  | { readonly phase: "waiting"; readonly fault: Fault; readonly retryAt: number };

const TIMING: PublisherTiming = {
  answer: 10_000,
  confirm: 30_000,
  backoff: { first: 1_000, longest: 10_000 },
};

/** Messages taken together, of which some may not have found room in the outbox yet. */
interface Batch {
  readonly messages: readonly Outgoing[];
  readonly conclude: (index: number, result: PublishResult) => void;
  next: number;
}

export class Publisher {
  readonly #connection: PublishingConnection;
  readonly #limit: number;
  readonly #timing: PublisherTiming;
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #channels = new Map<string, PublishChannel>();
  readonly #batches = new Set<Batch>();
  readonly #stopListening: () => void;
  #waiting = 0;
  #isFeeding = false;
  #isClosed = false;
  #stopWatch: (() => void) | undefined;
  #drained: (() => void) | undefined;

  /** @param limit how many messages may wait for their verdict */
  constructor(
    connection: PublishingConnection,
    limit: number,
    changed: () => void,
    timing: Partial<PublisherTiming> = {},
    clock: Clock = realClock,
  ) {
    this.#connection = connection;
    this.#limit = limit;
    this.#timing = { ...TIMING, ...timing };
    this.#clock = clock;
    this.#changed = changed;
    this.#stopListening = connection.onState(({ phase }) => {
      for (const channel of this.#channels.values()) {
        if (phase === "connected") {
          channel.connected();
        } else if (phase === "reconnecting" || phase === "closing") {
          channel.disconnected();
        }
      }
      this.#tell();
    });
  }

  /** What it is doing, the connection's troubles included. */
  get state(): PublisherState {
    const link = this.#connection.state;
    switch (link.phase) {
      case "blocked":
        return link;
      case "reconnecting":
        return { phase: "waiting", fault: link.fault, retryAt: link.retryAt };
      case "connected": {
        const channels = [...this.#channels.values()];
        const obstacle = channels.find((channel) => channel.obstacle !== undefined)?.obstacle;
        if (obstacle !== undefined) {
          return { phase: "waiting", ...obstacle };
        }
        return { phase: channels.some(({ isOpen }) => isOpen) ? "ready" : "idle" };
      }
      default:
        return { phase: "idle" };
    }
  }

  /** Messages in the outbox, without a verdict yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Takes a message; the promise never rejects. */
  async publish(message: Outgoing): Promise<PublishResult> {
    const [result] = await this.publishAll([message]);
    return result ?? refused("NOT_PUBLISHED", "There was nothing to publish.");
  }

  /**
   * Takes messages that belong together, all of them or none: they enter the outbox as room comes, in order.
   * @param insist takes them even when the outbox is full: they were taken before
   */
  publishAll(messages: readonly Outgoing[], insist = false): Promise<readonly PublishResult[]> {
    if (this.#isClosed) {
      const closed = refused("CLOSED", "The node is closing; nothing was published.");
      return Promise.resolve(messages.map(() => closed));
    }
    if (this.#waiting >= this.#limit && !insist) {
      const cause = `${this.#waiting} messages wait for the broker already; nothing was published.`;
      return Promise.resolve(messages.map(() => refused("OUTBOX_FULL", cause)));
    }
    if (messages.length === 0) {
      return Promise.resolve([]);
    }
    return new Promise((resolve) => {
      const results: PublishResult[] = [];
      let open = messages.length;
      const conclude = (index: number, result: PublishResult): void => {
        results[index] = result;
        open -= 1;
        if (open === 0) {
          resolve(results);
        }
      };
      this.#batches.add({ messages, conclude, next: 0 });
      this.#feed();
    });
  }

  /**
   * Waits a little for the confirms that can still come, concludes the rest as CLOSED, and lets go.
   * @returns how many had no verdict
   */
  async close(grace: number): Promise<number> {
    this.#isClosed = true;
    this.#concludeUnfed();
    if (this.#isBusy) {
      const drained = new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
      await withDeadline(drained, grace, "publishing the outbox").catch(() => undefined);
    }
    const left = this.#waiting;
    this.#stopListening();
    this.#stopWatch?.();
    for (const channel of this.#channels.values()) {
      channel.close();
    }
    return left;
  }

  get #isBusy(): boolean {
    return [...this.#channels.values()].some(({ isBusy }) => isBusy);
  }

  /** Fills the outbox from the batches, the oldest first. */
  #feed(): void {
    if (this.#isFeeding) {
      return;
    }
    this.#isFeeding = true;
    for (const batch of this.#batches) {
      while (batch.next < batch.messages.length && this.#waiting < this.#limit) {
        this.#take(batch, batch.next++);
      }
      if (batch.next < batch.messages.length) {
        break;
      }
      this.#batches.delete(batch);
    }
    this.#isFeeding = false;
    this.#tell();
  }

  #take({ messages, conclude }: Batch, index: number): void {
    const message = messages[index];
    if (message === undefined) {
      return;
    }
    this.#waiting += 1;
    this.#channelTo(message.exchange).take({
      message,
      messageId: message.messageId ?? randomUUID(),
      since: this.#clock.now(),
      conclude: (result) => {
        this.#waiting -= 1;
        conclude(index, result);
        this.#feed();
      },
    });
    this.#watch();
  }

  #channelTo(exchange: string): PublishChannel {
    let channel = this.#channels.get(exchange);
    if (channel === undefined) {
      channel = new PublishChannel(exchange, this.#connection, this.#timing, this.#clock, () => this.#tell());
      this.#channels.set(exchange, channel);
    }
    return channel;
  }

  #concludeUnfed(): void {
    const closed = refused("CLOSED", "The node was closed before this one was its turn; it was not sent.");
    for (const batch of this.#batches) {
      this.#batches.delete(batch);
      while (batch.next < batch.messages.length) {
        batch.conclude(batch.next++, closed);
      }
    }
  }

  /** Looks for what waits too long as long as anything waits. */
  #watch(): void {
    this.#stopWatch ??= this.#clock.after(Math.min(1_000, this.#timing.confirm / 2), () => {
      this.#stopWatch = undefined;
      const { state } = this;
      const why =
        state.phase === "waiting" ? state.fault.detail : state.phase === "blocked" ? state.reason : "";
      for (const channel of this.#channels.values()) {
        channel.giveUpLate(why);
      }
      if (this.#waiting > 0 && !this.#isClosed) {
        this.#watch();
      }
    });
  }

  #tell(): void {
    if (this.#drained !== undefined && !this.#isBusy) {
      this.#drained();
    }
    if (!this.#isClosed) {
      this.#changed();
    }
  }
}
