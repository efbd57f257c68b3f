/**
 * Remembers what was asked of REGARDS, so that an answer finds its request again and a missing one is noticed: in a
 * context store, hence over a restart exactly where the user's own contexts survive one. Enters: requests before they
 * are published, answers as they come in. Leaves: what a request was to be known by, and, once, that no answer came.
 * It is bounded, holds JSON and never a live object, and must never keep a request from going out.
 */
import { type Clock, clock as realClock } from "../amqp/clock";
import { ThrottledWarning } from "../amqp/throttled-warning";
import type { AskedRequest } from "./asked-request";
import { AskedStore, type ContextStore } from "./asked-store";
import { SetClock } from "./set-clock";

export type { AskedRequest } from "./asked-request";
export type { ContextStore } from "./asked-store";

/** What the log is told, and what is filled in. */
export type SayAsked = (key: "asked-store" | "asked-value", detail: string) => void;

/** The node that asked, while it runs. */
interface Asker {
  readonly tell: (asked: AskedRequest) => void;
  /** False while an answer could not reach it, and what it is told could not go on. */
  readonly canHear: () => boolean;
  /** When it last could not, on the clock that nobody sets. */
  deafAt: number;
}

const DAY_MS = 24 * 60 * 60 * 1_000;
/** Without a final answer. */
const KEPT_MS = 31 * DAY_MS;
/** After the final answer: others may still come, for answers are not always in order. */
const KEPT_AFTER_MS = DAY_MS;
/** Beyond this number the oldest are forgotten. */
const MOST = 10_000;
/** The longest JSON that is kept, in characters. */
const LONGEST = 65_536;
/** Answers that came during a stop, or while the broker was away, wait in a queue: they are read before one is missed. */
const READING_MS = 10_000;
const TICK_MS = 1_000;

interface Kept {
  asked: AskedRequest;
  readonly store: string | undefined;
  /** False while it waits to be published: nobody can have answered it. */
  isOut: boolean;
  isAnswered: boolean;
  /** An earlier process asked it: its times are of a clock that may have been right when this process's was not. */
  readonly isOfBefore: boolean;
  /** What was asked earlier under the same id, in case this is refused. */
  before: Kept | undefined;
}

export class AskedRequests {
  readonly #store: AskedStore;
  readonly #clock: Clock;
  readonly #today: () => number;
  readonly #setClock: SetClock;
  readonly #kept = new Map<string, Kept>();
  readonly #askers = new Map<string, Asker>();
  readonly #valueTrouble: ThrottledWarning;
  readonly #startedAt: number;
  #loading: Promise<void> | undefined;
  #trouble = "";
  #stopTick: (() => void) | undefined;

  /** @param today milliseconds since 1970 */
  constructor(context: ContextStore, say: SayAsked, clock = realClock, today = () => Date.now()) {
    this.#store = new AskedStore(context, (detail) => say("asked-store", detail), clock);
    this.#clock = clock;
    this.#today = today;
    this.#setClock = new SetClock(clock, today);
    this.#startedAt = clock.now();
    this.#valueTrouble = new ThrottledWarning(() => say("asked-value", this.#trouble));
  }

  /** Undefined once what an earlier process has left is known, or its store does not answer. */
  get loading(): Promise<void> | undefined {
    return this.#loading;
  }

