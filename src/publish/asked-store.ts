/**
 * Reads and writes what was asked in Node-RED contexts, of any module. Enters: requests, and which store they are kept
 * in. Leaves: requests as they were written; what is wrong, said once. It never fails and never takes long, for a
 * request must go out whatever its store is like.
 */
import { type Clock, now, clock as realClock } from "../amqp/clock";
import { DeadlineError, withDeadline } from "../amqp/deadline";
import { ThrottledWarning } from "../amqp/throttled-warning";
import { type AskedRequest, isKey, keyOf, readAsked } from "./asked-request";

/** One Node-RED context, in any of its stores; undefined names the default one. */
export interface ContextStore {
  get(key: string, store: string | undefined): Promise<unknown>;
  /** Undefined removes it. */
  set(key: string, value: unknown, store: string | undefined): Promise<void>;
  keys(store: string | undefined): Promise<readonly string[]>;
}

/** A store that has not answered anything for so long is done without, in milliseconds. */
const PATIENCE = 5_000;

export class AskedStore {
  readonly #context: ContextStore;
  readonly #clock: Clock;
  readonly #warning: ThrottledWarning;
  #trouble = "";
  #answeredAt = Number.NEGATIVE_INFINITY;

  /** @param say is told what is wrong */
  constructor(context: ContextStore, say: (detail: string) => void, clock = realClock) {
    this.#context = context;
    this.#clock = clock;
    this.#warning = new ThrottledWarning(() => say(this.#trouble));
  }

  /**
   * Reads every store.
   * @param found is told of each, also of those that come after the promise has settled
   */
  async readAll(
    stores: readonly (string | undefined)[],
    found: (asked: AskedRequest, store: string | undefined) => void,
  ): Promise<void> {
    await this.#attempt(Promise.all(stores.map((store) => this.#read(store, found))));
  }

  async write(asked: AskedRequest, store: string | undefined): Promise<void> {
    await this.#attempt(this.#context.set(keyOf(asked.correlationId), JSON.stringify(asked), store));
  }

  async remove(correlationId: string, store: string | undefined): Promise<void> {
    await this.#attempt(this.#context.set(keyOf(correlationId), undefined, store));
  }

  async #read(
    store: string | undefined,
    found: (asked: AskedRequest, store: string | undefined) => void,
  ): Promise<void> {
    const keys = await this.#heard(this.#context.keys(store)).catch(this.#failed);
    for (const key of (keys ?? []).filter(isKey)) {
      // One that cannot be read does not keep the others from being known.
      const asked = readAsked(await this.#heard(this.#context.get(key, store)).catch(this.#failed));
      if (asked !== undefined) {
        found(asked, store);
      }
    }
  }

  /** A store that is busy with what came before is waited for: what it does not hold yet dies with the process. */
  async #attempt(work: Promise<unknown>): Promise<void> {
    const heard = this.#heard(work);
    for (;;) {
      try {
        await withDeadline(heard, PATIENCE, "the context store");
        return;
      } catch (error) {
        if (!(error instanceof DeadlineError) || now() - this.#answeredAt >= PATIENCE) {
          this.#failed(error);
          return;
        }
      }
    }
  }

  #heard<T>(work: Promise<T>): Promise<T> {
    return work.finally(() => {
      this.#answeredAt = now();
    });
  }

  readonly #failed = (error: unknown): undefined => {
    this.#trouble = error instanceof Error ? error.message : String(error);
    this.#warning.happened(this.#clock.now());
  };
}
