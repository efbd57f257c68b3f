/**
 * Knows when a core trigger node is done with a message. It calls `done` as soon as it has started its timer, and
 * sends when that fires. The node keeps one entry in `topics` for each timer that runs, and sets its status when it
 * has removed one: sent, reset or closed. Enters: what a trigger has completed, and its changes of status. Leaves:
 * the messages it lets go.
 */
import type { Pending } from "./run";
import type { FlowMessage, FlowNode } from "./runtime";

/** A timer of a trigger, as the node keeps it: 0 means that it waits for a reset only, and sends nothing more. */
interface Timer {
  readonly tout?: unknown;
}

interface TriggerNode extends FlowNode {
  readonly topics?: Readonly<Record<string, Timer>>;
  /** "all", or one timer for each value of the property `topic`. */
  readonly bytopic?: string;
  readonly topic?: string;
  /** Sends the same again and again until it is reset. */
  readonly loop?: boolean;
  /** Starts the timer anew with each message. */
  readonly extend?: boolean | string;
  /** What it sends when the timer fires: "nul" nothing, "payl" the latest message. */
  readonly op2type?: string;
}

interface Kept {
  readonly pending: Pending;
  readonly timer: Timer;
}

export class Triggers {
  readonly #letGo: (pending: Pending) => void;
  readonly #propertyOf: (msg: FlowMessage, path: string) => unknown;
  /** Timers whose first message has been seen. */
  readonly #started = new WeakSet<Timer>();
  readonly #kept = new WeakMap<FlowNode, Kept[]>();

  constructor(letGo: (pending: Pending) => void, propertyOf: (msg: FlowMessage, path: string) => unknown) {
    this.#letGo = letGo;
    this.#propertyOf = propertyOf;
  }

  /** The trigger says that it is done with a message, a run's or not; true when something is still to come of it. */
  keeps(node: TriggerNode, msg: FlowMessage, pending: Pending | undefined): boolean {
    if (node.loop === true || node.op2type === "nul") {
      return false;
    }
    const timer = this.#timerOf(node, msg);
    if (timer === undefined || !timer.tout) {
      return false;
    }
    const isFirst = !this.#started.has(timer);
    this.#started.add(timer);
    // Others than the first are dropped, unless they set the timer back or the latest is what will be sent.
    const isExtended = node.extend === true || node.extend === "true";
    if (!isFirst && !isExtended && node.op2type !== "payl") {
      return false;
    }
    if (pending !== undefined) {
      const kept = this.#kept.get(node) ?? [];
      kept.push({ pending, timer });
      this.#kept.set(node, kept);
    }
    return true;
  }

  /** The trigger shows another status: whose timer is gone has been sent, replaced by what was sent, or reset. */
  onStatus(node: TriggerNode): void {
    const kept = this.#kept.get(node);
    if (kept === undefined) {
      return;
    }
    const running = new Set(Object.values(node.topics ?? {}));
    const over = kept.filter(({ timer }) => !running.has(timer));
    if (over.length === 0) {
      return;
    }
    this.#kept.set(
      node,
      kept.filter(({ timer }) => running.has(timer)),
    );
    for (const { pending } of over) {
      this.#letGo(pending);
    }
  }

  #timerOf({ topics = {}, bytopic, topic = "topic" }: TriggerNode, msg: FlowMessage): Timer | undefined {
    const name = bytopic === "all" ? "_none" : String(this.#propertyOf(msg, topic) || "_none");
    // What the trigger has put into the message may have changed the property.
    return topics[name] ?? Object.values(topics).find((timer) => timer.tout && !this.#started.has(timer));
  }
}
