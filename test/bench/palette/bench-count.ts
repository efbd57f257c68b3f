/** Counts what reaches the end of a measured flow, and reports once: when the last expected message came. */
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from "node-red";
import type { FromNodeRed } from "../../support/node-red-wire";
import { Tally } from "../tally";

interface CountDef extends NodeDef {
  readonly expected: number;
  /** Whether each event says when it was published. */
  readonly timed?: boolean;
}

/** A counting node as the bench asks it through the runtime. */
interface Counter extends Node {
  received: number;
}

/** An order event that carries the moment of its publication. */
interface Timed extends NodeMessageInFlow {
  readonly payload: { readonly message?: string };
}

export default function count(RED: NodeAPI): void {
  RED.nodes.registerType("bench-count", function (this: Counter, definition: CountDef) {
    RED.nodes.createNode(this, definition);
    const { expected, timed } = definition;
    this.received = 0;
    const tally = new Tally(expected);
    this.on("input", (message, _send, done) => {
      this.received += 1;
      const sentAt = timed ? (message as Timed).payload.message : undefined;
      const figures = tally.add(sentAt);
      done();
      if (figures !== undefined) {
        const report: FromNodeRed = { kind: "message", probe: this.id, message: figures };
        process.send?.(report);
      }
    });
  });
}
