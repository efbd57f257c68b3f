/**
 * The runs that have no outcome yet. Enters: runs, and messages that nodes take and let go. Leaves: each run's
 * outcome, once, when no node has anything of it any more. It must never know why a node lets go.
 */
import type { Origins } from "./origins";
import { EndedRun, type Outcome, type Pending, Run } from "./run";
import type { FlowMessage, FlowNode } from "./runtime";

/** What may be different from run to run. */
export interface TrackOptions {
  /** Types of nodes that count as finished when their handler returns. */
  readonly notWaitedFor?: ReadonlySet<string>;
  /** True where it has not ended when no node has anything of it: whoever tracks it forgets it at a verdict. */
  readonly endsByVerdict?: boolean;
}

export class Runs {
  readonly #origins: Origins;
  readonly #open = new Set<Run>();
  #idle: Run[] = [];
  /** So many are over. */
  #ended = 0;

  constructor(origins: Origins) {
    this.#origins = origins;
  }

  get size(): number {
    return this.#open.size;
  }

  [Symbol.iterator](): IterableIterator<Run> {
    return this.#open.values();
  }

  /** Sends a message, and follows what comes of it. */
  begin(
    message: FlowMessage,
    send: () => void,
    finish: (outcome: Outcome) => void,
    { notWaitedFor, endsByVerdict = false }: TrackOptions,
  ): Run {
    const run = new Run(message._msgid, finish, notWaitedFor);
    run.endsByVerdict = endsByVerdict;
    this.#open.add(run);
    this.#origins.begin(run);
    try {
      this.#origins.outside(send);
    } catch (error) {
      this.forget(run);
      throw error;
    }
    this.#endIdleSoon(run);
    return run;
  }

  /** The node holds the message no longer. */
  letGo(pending: Pending): void {
    if (!pending.isDone) {
      this.#origins.letGo(pending);
      this.#endIdleSoon(pending.run);
    }
  }

  /** The node has dropped all it held, but for a message whose error it has reported. */
  failAt(node: FlowNode, reported: unknown, reason: string): void {
    for (const run of [...this.#open]) {
      for (const pending of run.filter((each) => each.node === node && each.message !== reported)) {
        run.fail(node, reason);
        this.letGo(pending);
      }
    }
  }

  /** Nobody waits for the outcome any more. */
  forget(run: Run): void {
    run.finish = undefined;
    this.#end(run);
  }

  clear(): void {
    this.#open.clear();
  }

  /** A turn later: a Catch node is called after the completion, and takes the message up again. */
  #endIdleSoon(run: Run): void {
    if (!run.isIdle || run.hasEnded) {
      return;
    }
    this.#idle.push(run);
    if (this.#idle.length === 1) {
      setImmediate(() => {
        const idle = this.#idle;
        this.#idle = [];
        for (const each of idle) {
          const isUndecided = each.endsByVerdict && each.outcome.kind === "finished";
          if (each.isIdle && each.joinedInto === undefined && !isUndecided) {
            this.#end(each);
          }
        }
      });
    }
  }

  #end(run: Run): void {
    if (run.hasEnded) {
      return;
    }
    this.#ended += 1;
    run.ended = new EndedRun(this.#ended, performance.now(), run.notWaitedFor);
    this.#open.delete(run);
    this.#origins.end(run, run.ended);
    for (let pending = run.find(() => true); pending !== undefined; pending = run.find(() => true)) {
      this.#origins.letGo(pending);
    }
    const { joined, finish } = run;
    run.joined = undefined;
    run.finish = undefined;
    finish?.(run.outcome);
    for (const each of joined ?? []) {
      each.joinedInto = undefined;
      if (each.outcome.kind === "finished") {
        each.outcome = run.outcome;
      }
      this.#endIdleSoon(each);
    }
  }
}
