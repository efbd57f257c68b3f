/**
 * Knows whether the flows run to which an in-node's events would go. Node-RED stops and starts nodes at a
 * deploy; with a missing node type, stopped flows or in safe mode it does not start them again, and says so only
 * in an event meant for the editor. Enters: Node-RED's events. Leaves: a state for consumers.
 */
import type { FlowsState, PauseCause } from "../consume/flows-state";

/** Node-RED's event emitter, as far as it is needed here. */
export interface RuntimeEvents {
  on(event: string, listener: (event: unknown) => void): unknown;
}

/**
 * After so many milliseconds a deploy is no longer one of a moment: other readers shall have the events. An
 * ordinary deploy lets nodes finish for five seconds.
 */
const PAUSE_MS = 7_000;

const watches = new WeakMap<RuntimeEvents, FlowsWatch>();

/** One for each Node-RED; to be asked for before its flows start. */
export function flowsWatchOf(events: RuntimeEvents): FlowsWatch {
  let watch = watches.get(events);
  if (watch === undefined) {
    watch = new FlowsWatch(events);
    watches.set(events, watch);
  }
  return watch;
}

export class FlowsWatch implements FlowsState {
  readonly #listeners = new Set<() => void>();
  readonly #pauseAfter: number;
  /** Nodes are only ever made while flows start. */
  #isRunning = false;
  #isFullStop = false;
  #cause: PauseCause = "stopped";
  #pausedBy: PauseCause | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(events: RuntimeEvents, pauseAfter: number = PAUSE_MS) {
    this.#pauseAfter = pauseAfter;
    events.on("flows:stopping", (event) => {
      this.#isFullStop = property(event, "type") === "full";
      this.#stopped();
    });
    events.on("flows:started", () => this.#started());
    events.on("runtime-event", (event) => this.#heard(event));
    this.#stopped();
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  get isFullStop(): boolean {
    return this.#isFullStop;
  }

  get pausedBy(): PauseCause | undefined {
    return this.#pausedBy;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * For a node that is closed and not made again: tells, once it is known, why the flows do not run, and nothing
   * more when they do.
   */
  untilRunning(tell: (cause: PauseCause) => void): void {
    if (this.#isRunning) {
      return;
    }
    const stop = this.onChange(() => {
      if (this.#isRunning) {
        stop();
      } else if (this.#pausedBy !== undefined) {
        tell(this.#pausedBy);
      }
    });
  }

  #stopped(): void {
    this.#isRunning = false;
    this.#cause = "stopped";
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#pausedBy = this.#cause;
      this.#tell();
    }, this.#pauseAfter);
    this.#timer.unref();
    this.#tell();
  }

  #started(): void {
    clearTimeout(this.#timer);
    this.#isRunning = true;
    this.#isFullStop = false;
    this.#pausedBy = undefined;
    this.#tell();
  }

  /** The editor's notice of why the flows do not run. */
  #heard(event: unknown): void {
    if (this.#isRunning || property(event, "id") !== "runtime-state") {
      return;
    }
    const error = property(property(event, "payload"), "error");
    if (error === "safe-mode") {
      this.#cause = "safe-mode";
    } else if (error === "missing-types" || error === "missing-modules") {
      this.#cause = "missing-type";
    }
    if (this.#pausedBy !== undefined && this.#pausedBy !== this.#cause) {
      this.#pausedBy = this.#cause;
      this.#tell();
    }
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) {
      listener();
    }
  }
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
