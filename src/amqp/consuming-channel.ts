/**
 * The channel a consumer reads by, and all that came by it. Enters: messages, verdicts on them. Leaves: `Delivery`
 * handles, and, when it is lost, what was open and what it was told last. It must never know when to read or which
 * queue comes next: the subscription does.
 */
import type { Channel, ConsumeMessage } from "amqplib";
import { closeQuietly, type OpenChannel } from "./connection";
import { withDeadline } from "./deadline";
import { Delivery } from "./delivery";
import { Settlements } from "./settlements";
import { type LastTold, lastTold, type Told } from "./told";

/** Who is told; all are called synchronously. */
export interface ConsumingEvents {
  delivered(delivery: Delivery): void;
  /** The broker has cancelled the consumer: its queue was deleted, or has moved. */
  cancelled(): void;
  /** What came is an entry of a stream. */
  isStream(): void;
  closed(cause: unknown): void;
  /** Something threw where nothing should. */
  surprised(error: unknown): void;
}

/** What the broker may give out again, and what it may not have heard. */
export interface Uncertain {
  readonly deliveries: readonly Delivery[];
  readonly told: readonly Told[];
}

/**
 * The broker is told of half a prefetch together, so that it refills that half while the other is worked on;
 * more than this many together saves nothing any more.
 */
const MOST_TOGETHER = 100;

export class ConsumingChannel {
  readonly channel: Channel;
  readonly #generation: number;
  readonly #events: ConsumingEvents;
  readonly #settlements: Settlements;
  readonly #open = new Map<number, Delivery>();
  readonly #told: LastTold;
  #consumerTag: string | undefined;
  #isDropped = false;

  /** @param mostMissing how many of the last verdicts can be missing after a loss */
  constructor(
    { channel, generation }: OpenChannel,
    prefetch: number,
    mostMissing: number,
    events: ConsumingEvents,
  ) {
    this.channel = channel;
    this.#generation = generation;
    this.#events = events;
    this.#settlements = new Settlements(channel, Math.min(MOST_TOGETHER, prefetch / 2));
    this.#told = lastTold(mostMissing);
    let cause: unknown;
    channel.on("error", (error: unknown) => {
      cause = error;
    });
    channel.on("handler-error", (error: unknown) => events.surprised(error));
    channel.on("close", () => {
      if (!this.#isDropped) {
        events.closed(cause ?? new Error("Channel closed by the broker"));
      }
    });
  }

  /** Starts to read a queue; returns the consumer's tag, which `keep` takes if it is still wanted. */
  async consume(queue: string): Promise<string> {
    const { consumerTag } = await this.channel.consume(queue, (message) => this.#receive(message));
    return consumerTag;
  }

  /** This consumer is the one in use. */
  keep(consumerTag: string): void {
    this.#consumerTag = consumerTag;
  }

  /** Cancels the consumer in use; what came by it can still be settled. */
  async cancel(limit: number): Promise<void> {
    const consumerTag = this.#consumerTag;
    this.#consumerTag = undefined;
    if (consumerTag !== undefined) {
      await this.discard(consumerTag, limit);
    }
  }

  /** Cancels a consumer that nobody wants any more. */
  async discard(consumerTag: string, limit: number): Promise<void> {
    await quietly(() => this.channel.cancel(consumerTag), limit, "cancelling the consumer");
  }

  /** Everything that is open still, and what the broker was told last, which is not told again. */
  uncertain(): Uncertain {
    return { deliveries: [...this.#open.values()], told: this.#told.take() };
  }

  /** Lets go of it, whatever state it is in. */
  drop(limit: number): Uncertain {
    this.#isDropped = true;
    this.#settlements.flush();
    this.#settlements.close();
    closeQuietly(this.channel, limit);
    const uncertain = this.uncertain();
    for (const delivery of uncertain.deliveries) {
      delivery.lose();
    }
    return uncertain;
  }

  /**
   * Gives back what is open, and closes.
   * @returns verdicts the broker may not have heard: none where it has closed the channel in order
   */
  async close(limit: number): Promise<readonly Told[]> {
    this.#isDropped = true;
    for (const delivery of this.#open.values()) {
      delivery.settle("return");
    }
    this.#settlements.flush();
    this.#settlements.close();
    const isInOrder = await quietly(() => this.channel.close(), limit, "closing the channel");
    return isInOrder ? [] : this.#told.take();
  }

  #receive(message: ConsumeMessage | null): void {
    if (this.#isDropped) {
      return;
    }
    if (message === null) {
      this.#consumerTag = undefined;
      this.#events.cancelled();
      return;
    }
    if (message.properties.headers?.["x-stream-offset"] !== undefined) {
      this.#events.isStream();
      return;
    }
    const delivery = new Delivery(message, this.#generation, {
      settle: (settled, verdict) => {
        this.#open.delete(settled.tag);
        this.#settlements.settle(settled.tag, verdict);
        if (verdict !== "return") {
          this.#told.add(settled);
        }
      },
    });
    this.#open.set(delivery.tag, delivery);
    this.#settlements.opened(delivery.tag);
    this.#events.delivered(delivery);
  }
}

/** @returns whether it was done; otherwise the channel is gone already or soon, which is what was wanted */
async function quietly(work: () => PromiseLike<unknown>, limit: number, what: string): Promise<boolean> {
  try {
    await withDeadline(Promise.resolve(work()), limit, what);
    return true;
  } catch {
    return false;
  }
}
