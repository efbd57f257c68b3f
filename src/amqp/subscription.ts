/**
 * Keeps one consumer alive on one queue: waits for a missing queue, subscribes again after a cancel,
 * rebuilds a lost channel alone while its neighbours on the same connection notice nothing, and sees to it
 * that the binding is still there. Enters: deliveries from the broker. Leaves: `Delivery` handles, states.
 */
import type { Channel, ConsumeMessage } from "amqplib";
import { Backoff, type BackoffLimits } from "./backoff";
import { type Connection, closeQuietly, type OpenChannel } from "./connection";
import { withDeadline } from "./deadline";
import { Delivery } from "./delivery";
import { type Fault, faultOf } from "./fault";
import { bindQueue, prepareQueue, type QueuePlan } from "./queue";
import { Settlements } from "./settlements";

/** What a subscription is doing; `waiting` says for what, and when it tries again. */
export type SubscriptionState =
  | { readonly phase: "idle" }
  | { readonly phase: "preparing" }
  | { readonly phase: "consuming" }
  /** Consuming what is there, but the binding to the exchange is missing. */
  | { readonly phase: "unbound"; readonly fault: Fault; readonly retryAt: number }
  | { readonly phase: "waiting"; readonly fault: Fault; readonly retryAt: number };

/** Milliseconds. */
export interface SubscriptionTiming {
  readonly answer: number;
  readonly backoff: BackoffLimits;
  /** How often the binding is looked after: an exchange can be deleted without a word to its consumers. */
  readonly upkeep: number;
}

export interface SubscriptionOptions {
  readonly queue: QueuePlan;
  /** How many deliveries may be unsettled at once; 1…65535. */
  readonly prefetch: number;
  readonly timing?: Partial<SubscriptionTiming>;
}

/** Who is told; all are called synchronously and must not throw. */
export interface SubscriptionEvents {
  delivered(delivery: Delivery): void;
  /** The channel is gone: the broker has all of these again. */
  lost(deliveries: readonly Delivery[]): void;
  changed(state: SubscriptionState): void;
}

const TIMING: SubscriptionTiming = {
  answer: 10_000,
  backoff: { first: 1_000, longest: 10_000 },
  upkeep: 10_000,
};

/** The binding is looked after every time; the rest, which is only needed to give events up, is dearer. */
const DECLARE_EVERY = 6;

/**
 * The broker is told of half a prefetch together, so that it refills that half while the other is worked on;
 * more than this many together saves nothing any more.
 */
const MOST_TOGETHER = 100;

/** The channel in use and what came by it. */
interface Session {
  readonly channel: Channel;
  readonly generation: number;
  readonly settlements: Settlements;
  readonly open: Map<number, Delivery>;
  consumerTag: string | undefined;
}

export class Subscription {
  readonly #connection: Connection;
  readonly #options: SubscriptionOptions;
  readonly #timing: SubscriptionTiming;
  readonly #events: SubscriptionEvents;
  readonly #backoff: Backoff;
  #state: SubscriptionState = { phase: "idle" };
  #session: Session | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopListening: (() => void) | undefined;
  /** Counts attempts; whatever belongs to an older one is out of date. */
  #attempt = 0;
  #looks = 0;
  #stopped = false;

  constructor(connection: Connection, options: SubscriptionOptions, events: SubscriptionEvents) {
    this.#connection = connection;
    this.#options = options;
    this.#timing = { ...TIMING, ...options.timing };
    this.#events = events;
    this.#backoff = new Backoff(this.#timing.backoff);
  }

  get state(): SubscriptionState {
    return this.#state;
  }

