/**
 * Knows when a switch node is done with a message. Core switch neither signals completion nor is done when its
 * handler returns: it keeps a queue of its own and takes one message a turn of the event loop. So the turns are
 * counted, a turn behind it, for everybody's messages; for those that came before anybody counted, a queue is
 * taken for granted.
 */
import { performance } from "node:perf_hooks";
import type { FlowMessage, FlowNode } from "./runtime";

/** The queue inside a switch node, as far as it can be known from outside. */
interface SwitchQueue {
  /** The turn of the event loop in which it will have dealt with everything that arrived so far. */
  busyUntil: number;
  /** Our messages in it, oldest first. */
  readonly held: { readonly msg: FlowMessage; readonly until: number }[];
}

/**
 * So many messages may wait in a switch when the counting begins. Turns without work are microseconds: more than
 * enough costs milliseconds, once.
 */
const BACKLOG = 2_000;

export class SwitchQueues {
  readonly #done: (msg: FlowMessage, node: FlowNode) => void;
  #queues = new WeakMap<FlowNode, SwitchQueue>();
  /** The turn by which what came before the counting is dealt with. */
  #clearedBy = 0;

  /** @param done is called when a switch has dealt with one of our messages */
  constructor(done: (msg: FlowMessage, node: FlowNode) => void) {
    this.#done = done;
  }

  /** A switch has taken a message, ours or not. */
  pass(msg: FlowMessage, node: FlowNode, isOurs: boolean): void {
    let queue = this.#queues.get(node);
    if (queue === undefined) {
      queue = { busyUntil: this.#clearedBy, held: [] };
      this.#queues.set(node, queue);
    }
    queue.busyUntil = Math.max(queue.busyUntil, turn()) + 1;
    if (isOurs) {
      queue.held.push({ msg, until: queue.busyUntil });
      if (queue.held.length === 1) {
        this.#await(queue.held, node);
      }
    }
  }

  /** From now on every message is counted. */
  begin(): void {
    this.#queues = new WeakMap();
    this.#clearedBy = turn() + BACKLOG;
  }

  #await(held: SwitchQueue["held"], node: FlowNode): void {
    setImmediate(() => {
      for (let first = held[0]; first !== undefined && first.until <= turn(); first = held[0]) {
        held.shift();
        this.#done(first.msg, node);
      }
      if (held.length > 0) {
        this.#await(held, node);
      }
    });
  }
}

/** Which turn of the event loop this is. */
function turn(): number {
  return performance.nodeTiming.uvMetricsInfo.loopCount;
}
