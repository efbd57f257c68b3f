/**
 * The simulator's pace: everything it does later runs here, so that stopping it leaves no timer and no
 * promise.
 */
import { setMaxListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import type { Events } from "./happenings";

/** Runs the simulator's background tasks until it is stopped. */
export class Work {
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #pace: number;
  readonly #events: Events;

  constructor(pace: number, events: Events) {
    // Every pause listens for the stop, and there may be hundreds at a time.
    setMaxListeners(0, this.#stopping.signal);
    this.#pace = pace;
    this.#events = events;
  }

  get stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Starts a task; its failure becomes a `trouble` happening, except when it was cut short by the stop. */
  run(task: () => Promise<void>): void {
    const running = task()
      .catch((error: unknown) => {
        if (this.stopped) return;
        this.#events.emit("trouble", error instanceof Error ? error : new Error(String(error)));
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Lets one step of REGARDS' time go by. */
  async step(steps = 1): Promise<void> {
    await pause(this.#pace * steps, undefined, { signal: this.#stopping.signal });
  }

  /** Cuts every wait short and resolves once no task is left. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }
}
