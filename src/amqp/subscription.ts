/**
 * Keeps one consumer alive on one queue: waits for a missing queue, subscribes again after a cancel,
 * rebuilds a lost channel alone while its neighbours on the same connection notice nothing, and sees to it
 * that the binding is still there. Enters: deliveries from the broker. Leaves: `Delivery` handles, states.
 * It knows neither REGARDS nor what happens to a delivery.
 */
import { Backoff } from "./backoff";
import { now } from "./clock";
import { type Connection, closeQuietly, type OpenChannel } from "./connection";
import { ConsumingChannel, type Uncertain } from "./consuming-channel";
import { withDeadline } from "./deadline";
import { faultOf } from "./fault";
import { ReadQueue } from "./read-queue";
import type {
  SubscriptionEvents,
  SubscriptionOptions,
  SubscriptionState,
  SubscriptionTiming,
} from "./subscription-events";
import { mostMissing } from "./told";

export type { Finding } from "./read-queue";
export type { SubscriptionEvents, SubscriptionOptions, SubscriptionState } from "./subscription-events";

const TIMING: SubscriptionTiming = {
  answer: 10_000,
  backoff: { first: 1_000, longest: 10_000 },
  upkeep: 10_000,
};

export class Subscription {
  readonly #connection: Connection;
  readonly #options: SubscriptionOptions;
  readonly #timing: SubscriptionTiming;
  readonly #events: SubscriptionEvents;
  readonly #backoff: Backoff;
  readonly #queue: ReadQueue;
  #state: SubscriptionState = { phase: "idle" };
  /** In use while the connection is up, with or without a consumer on it. */
  #channel: ConsumingChannel | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopListening: (() => void) | undefined;
  /** Counts attempts; whatever belongs to an older one is out of date. */
  #attempt = 0;
  #paused = false;
  #stopped = false;

