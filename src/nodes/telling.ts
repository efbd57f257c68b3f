/**
 * Who runs, in what state, and what it has counted: one list for each Node-RED, from which health and metrics are
 * read. Enters: nodes, each with a way to look at it. Leaves: what all of them tell now. A new kind of node joins by one
 * call of `register`; it knows none of them, and keeps no figures itself.
 */
import type { Node, NodeAPI } from "node-red";

/** What a node tells of itself. */
export interface Told {
  /** A code that stays the same in every language, as in `msg.status.code`. */
  readonly state: string;
  /** True while it does what it is there for, be it idle. */
  readonly isHealthy: boolean;
  /** The broker or web node it uses. */
  readonly uses?: string;
  /** Since it was started, and at present; by the names in the table of metrics. */
  readonly counters: Readonly<Record<string, number>>;
}

/** A node and what it tells. */
export interface TellingNode extends Told {
  readonly id: string;
  readonly type: string;
  readonly name: string;
}

export class Telling {
  readonly #nodes = new Map<Node, () => Told>();

  /**
   * The node tells until it is closed.
   * @param tell called whenever somebody asks; it must not throw
   */
  register(node: Node, tell: () => Told): void {
    this.#nodes.set(node, tell);
    node.on("close", () => {
      this.#nodes.delete(node);
    });
  }

  /** What every node tells now. */
  get all(): readonly TellingNode[] {
    return [...this.#nodes].map(([{ id, type, name }, tell]) => ({ id, type, name: name ?? "", ...tell() }));
  }
}

const known = new WeakMap<object, Telling>();

/** The list of this Node-RED. */
export function tellingOf(RED: Pick<NodeAPI, "events">): Telling {
  const telling = known.get(RED.events) ?? new Telling();
  known.set(RED.events, telling);
  return telling;
}
