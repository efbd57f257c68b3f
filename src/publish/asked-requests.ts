/**
 * Remembers what was asked of REGARDS, so that an answer finds its request again and a missing one is noticed: in a
 * context store, hence over a restart exactly where the user's own contexts survive one. Enters: requests before they
 * are published, answers as they come in. Leaves: what a request was to be known by, and, once, that no answer came.
 * It is bounded, holds JSON and never a live object, and must never keep a request from going out.
 */
import { type Clock, clock as realClock } from "../amqp/clock";
import { withDeadline } from "../amqp/deadline";
import { ThrottledWarning } from "../amqp/throttled-warning";

/** One Node-RED context, in any of its stores; undefined names the default one. */
export interface ContextStore {
  get(key: string, store: string | undefined): Promise<unknown>;
  /** Undefined removes it. */
  set(key: string, value: unknown, store: string | undefined): Promise<void>;
  keys(store: string | undefined): Promise<readonly string[]>;
}

/** A request that was asked; times in milliseconds since 1970, for they must hold over a restart. */
export interface AskedRequest {
  readonly correlationId: string;
  readonly service: string;
  /** The id of the node that asked. */
  readonly nodeId: string;
  readonly askedAt: number;
  /** What it is to be known by, as JSON; undefined where only the answer is waited for. */
  readonly request?: string | undefined;
  /** When to say that no answer came; undefined once one has come, or it was said. */
  readonly noAnswerAt?: number | undefined;
  readonly forgetAt: number;
}

/** What the log is told, and what is filled in. */
export type SayAsked = (key: "asked-store" | "asked-value", detail: string) => void;

const DAY_MS = 24 * 60 * 60 * 1_000;
/** Without a final answer. */
const KEPT_MS = 31 * DAY_MS;
/** After the final answer: others may still come, for answers are not always in order. */
const KEPT_AFTER_MS = DAY_MS;
/** Beyond this number the oldest are forgotten. */
const MOST = 10_000;
/** The longest JSON that is kept, in characters. */
const LONGEST = 65_536;
/** Answers that came during a stop wait in a queue: they are read before anything is missed. */
const AFTER_START_MS = 10_000;
const TICK_MS = 1_000;
/** A store that has not answered by then is done without. */
const LOAD_MS = 5_000;

const PREFIX = "regards_request_";
/** A correlation id may hold what means something in the path of a context key. */
const keyOf = (correlationId: string): string => `${PREFIX}${Buffer.from(correlationId).toString("hex")}`;

interface Kept {
  asked: AskedRequest;
  readonly store: string | undefined;
  /** False while it waits to be published: nobody can have answered it. */
  isOut: boolean;
  /** What was asked earlier under the same id, in case this is refused. */
  before: Kept | undefined;
}

export class AskedRequests {
  readonly #context: ContextStore;
  readonly #clock: Clock;
  readonly #today: () => number;
  readonly #kept = new Map<string, Kept>();
  readonly #listeners = new Map<string, (asked: AskedRequest) => void>();
  readonly #storeTrouble: ThrottledWarning;
  readonly #valueTrouble: ThrottledWarning;
  readonly #startedAt: number;
  #loading: Promise<void> | undefined;
  #trouble = "";
  #stopTick: (() => void) | undefined;

  /** @param today milliseconds since 1970 */
  constructor(context: ContextStore, say: SayAsked, clock = realClock, today = () => Date.now()) {
    this.#context = context;
    this.#clock = clock;
    this.#today = today;
    this.#startedAt = today();
    this.#storeTrouble = new ThrottledWarning(() => say("asked-store", this.#trouble));
    this.#valueTrouble = new ThrottledWarning(() => say("asked-value", this.#trouble));
  }

  /** Undefined once what an earlier process has left is known, or its store does not answer. */
  get loading(): Promise<void> | undefined {
    return this.#loading;
  }