  /** Consumes whenever the connection is up, until stopped. */
  start(): void {
    this.#stopListening = this.#connection.onState((state) => {
      if (state.phase === "connected" && this.#session === undefined && this.#state.phase === "idle") {
        this.#begin();
      } else if (state.phase === "reconnecting") {
        this.#attempt += 1;
        clearTimeout(this.#timer);
        this.#dropSession();
        this.#backoff.reset();
        this.#change({ phase: "idle" });
      }
    });
    if (this.#connection.isUp) {
      this.#begin();
    }
  }

  /** Takes no more deliveries; those at hand can still be settled. */
  async cancel(limit: number = this.#timing.answer): Promise<void> {
    this.#stopped = true;
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.#stopListening?.();
    const { channel, consumerTag } = this.#session ?? {};
    if (channel !== undefined && consumerTag !== undefined) {
      await attempt(() => channel.cancel(consumerTag), limit, "cancelling the consumer");
    }
  }

  /** Cancels, gives back what is still open, and closes the channel. */
  async close(limit: number): Promise<void> {
    if (!this.#stopped) {
      await this.cancel(limit);
    }
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined) {
      return;
    }
    for (const delivery of session.open.values()) {
      delivery.settle("return");
    }
    session.settlements.flush();
    session.settlements.close();
    await attempt(() => session.channel.close(), limit, "closing the channel");
  }

  #begin(): void {
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
    const { queue, prefetch } = this.#options;
    if (queue.mode !== "temporary") {
      await this.#connection.aside((channel) => prepareQueue(channel, queue), "the queue's answer");
    }
    const opened = await this.#connection.channel();
    if (attempt !== this.#attempt) {
      closeQuietly(opened.channel, this.#timing.answer);
      return;
    }
    const session = this.#adopt(opened);
    const { channel } = opened;
    await this.#answered(channel.prefetch(prefetch), "setting the prefetch");
    if (queue.mode === "temporary") {
      await this.#answered(prepareQueue(channel, queue), "declaring the queue");
    }
    const consuming = channel.consume(queue.name, (message) => this.#receive(session, message));
    session.consumerTag = (await this.#answered(consuming, "subscribing")).consumerTag;
  }

  #answered<T>(promise: PromiseLike<T>, what: string): Promise<T> {
    return withDeadline(Promise.resolve(promise), this.#timing.answer, what);
  }

  #adopt({ channel, generation }: OpenChannel): Session {
    this.#dropSession();
    const settlements = new Settlements(channel, Math.min(MOST_TOGETHER, this.#options.prefetch / 2));
    const session: Session = { channel, generation, settlements, open: new Map(), consumerTag: undefined };
    this.#session = session;
    let cause: unknown;
    channel.on("error", (error: unknown) => {
      cause = error;
    });
    channel.on("close", () => {
      if (this.#session === session) {
        this.#dropSession();
        this.#resumeUnlessDisconnected(cause ?? new Error("Channel closed by the broker"));
      }
    });
    return session;
  }

  /** A dying connection closes its channels first and says so itself a moment later. */
  #resumeUnlessDisconnected(cause: unknown): void {
    const attempt = this.#attempt;
    queueMicrotask(() => {
      if (attempt === this.#attempt && !this.#stopped) {
        this.#waitAndBegin(cause);
      }
    });
  }

  #receive(session: Session, message: ConsumeMessage | null): void {
    if (this.#session !== session) {
      return;
    }
    if (message === null) {
      session.consumerTag = undefined;
      this.#waitAndBegin(new CancelledError(this.#options.queue.name));
      return;
    }
    const delivery = new Delivery(message, session.generation, {
      settle: (tag, verdict) => {
        session.open.delete(tag);
        session.settlements.settle(tag, verdict);
      },
    });
    session.open.set(delivery.tag, delivery);
    this.#events.delivered(delivery);
  }

  /** Nothing reached us through a binding that is gone, and no one says so: hence the upkeep. */
  async #bind(attempt: number): Promise<void> {
    const { queue } = this.#options;
    if (attempt !== this.#attempt) {
      return;
    }
    if (queue.mode === "existing") {
      this.#consuming();
      return;
    }
    let again: number = this.#timing.upkeep;
    const { phase } = this.#state;
    const isDue = phase === "consuming" ? ++this.#looks % DECLARE_EVERY === 0 : phase !== "preparing";
    try {
      await this.#connection.aside(async (channel) => {
        if (queue.mode === "own" && isDue) {
          await prepareQueue(channel, queue);
        }
        await bindQueue(channel, queue);
      }, "the queue's answer");
      if (attempt === this.#attempt) {
        this.#consuming();
      }
    } catch (error) {
      if (attempt === this.#attempt) {
        again = this.#backoff.next();
        this.#change({ phase: "unbound", fault: faultOf(error), retryAt: Date.now() + again });
      }
    }
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
      this.#dropSession();
      this.#change({ phase: "idle" });
      return;
    }
    const wait = this.#backoff.next();
    this.#change({ phase: "waiting", fault: faultOf(error), retryAt: Date.now() + wait });
    this.#timer = setTimeout(() => this.#begin(), wait);
  }

  #dropSession(): void {
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined) {
      return;
    }
    session.settlements.flush();
    session.settlements.close();
    closeQuietly(session.channel, this.#timing.answer);
    const deliveries = [...session.open.values()];
    for (const delivery of deliveries) {
      delivery.lose();
    }
    if (deliveries.length > 0) {
      this.#events.lost(deliveries);
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

async function attempt(work: () => PromiseLike<unknown>, limit: number, what: string): Promise<void> {
  try {
    await withDeadline(Promise.resolve(work()), limit, what);
  } catch {
    // The channel is gone already, which is what was wanted.
  }
}
