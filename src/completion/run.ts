/**
 * One event on its way through the flow: which of its messages are with which nodes, and how it ended. Enters:
 * what the tracker has seen. Leaves: who holds the run, and one outcome. It must never know Node-RED's hooks.
 * There is one run for every event and one `Pending` for every hop, so both are kept small.
 */
import { leavingOf } from "./leaving";
import type { FlowMessage, NamedNode } from "./runtime";

/** An error no Catch node took. */
export interface Failure {
  readonly kind: "failed";
  readonly node: string;
  readonly reason: string;
}

/** How a run ended. */
export type Outcome =
  | { readonly kind: "finished" }
  | Failure
  /** A node that held it was stopped before it had completed, or a message went to a node that is not there. */
  | { readonly kind: "abandoned"; readonly node: string };

const FINISHED: Outcome = { kind: "finished" };
const NONE: ReadonlySet<string> = new Set();

/** A message of a run that is with a node, or on its way to it, and that the node has not completed. */
export class Pending {
  readonly run: Run;
  readonly node: NamedNode;
  /** Undefined when the node has completed it, and when the node does not run and will never get it. */
  message: FlowMessage | undefined;
  /** When the node got it, in milliseconds of a clock nobody sets. */
  readonly since = performance.now();
  /** Whether the node has taken it from the wire. */
  hasArrived: boolean;
  isDone = false;
  /** Ends the wait for a node that has not told what it is going to send. */
  stopWaiting: (() => void) | undefined;
  /** The same message with another node. */
  elsewhere: Pending | undefined;
  /** The neighbours in the run's list. */
  earlier: Pending | undefined;
  later: Pending | undefined;

  constructor(run: Run, node: NamedNode, message: FlowMessage | undefined, hasArrived: boolean) {
    this.run = run;
    this.node = node;
    this.message = message;
    this.hasArrived = hasArrived;
  }
}

/** What is left of a run that is over: enough to know a late node by. */
export class EndedRun {
  /** Tells it from every other. */
  readonly number: number;
  /** When it ended, on the clock of `Pending.since`. */
  readonly at: number;
  /** As of the run. */
  readonly notWaitedFor: ReadonlySet<string>;

  constructor(number: number, at: number, notWaitedFor: ReadonlySet<string>) {
    this.number = number;
    this.at = at;
    this.notWaitedFor = notWaitedFor;
  }

  is(other: Run | EndedRun | null | undefined): boolean {
    return other instanceof EndedRun && other.number === this.number;
  }
}

/** A message and all that is derived from it. */
export class Run {
  readonly messageId: string;
  /** Types of nodes that count as finished when their handler returns, whatever they do afterwards. */
  readonly notWaitedFor: ReadonlySet<string>;
  /** It goes on, unless it has failed, when no node has anything of it. */
  endsByVerdict = false;
  /** Ids of messages made on the way. */
  derivedIds: string[] | undefined;
  outcome: Outcome = FINISHED;
  /** What is left of it when it is over. */
  ended: EndedRun | undefined;
  /** The run whose message one of this run's was built into, as join does: they end together. */
  joinedInto: Run | undefined;
  /** The other way round. */
  joined: Run[] | undefined;
  finish: ((outcome: Outcome) => void) | undefined;
  #count = 0;
  /** The longest first. */
  #first: Pending | undefined;
  #last: Pending | undefined;

  constructor(
    messageId: string,
    finish: (outcome: Outcome) => void,
    notWaitedFor: ReadonlySet<string> = NONE,
  ) {
    this.messageId = messageId;
    this.finish = finish;
    this.notWaitedFor = notWaitedFor;
  }

  get hasEnded(): boolean {
    return this.ended !== undefined;
  }

  /** The run while it goes on, and then what is left of it. */
  get now(): Run | EndedRun {
    return this.ended ?? this;
  }

  /** Whether no node has anything of it. */
  get isIdle(): boolean {
    return this.#count === 0;
  }

  /** Whether it can only go on once a deploy is over: all that have something of it leave that to their successors. */
  get isPassedOn(): boolean {
    return !this.isIdle && this.find(({ node }) => leavingOf(node) !== "passes-on") === undefined;
  }

  /** The node that has held it longest, in words a person can find in the workspace. */
  get heldBy(): string {
    return this.#first === undefined ? "" : nameOf(this.#first.node);
  }

  /** Since when that node has held it, on the clock of `performance.now()`. */
  get heldSince(): number | undefined {
    return this.#first?.since;
  }

  /** The failure known so far, though other nodes may still be at work. */
  get failure(): Failure | undefined {
    return this.outcome.kind === "failed" ? this.outcome : undefined;
  }

  add(pending: Pending): void {
    this.#count += 1;
    pending.earlier = this.#last;
    if (this.#last === undefined) {
      this.#first = pending;
    } else {
      this.#last.later = pending;
    }
    this.#last = pending;
  }

  remove(pending: Pending): void {
    this.#count -= 1;
    const { earlier, later } = pending;
    if (earlier === undefined) {
      this.#first = later;
    } else {
      earlier.later = later;
    }
    if (later === undefined) {
      this.#last = earlier;
    } else {
      later.earlier = earlier;
    }
    pending.earlier = undefined;
    pending.later = undefined;
  }

  /** The first that satisfies the condition, the longest held first. */
  find(isMeant: (pending: Pending) => boolean): Pending | undefined {
    for (let pending = this.#first; pending !== undefined; pending = pending.later) {
      if (isMeant(pending)) {
        return pending;
      }
    }
    return undefined;
  }

  /** All that satisfy the condition. */
  filter(isMeant: (pending: Pending) => boolean): Pending[] {
    const found: Pending[] = [];
    for (let pending = this.#first; pending !== undefined; pending = pending.later) {
      if (isMeant(pending)) {
        found.push(pending);
      }
    }
    return found;
  }

  /** Nobody took this error. */
  fail(node: NamedNode, reason: string): void {
    this.outcome = { kind: "failed", node: nameOf(node), reason };
  }

  /** Unless it has failed already, the run did not get to its end. */
  abandon(node: NamedNode): void {
    if (this.outcome.kind === "finished") {
      this.outcome = { kind: "abandoned", node: nameOf(node) };
    }
  }

  /** One of its messages was built into another run's: it ends with that run, unless the two already do. */
  joinInto(other: Run): void {
    if (this.joinedInto !== undefined || other.hasEnded) {
      return;
    }
    for (let above: Run | undefined = other; above !== undefined; above = above.joinedInto) {
      if (above === this) {
        return;
      }
    }
    this.joinedInto = other;
    other.joined ??= [];
    other.joined.push(this);
  }
}

/** The node in words a person can find in the workspace. */
export function nameOf(node: NamedNode): string {
  return node.name ? `${node.type} "${node.name}"` : node.type;
}