  constructor(connection: Connection, options: SubscriptionOptions, events: SubscriptionEvents) {
    this.#connection = connection;
    this.#options = options;
    this.#timing = { ...TIMING, ...options.timing };
    this.#events = events;
    this.#backoff = new Backoff(this.#timing.backoff);
    this.#queue = new ReadQueue(
      options.queue,
      (work) => connection.aside(work, "the queue's answer"),
      (finding) => events.found(finding),
    );
  }

  get state(): SubscriptionState {
    return this.#state;
  }

  /** The queue's name at the broker; a temporary one has a new name at each declaration. */
  get queueName(): string {
    return this.#queue.name;
  }

  /** Consumes whenever the connection is up, until stopped. */
  start(): void {
    this.#stopListening = this.#connection.onState((state) => {
      if (state.phase === "connected" && this.#channel === undefined && this.#state.phase === "idle") {
        this.#begin();
      } else if (state.phase === "reconnecting" || state.phase === "closing") {
        this.#attempt += 1;
        clearTimeout(this.#timer);
        this.#drop();
        this.#backoff.reset();
        this.#change({ phase: "idle" });
      }
    });
    if (this.#connection.isUp) {
      this.#begin();
    }
  }

  /** Takes no more deliveries until `resume()`, so that other readers get them. */
  async pause(): Promise<void> {
    this.#paused = true;
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.#change({ phase: "paused" });
    await this.#channel?.cancel(this.#timing.answer);
  }

  resume(): void {
    this.#paused = false;
    if (!this.#stopped && this.#connection.isUp) {
      this.#begin();
    } else {
      this.#change({ phase: "idle" });
    }
  }

  /** Takes no more deliveries; those at hand can still be settled. */
  async cancel(limit: number = this.#timing.answer): Promise<void> {
    this.#stopped = true;
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.#stopListening?.();
    await this.#channel?.cancel(limit);
  }

  /** Cancels, gives back what is still open, and closes the channel. */
  async close(limit: number): Promise<void> {
    if (!this.#stopped) {
      await this.cancel(limit);
    }
    const channel = this.#channel;
    this.#channel = undefined;
    const told = (await channel?.close(limit)) ?? [];
    if (told.length > 0) {
      this.#events.lost([], told);
    }
  }

  #begin(): void {
    if (this.#paused) {
      this.#change({ phase: "paused" });
      return;
    }
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.#change({ phase: "preparing" });
    this.#subscribe(attempt).then(
      () => this.#bind(attempt),
      (error) => {
        if (attempt === this.#attempt) {
          this.#waitAndBegin(error);
        }
      },
    );
  }

  async #subscribe(attempt: number): Promise<void> {
    await this.#queue.prepare();
    // A cancelled consumer's channel is still good, and so are the verdicts on what came by it.
    let channel = attempt === this.#attempt ? this.#channel : undefined;
    if (channel === undefined) {
      const opened = await this.#connection.channel();
      if (attempt !== this.#attempt) {
        closeQuietly(opened.channel, this.#timing.answer);
        return;
      }
      channel = this.#adopt(opened);
      await this.#answeredOn(
        channel,
        opened.channel.prefetch(this.#options.prefetch),
        "setting the prefetch",
      );
    }
    await this.#answered(this.#queue.prepareOn(channel.channel), "declaring the queue");
    const consumerTag = await this.#answeredOn(channel, channel.consume(this.queueName), "subscribing");
    if (attempt === this.#attempt) {
      channel.keep(consumerTag);
    } else if (this.#channel === channel) {
      // Paused or stopped meanwhile.
      await channel.discard(consumerTag, this.#timing.answer);
    }
  }

  /**
   * A channel that does not answer is of no more use: what the next attempt does would come on top of an answer
   * that comes late, and make a second consumer of it.
   */
  async #answeredOn<T>(channel: ConsumingChannel, promise: PromiseLike<T>, what: string): Promise<T> {
    try {
      return await this.#answered(promise, what);
    } catch (error) {
      if (this.#channel === channel) {
        this.#drop();
      }
      throw error;
    }
  }

  #answered<T>(promise: PromiseLike<T>, what: string): Promise<T> {
    return withDeadline(Promise.resolve(promise), this.#timing.answer, what);
  }

  #adopt(opened: OpenChannel): ConsumingChannel {
    this.#drop();
    const { prefetch } = this.#options;
    const channel = new ConsumingChannel(opened, prefetch, mostMissing(prefetch, this.#queue.isQuorum), {
      delivered: (delivery) => this.#events.delivered(delivery),
      cancelled: () => this.#cancelled(channel.uncertain()),
      isStream: () => this.#refuseStream(),
      closed: (cause) => {
        this.#drop();
        this.#resumeUnlessDisconnected(cause);
      },
      surprised: (error) => this.#events.surprised(error),
    });
    this.#channel = channel;
    return channel;
  }

  /** A dying connection closes its channels first and says so itself a moment later. */
  #resumeUnlessDisconnected(cause: unknown): void {
    const attempt = this.#attempt;
    queueMicrotask(() => {
      if (attempt === this.#attempt && !this.#stopped && !this.#paused) {
        this.#waitAndBegin(cause);
      }
    });
  }

  /** The queue was deleted, or moved to another member of the cluster: only there do they come again. */
  #cancelled({ deliveries, told }: Uncertain): void {
    this.#events.lost(deliveries, told);
    if (!this.#stopped && !this.#paused) {
      this.#waitAndBegin(new CancelledError(this.queueName));
    }
  }

  /** Only its deliveries tell a stream; nothing can be given back to one, so it is read no further. */
  #refuseStream(): void {
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.#drop();
    const detail = `queue '${this.queueName}' is a stream`;
    this.#change({ phase: "waiting", fault: { code: "stream", detail }, retryAt: Number.POSITIVE_INFINITY });
  }

  /** Nothing reaches us through a binding that is gone, and no one says so: hence the upkeep. */
  async #bind(attempt: number): Promise<void> {
    if (attempt !== this.#attempt) {
      return;
    }
    const isNew = this.#state.phase === "preparing";
    const fault = await this.#queue.maintain(isNew).then(() => undefined, faultOf);
    if (attempt !== this.#attempt) {
      return;
    }
    let again = this.#timing.upkeep;
    if (fault !== undefined) {
      this.#queue.lookSoon();
    }
    // An existing queue is read all the same, though nobody could look at it just now.
    if (fault === undefined || this.#options.queue.mode === "existing") {
      this.#consuming();
    } else {
      again = this.#backoff.next();
      this.#change({ phase: "unbound", fault, retryAt: now() + again });
    }
    // Whoever was told may have paused or stopped it.
    if (attempt === this.#attempt) {
      this.#timer = setTimeout(() => void this.#bind(attempt), again);
      this.#timer.unref();
    }
  }

  #consuming(): void {
    this.#backoff.reset();
    if (this.#state.phase !== "consuming") {
      this.#change({ phase: "consuming" });
    }
  }

  #waitAndBegin(error: unknown): void {
    this.#attempt += 1;
    clearTimeout(this.#timer);
    if (!this.#connection.isUp) {
      this.#drop();
      this.#change({ phase: "idle" });
      return;
    }
    const wait = this.#backoff.next();
    this.#change({ phase: "waiting", fault: faultOf(error), retryAt: now() + wait });
    this.#timer = setTimeout(() => this.#begin(), wait);
  }

  #drop(): void {
    const channel = this.#channel;
    this.#channel = undefined;
    if (channel !== undefined) {
      const { deliveries, told } = channel.drop(this.#timing.answer);
      this.#events.lost(deliveries, told);
    }
  }

  #change(state: SubscriptionState): void {
    this.#state = state;
    this.#events.changed(state);
  }
}

/** The broker cancelled the consumer: the queue was deleted, or moved to another member of the cluster. */
class CancelledError extends Error {
  constructor(queue: string) {
    super(`The broker cancelled the consumer of queue '${queue}'`);
  }
}
