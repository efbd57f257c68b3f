/**
 * Judges the errors that nodes report. An error belongs to the run of the message it is reported with, whatever the
 * asynchronous context: a node with a queue or a pooled connection reports in another event's. Enters: what nodes
 * report, and messages at Catch nodes. Leaves: failed runs, and nodes that gave a message up.
 */
import type { Origins } from "./origins";
import { type EndedRun, type Pending, Run } from "./run";
import type { FlowMessage, FlowNode } from "./runtime";

/** An error being reported this very moment; Catch nodes are called within. */
interface Report {
  readonly run: Run | EndedRun | undefined;
  isCaught: boolean;
}

export class Errors {
  readonly #origins: Origins;
  readonly #letGo: (pending: Pending) => void;
  readonly #isLate: (node: FlowNode, run: Run | EndedRun) => void;
  /** What a node has just completed with an error, and is going to report. */
  #completed: Pending | undefined;
  #completedMessage: FlowMessage | undefined;
  #report: Report | undefined;

  /**
   * @param letGo called with a message whose node gave it up
   * @param isLate called when the run had ended before
   */
  constructor(
    origins: Origins,
    letGo: (pending: Pending) => void,
    isLate: (node: FlowNode, run: Run | EndedRun) => void,
  ) {
    this.#origins = origins;
    this.#letGo = letGo;
    this.#isLate = isLate;
  }

  /** The node has completed a message with an error, which it reports next. */
  completed(pending: Pending, msg: FlowMessage): void {
    this.#completed = pending;
    this.#completedMessage = msg;
  }

  /** The run a Catch node's message belongs to, when the node is called for an error reported now. */
  caught(): Run | EndedRun | undefined {
    if (this.#report !== undefined) {
      this.#report.isCaught = true;
    }
    return this.#report?.run;
  }

  /** A node reports an error. */
  reported(
    node: FlowNode,
    [reason, msg]: readonly [reason: unknown, msg?: unknown],
    report: () => void,
  ): void {
    const isCompletion = msg !== undefined && msg === this.#completedMessage;
    const pending = isCompletion ? this.#completed : this.#meant(node, msg);
    this.#completed = undefined;
    this.#completedMessage = undefined;
    const run = pending?.run.now ?? (isMessage(msg) ? this.#origins.runOf(msg, node) : undefined);
    const around = this.#report;
    const now: Report = { run, isCaught: false };
    this.#report = now;
    try {
      report();
    } finally {
      this.#report = around;
    }
    if (run === undefined) {
      return;
    }
    this.#isLate(node, run);
    if (!(run instanceof Run)) {
      return;
    }
    if (!now.isCaught) {
      run.fail(node, wordsOf(reason));
    }
    if (pending !== undefined) {
      this.#gaveUp(pending);
    }
  }

  #meant(node: FlowNode, msg: unknown): Pending | undefined {
    return isMessage(msg) ? this.#origins.meant(msg, node) : this.#origins.workedOnBy(node);
  }

  /**
   * A node that reports an error for a message without completing it (a handler that threw, a link call
   * that timed out) never will. Function nodes are different: theirs is a remark, they still complete.
   */
  #gaveUp(pending: Pending): void {
    if (pending.node.type !== "function") {
      setImmediate(() => this.#letGo(pending));
    }
  }
}

/** What a node sends, or reports an error with, may be anything. */
export function isMessage(msg: unknown): msg is FlowMessage {
  return typeof msg === "object" && msg !== null;
}

/** The reason of an error, as it goes into an outcome. */
export function wordsOf(reason: unknown): string {
  // JSONata's are no Error.
  const hasMessage = typeof reason === "object" && reason !== null && "message" in reason;
  return String(hasMessage ? reason.message : reason).slice(0, 500);
}
