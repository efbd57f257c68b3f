/**
 * Knows when a switch node is done with a message. Core switch neither signals completion nor is done when its
 * handler returns: it keeps a queue of its own and takes one message a turn of the event loop. Enters: every message
 * a switch takes, a run's or not. Leaves: the runs' messages, a turn after the switch has dealt with them.
 */
import { performance } from "node:perf_hooks";
import type { Pending } from "./run";
import type { FlowNode } from "./runtime";

/** The queue inside a switch node, as far as it can be known from outside. */
interface SwitchQueue {
  /** The turn of the event loop in which it will have dealt with everything that arrived so far. */
  busyUntil: number;
  /** Runs' messages in it, oldest first. */
  readonly held: { readonly pending: Pending; readonly until: number }[];
}

export class SwitchQueues {
  readonly #done: (pending: Pending) => void;
  readonly #queues = new WeakMap<FlowNode, SwitchQueue>();

  /** @param done is called when a switch has dealt with a run's message */
  constructor(done: (pending: Pending) => void) {
    this.#done = done;
  }

  /** A switch has taken a message; `pending` when it is a run's. */
  pass(node: FlowNode, pending: Pending | undefined): void {
    let queue = this.#queues.get(node);
    if (queue === undefined) {
      queue = { busyUntil: 0, held: [] };
      this.#queues.set(node, queue);
    }
    queue.busyUntil = Math.max(queue.busyUntil, turn()) + 1;
    if (pending !== undefined) {
      queue.held.push({ pending, until: queue.busyUntil });
      if (queue.held.length === 1) {
        this.#await(queue.held);
      }
    }
  }

  #await(held: SwitchQueue["held"]): void {
    setImmediate(() => {
      for (let first = held[0]; first !== undefined && first.until <= turn(); first = held[0]) {
        held.shift();
        this.#done(first.pending);
      }
      if (held.length > 0) {
        this.#await(held);
      }
    });
  }
}

/** Which turn of the event loop this is. */
function turn(): number {
  return performance.nodeTiming.uvMetricsInfo.loopCount;
}