  /** Reads what an earlier process has left in the given stores; no event is to be looked at before that. */
  load(stores: readonly (string | undefined)[]): Promise<void> {
    const reading = this.#store.readAll(stores, (asked, store) => {
      if (!this.#kept.has(asked.correlationId)) {
        const state = { isOut: true, isAnswered: false, isOfBefore: true, before: undefined };
        this.#kept.set(asked.correlationId, { asked, store, ...state });
        this.#tick();
      }
    });
    this.#loading = reading.then(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /** True where this very correlation id was asked with, and is remembered. */
  has(correlationId: string | undefined): boolean {
    return correlationId !== undefined && this.#kept.has(correlationId);
  }

  /**
   * To be called before the request is published: whoever is killed right afterwards still knows it.
   * @param value what it is to be known by; JSON
   * @param noAnswerAfter milliseconds, 0 for never
   */
  async remember(
    { correlationId, service, nodeId }: Pick<AskedRequest, "correlationId" | "service" | "nodeId">,
    value: unknown,
    noAnswerAfter: number,
    store: string | undefined,
  ): Promise<void> {
    const request = this.#written(value);
    if (request === undefined && noAnswerAfter === 0) {
      return;
    }
    this.#followClock();
    const askedAt = this.#today();
    const noAnswerAt = noAnswerAfter > 0 ? askedAt + noAnswerAfter : undefined;
    const forgetAt = Math.max(askedAt + KEPT_MS, (noAnswerAt ?? 0) + KEPT_AFTER_MS);
    const asked = { correlationId, service, nodeId, askedAt, request, noAnswerAt, forgetAt };
    const before = this.#kept.get(correlationId);
    this.#kept.delete(correlationId);
    const state = { isOut: false, isAnswered: false, isOfBefore: false, before };
    this.#kept.set(correlationId, { asked, store, ...state });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST && oldest !== undefined) {
      this.forget(oldest);
    }
    this.#tick();
    await this.#store.write(asked, store);
  }

  /** It is with the broker, or may be: its answer is waited for from now on. */
  sent(correlationId: string): void {
    const kept = this.#kept.get(correlationId);
    if (kept === undefined || kept.isOut) {
      return;
    }
    this.#followClock();
    kept.isOut = true;
    kept.before = undefined;
    const { askedAt, noAnswerAt } = kept.asked;
    const waited = this.#today() - askedAt;
    if (noAnswerAt !== undefined && waited >= TICK_MS) {
      void this.#change(kept, { noAnswerAt: noAnswerAt + waited });
    }
  }

  /** It was not published: what was asked earlier under its id counts again. */
  forget(correlationId: string): void {
    const kept = this.#kept.get(correlationId);
    if (kept?.before !== undefined) {
      this.#kept.set(correlationId, kept.before);
      void this.#store.write(kept.before.asked, kept.before.store);
    } else if (kept !== undefined && this.#kept.delete(correlationId)) {
      void this.#store.remove(correlationId, kept.store);
    }
  }

  /** An answer has come; returns what its request was to be known by, a new object each time. */
  answered(correlationId: string | undefined, isFinal: boolean): unknown {
    const kept = correlationId === undefined ? undefined : this.#kept.get(correlationId);
    if (kept === undefined) {
      return undefined;
    }
    const { asked } = kept;
    kept.isAnswered = true;
    const forgetAt = isFinal ? Math.min(asked.forgetAt, this.#today() + KEPT_AFTER_MS) : asked.forgetAt;
    if (asked.noAnswerAt !== undefined || forgetAt !== asked.forgetAt) {
      void this.#change(kept, { noAnswerAt: undefined, forgetAt });
    }
    return asked.request === undefined ? undefined : JSON.parse(asked.request);
  }

  /**
   * Calls back when no answer came to what this node asked; returns how to stop.
   * @param canHear false while its broker is away, or nodes are being exchanged: it is told afterwards, when what
   *   waits in the queues has been read
   */
  onNoAnswer(
    nodeId: string,
    tell: (asked: AskedRequest) => void,
    canHear: () => boolean = () => true,
  ): () => void {
    const asker = { tell, canHear, deafAt: this.#startedAt };
    this.#askers.set(nodeId, asker);
    return () => {
      if (this.#askers.get(nodeId) === asker) {
        this.#askers.delete(nodeId);
      }
    };
  }

  /** Looks once a second, while anything is remembered, for what is due. */
  #tick(): void {
    if (this.#kept.size > 0) {
      this.#stopTick ??= this.#clock.after(TICK_MS, () => {
        this.#stopTick = undefined;
        this.#lookAround();
        this.#tick();
      });
    }
  }

  #lookAround(): void {
    this.#followClock();
    for (const asker of this.#askers.values()) {
      asker.deafAt = asker.canHear() ? asker.deafAt : this.#clock.now();
    }
    const now = this.#today();
    for (const [correlationId, kept] of this.#kept) {
      const { noAnswerAt = Number.POSITIVE_INFINITY, forgetAt } = kept.asked;
      if (forgetAt <= now) {
        this.forget(correlationId);
      } else if (kept.isOut && noAnswerAt <= now && this.#hearing(kept) !== undefined) {
        void this.#sayNoAnswer(kept);
      }
    }
  }

  /** Who sets the time of day neither ends a wait early nor makes it longer. */
  #followClock(): void {
    const shift = this.#setClock.shift();
    if (shift === 0) {
      return;
    }
    for (const kept of this.#kept.values()) {
      const { askedAt, noAnswerAt, forgetAt } = kept.asked;
      if (!kept.isOfBefore) {
        const times = { askedAt: askedAt + shift, forgetAt: forgetAt + shift };
        kept.asked = { ...kept.asked, ...times };
        if (noAnswerAt !== undefined) {
          void this.#change(kept, { noAnswerAt: noAnswerAt + shift });
        }
      }
    }
  }

  /** The node that asked, where it runs and has had the time to get an answer. */
  #hearing({ asked }: Kept): Asker | undefined {
    const asker = this.#askers.get(asked.nodeId);
    const isHearing = asker?.canHear() && this.#clock.now() - asker.deafAt >= READING_MS;
    return isHearing ? asker : undefined;
  }

  /** That it is said is written first: whoever is killed right afterwards must not say it twice. */
  async #sayNoAnswer(kept: Kept): Promise<void> {
    const { noAnswerAt } = kept.asked;
    await this.#change(kept, { noAnswerAt: undefined });
    // The store may have taken its time.
    const asker = this.#hearing(kept);
    if (kept.isAnswered) {
      return;
    }
    if (asker === undefined) {
      await this.#change(kept, { noAnswerAt });
    } else {
      asker.tell(kept.asked);
    }
  }

  #change(kept: Kept, change: Partial<AskedRequest>): Promise<void> {
    kept.asked = { ...kept.asked, ...change };
    return this.#store.write(kept.asked, kept.store);
  }

  /** JSON, or undefined where there is nothing, or nothing that can be kept: the request goes out without. */
  #written(value: unknown): string | undefined {
    try {
      const written = JSON.stringify(value);
      if ((written?.length ?? 0) <= LONGEST) {
        return written;
      }
      this.#trouble = `${written.length} characters of JSON; ${LONGEST} can be kept`;
    } catch (error) {
      this.#trouble = error instanceof Error ? error.message : String(error);
    }
    this.#valueTrouble.happened(this.#clock.now());
    return undefined;
  }
}
