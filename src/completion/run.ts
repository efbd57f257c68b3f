/**
 * One message on its way through the flow: which nodes hold something of it, and how it ended. There is one for
 * every event, so it is kept small.
 */
import type { FlowNode } from "./runtime";

/** How a run ended. */
export type Outcome =
  | { readonly kind: "finished" }
  /** An error no Catch node took. */
  | { readonly kind: "failed"; readonly node: string; readonly reason: string }
  /** A node that held it was stopped by a redeploy before it had completed. */
  | { readonly kind: "abandoned"; readonly node: string };

const FINISHED: Outcome = { kind: "finished" };

/** A node that holds so many messages of a run; a list, for mostly there is one, and a Map weighs ten times that. */
interface Holder {
  readonly node: FlowNode;
  count: number;
  next: Holder | undefined;
}

/** A message and all that is derived from it. */
export class Run {
  readonly messageId: string;
  count = 0;
  decided = false;
  outcome = FINISHED;
  /** The run whose message this one's was built into (join): they end together. */
  leader: Run | undefined;
  followers: Run[] | undefined;
  /** The longest first. */
  #holders: Holder | undefined;
  finish: ((outcome: Outcome) => void) | undefined;

  constructor(messageId: string, finish: (outcome: Outcome) => void) {
    this.messageId = messageId;
    this.finish = finish;
  }

  /** The node that has held it longest, in words a person can find in the workspace. */
  get heldBy(): string {
    return this.#holders === undefined ? "" : nameOf(this.#holders.node);
  }

  /** The node holds one message more. */
  hold(node: FlowNode): void {
    this.count += 1;
    let last: Holder | undefined;
    for (let holder = this.#holders; holder !== undefined; holder = holder.next) {
      if (holder.node === node) {
        holder.count += 1;
        return;
      }
      last = holder;
    }
    const added = { node, count: 1, next: undefined };
    if (last === undefined) {
      this.#holders = added;
    } else {
      last.next = added;
    }
  }

  /** The node holds one message fewer. */
  letGo(node: FlowNode): void {
    this.count -= 1;
    let before: Holder | undefined;
    for (let holder = this.#holders; holder !== undefined; before = holder, holder = holder.next) {
      if (holder.node === node) {
        holder.count -= 1;
        if (holder.count > 0) {
          return;
        }
        if (before === undefined) {
          this.#holders = holder.next;
        } else {
          before.next = holder.next;
        }
        return;
      }
    }
  }

  /** The failure known so far, of a run that goes on. */
  get failure(): Outcome | undefined {
    return this.outcome.kind === "failed" ? this.outcome : undefined;
  }

  isHeldBy(node: FlowNode): boolean {
    return this.#holderThat((holder) => holder === node) !== undefined;
  }

  /** The holder with this id. */
  holderCalled(id: string): FlowNode | undefined {
    return this.#holderThat((holder) => holder.id === id);
  }

  #holderThat(isMeant: (node: FlowNode) => boolean): FlowNode | undefined {
    for (let holder = this.#holders; holder !== undefined; holder = holder.next) {
      if (isMeant(holder.node)) {
        return holder.node;
      }
    }
    return undefined;
  }

  /** Nobody holds anything of it any more. */
  forgetHolders(): void {
    this.#holders = undefined;
  }
}

/** A message that was built into another run's message ends with that run, unless they already do. */
export function follow(run: Run, leader: Run | undefined): void {
  if (leader === undefined || run.leader !== undefined || leader.decided) {
    return;
  }
  for (let above: Run | undefined = leader; above !== undefined; above = above.leader) {
    if (above === run) {
      return;
    }
  }
  run.leader = leader;
  leader.followers ??= [];
  leader.followers.push(run);
}

/** Unless it has failed already, the run did not get to its end. */
export function abandon(run: Run, node: FlowNode): void {
  if (run.outcome.kind === "finished") {
    run.outcome = { kind: "abandoned", node: nameOf(node) };
  }
}

/** The node in words a person can find in the workspace. */
export function nameOf(node: FlowNode): string {
  return node.name ? `${node.type} "${node.name}"` : node.type;
}
