/**
 * Knows into which message a node has built others: join sends one message and then completes all that went into
 * it, in one go. Enters: what a node sends, and what it completes right afterwards. Leaves: the run, or else the
 * stranger's message, that a completed message went into.
 */
import type { Run } from "./run";
import type { DeliverEvent, NamedNode } from "./runtime";

export class Senders {
  /** The node now sending, and for which run. */
  #sender: NamedNode | undefined;
  #sentFor: Run | undefined;
  /** The same with those before it, where there are several. */
  #alsoSentFor: Set<Run> | undefined;
  /** What it sends that is no run's. */
  #strangers: DeliverEvent[] = [];

  /** The node sends a message of the run. */
  sends(node: NamedNode, run: Run): void {
    this.#isSending(node);
    if (this.#sentFor !== run && this.#sentFor !== undefined) {
      this.#alsoSentFor ??= new Set([this.#sentFor]);
      this.#alsoSentFor.add(run);
    }
    this.#sentFor = run;
  }

  /** The node sends a message of no run. */
  sendsStranger(event: DeliverEvent): void {
    this.#isSending(event.source.node);
    this.#strangers.push(event);
  }

  /** The run that a message of this run went into, when the node completes it now; undefined when into none. */
  completes(node: NamedNode, run: Run): Run | undefined {
    return this.#sender === node && !this.#hasSentFor(run) ? this.#sentFor : undefined;
  }

  /** The stranger's messages it went into, when the node has sent nothing else; they belong to the run from now on. */
  strangersOf(node: NamedNode): readonly DeliverEvent[] {
    return this.#sender === node && this.#sentFor === undefined ? this.#strangers.splice(0) : [];
  }

  /** Something else goes on. */
  forget(): void {
    this.#sender = undefined;
  }

  #isSending(node: NamedNode): void {
    if (this.#sender !== node) {
      this.#sender = node;
      this.#sentFor = undefined;
      this.#alsoSentFor = undefined;
      this.#strangers = [];
    }
  }

  #hasSentFor(run: Run): boolean {
    return this.#sentFor === run || this.#alsoSentFor?.has(run) === true;
  }
}
