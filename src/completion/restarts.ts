/**
 * Knows when Node-RED exchanges nodes: meanwhile it drops, without a word, what is sent to a node that is not
 * there. What must not get lost waits until the flows have started. Enters: Node-RED's events.
 */

/** Node-RED's event emitter, as far as it is needed here. */
export interface FlowEvents {
  on(event: "flows:stopping" | "flows:started", listener: () => void): unknown;
}

const known = new WeakMap<FlowEvents, Restarts>();

/** One for each Node-RED; to be asked for before its flows start. */
export function restartsOf(events: FlowEvents): Restarts {
  let restarts = known.get(events);
  if (restarts === undefined) {
    restarts = new Restarts(events);
    known.set(events, restarts);
  }
  return restarts;
}

export class Restarts {
  readonly #listeners = new Set<(isGoingOn: boolean) => void>();
  /** Nodes are only ever made while flows start. */
  #isGoingOn = true;

  constructor(events: FlowEvents) {
    events.on("flows:stopping", () => this.#change(true));
    events.on("flows:started", () => this.#change(false));
  }

  /** True from the moment the first node is stopped until all of them run. */
  get isGoingOn(): boolean {
    return this.#isGoingOn;
  }

  /** Calls back when it begins and when it is over; returns how to stop. */
  onChange(listener: (isGoingOn: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #change(isGoingOn: boolean): void {
    this.#isGoingOn = isGoingOn;
    for (const listener of [...this.#listeners]) {
      listener(isGoingOn);
    }
  }
}
