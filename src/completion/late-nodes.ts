/**
 * Finds nodes that work on after they count as done: they send, or report an error, for a run they hold nothing of.
 * Enters: such a node and the run. Leaves: types known to do so, and one warning that names the node. It must never
 * change a run's outcome.
 */
import { AsynchronousTypes, hasHandler, isSilent } from "./node-types";
import type { Origins } from "./origins";
import { type EndedRun, Run } from "./run";
import type { FlowNode } from "./runtime";

/** Of so many runs it is known that a node was late. */
const MOST_LATE = 1_000;

export class LateNodes {
  readonly #origins: Origins;
  readonly #warn: (node: FlowNode) => void;
  /** How long an asynchronous node is waited for. */
  readonly #answerMs: number;
  readonly #types = new AsynchronousTypes();
  readonly #warned = new WeakSet<FlowNode>();
  /** Runs for which a node has acted after their end: the nodes behind that one are innocent. */
  readonly #lateRuns = new Set<number>();

  constructor(origins: Origins, answerMs: number, warn: (node: FlowNode) => void) {
    this.#origins = origins;
    this.#answerMs = answerMs;
    this.#warn = warn;
  }

  /** Whether the node is known to send after its handler has returned. */
  isAsynchronous(node: FlowNode): boolean {
    return this.#types.has(node.type) && isSilent(node);
  }

  /** The node sends for the run, or reports an error for it. */
  acts(node: FlowNode, run: Run | EndedRun): void {
    const isFunction = node.type === "function";
    if (!isFunction && (node.type === "switch" || !hasHandler(node) || !isSilent(node))) {
      return;
    }
    // What it sends while it handles a message of the run, perhaps a late one, it sends in time.
    if (this.#origins.isHandling(node, run) || run.notWaitedFor.has(node.type)) {
      return;
    }
    if (run instanceof Run) {
      if (!isFunction && run.find((pending) => pending.node === node) === undefined) {
        this.#types.learn(node.type);
      }
      return;
    }
    if (this.#lateRuns.has(run.number)) {
      return;
    }
    this.#remember(run);
    // Later than that it would not have been waited for.
    if (!isFunction && performance.now() - run.at < this.#answerMs) {
      this.#types.learn(node.type);
    }
    if (!this.#warned.has(node)) {
      this.#warned.add(node);
      this.#warn(node);
    }
  }

  #remember({ number }: EndedRun): void {
    this.#lateRuns.add(number);
    if (this.#lateRuns.size > MOST_LATE) {
      const [oldest = number] = this.#lateRuns;
      this.#lateRuns.delete(oldest);
    }
  }
}
