/**
 * Knows into which message a node has built others: join sends one message and then completes all that went into
 * it, in one go. Enters: what a node sends, and what it completes right afterwards. Leaves: the run that a completed
 * message went into.
 */
import type { Run } from "./run";
import type { NamedNode } from "./runtime";

export class Senders {
  /** The node now sending, and for which run. */
  #sender: NamedNode | undefined;
  #sentFor: Run | undefined;
  /** The same with those before it, where there are several. */
  #alsoSentFor: Set<Run> | undefined;

  /** The node sends a message of the run. */
  sends(node: NamedNode, run: Run): void {
    if (this.#sender !== node) {
      this.#sender = node;
      this.#alsoSentFor = undefined;
    } else if (this.#sentFor !== run && this.#sentFor !== undefined) {
      this.#alsoSentFor ??= new Set([this.#sentFor]);
      this.#alsoSentFor.add(run);
    }
    this.#sentFor = run;
  }

  /** The run that a message of this run went into, when the node completes it now; undefined when into none. */
  completes(node: NamedNode, run: Run): Run | undefined {
    const isOther = this.#sender === node && this.#sentFor !== run && this.#alsoSentFor?.has(run) !== true;
    return isOther ? this.#sentFor : undefined;
  }

  /** Something else goes on. */
  forget(): void {
    this.#sender = undefined;
  }
}