  /** Reads what an earlier process has left in the given stores; no event is to be looked at before that. */
  load(stores: readonly (string | undefined)[]): Promise<void> {
    this.#loading = withDeadline(this.#load(stores), LOAD_MS, "the context store").catch(this.#storeFailed);
    return this.#loading.then(() => {
      this.#loading = undefined;
    });
  }

  async #load(stores: readonly (string | undefined)[]): Promise<void> {
    for (const store of stores) {
      try {
        const keys = (await this.#context.keys(store)).filter((key) => key.startsWith(PREFIX));
        for (const key of keys) {
          const asked = readAsked(await this.#context.get(key, store));
          if (asked !== undefined && !this.#kept.has(asked.correlationId)) {
            this.#kept.set(asked.correlationId, { asked, store, isOut: true, before: undefined });
          }
        }
      } catch (error) {
        this.#storeFailed(error);
      }
    }
    this.#tick();
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
    const askedAt = this.#today();
    const noAnswerAt = noAnswerAfter > 0 ? askedAt + noAnswerAfter : undefined;
    const forgetAt = Math.max(askedAt + KEPT_MS, (noAnswerAt ?? 0) + KEPT_AFTER_MS);
    const asked = { correlationId, service, nodeId, askedAt, request, noAnswerAt, forgetAt };
    const before = this.#kept.get(correlationId);
    this.#kept.delete(correlationId);
    this.#kept.set(correlationId, { asked, store, isOut: false, before });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST && oldest !== undefined) {
      this.forget(oldest);
    }
    await this.#write(asked, store);
    this.#tick();
  }

  /** It is with the broker, or may be: its answer is waited for from now on. */
  sent(correlationId: string): void {
    const kept = this.#kept.get(correlationId);
    if (kept === undefined || kept.isOut) {
      return;
    }
    kept.isOut = true;
    kept.before = undefined;
    const { askedAt, noAnswerAt } = kept.asked;
    const waited = this.#today() - askedAt;
    if (noAnswerAt !== undefined && waited >= TICK_MS) {
      kept.asked = { ...kept.asked, noAnswerAt: noAnswerAt + waited };
      void this.#write(kept.asked, kept.store);
    }
  }

  /** It was not published: what was asked earlier under its id counts again. */
  forget(correlationId: string): void {
    const kept = this.#kept.get(correlationId);
    if (kept?.before !== undefined) {
      this.#kept.set(correlationId, kept.before);
      void this.#write(kept.before.asked, kept.before.store);
    } else if (kept !== undefined && this.#kept.delete(correlationId)) {
      this.#context.set(keyOf(correlationId), undefined, kept.store).catch(this.#storeFailed);
    }
  }

  /** An answer has come; returns what its request was to be known by, a new object each time. */
  answered(correlationId: string | undefined, isFinal: boolean): unknown {
    const kept = correlationId === undefined ? undefined : this.#kept.get(correlationId);
    if (kept === undefined) {
      return undefined;
    }
    const { asked, store } = kept;
    const forgetAt = isFinal ? Math.min(asked.forgetAt, this.#today() + KEPT_AFTER_MS) : asked.forgetAt;
    if (asked.noAnswerAt !== undefined || forgetAt !== asked.forgetAt) {
      kept.asked = { ...asked, noAnswerAt: undefined, forgetAt };
      void this.#write(kept.asked, store);
    }
    return asked.request === undefined ? undefined : JSON.parse(asked.request);
  }

  /** Calls back when no answer came to what this node asked; returns how to stop. */
  onNoAnswer(nodeId: string, listener: (asked: AskedRequest) => void): () => void {
    this.#listeners.set(nodeId, listener);
    return () => {
      if (this.#listeners.get(nodeId) === listener) {
        this.#listeners.delete(nodeId);
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
    const now = this.#today();
    const isEarly = Math.abs(now - this.#startedAt) < AFTER_START_MS;
    for (const [correlationId, { asked, isOut }] of this.#kept) {
      const { noAnswerAt = Number.POSITIVE_INFINITY, forgetAt, nodeId } = asked;
      const listener = this.#listeners.get(nodeId);
      if (forgetAt <= now) {
        this.forget(correlationId);
      } else if (isOut && noAnswerAt <= now && !isEarly && listener !== undefined) {
        void this.#sayNoAnswer(correlationId, listener);
      }
    }
  }

  /** That it is said is written first: whoever is killed right afterwards must not say it twice. */
  async #sayNoAnswer(correlationId: string, listener: (asked: AskedRequest) => void): Promise<void> {
    const kept = this.#kept.get(correlationId);
    if (kept !== undefined) {
      kept.asked = { ...kept.asked, noAnswerAt: undefined };
      await this.#write(kept.asked, kept.store);
      listener(kept.asked);
    }
  }

  #write(asked: AskedRequest, store: string | undefined): Promise<void> {
    return this.#context
      .set(keyOf(asked.correlationId), JSON.stringify(asked), store)
      .catch(this.#storeFailed);
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

  readonly #storeFailed = (error: unknown): void => {
    this.#trouble = error instanceof Error ? error.message : String(error);
    this.#storeTrouble.happened(this.#clock.now());
  };
}

/** What a store holds may have been changed by anybody. */
function readAsked(written: unknown): AskedRequest | undefined {
  try {
    const asked: AskedRequest = JSON.parse(String(written));
    const isOurs = typeof asked.correlationId === "string" && typeof asked.forgetAt === "number";
    return isOurs ? asked : undefined;
  } catch {
    return undefined;
  }
}
