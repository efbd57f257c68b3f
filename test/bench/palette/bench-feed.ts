/**
 * Sends products, or their URNs, into a measured flow and keeps a window of them under way: whatever comes back
 * makes room for the next. Started by any message that says `start`.
 */
import type { Node, NodeAPI, NodeDef, NodeMessage, NodeMessageInFlow } from "node-red";
import type { FromNodeRed } from "../../support/node-red-wire";
import { urnOf } from "../acknowledgements";
import { productOf } from "../orders";
import { Tally } from "../tally";

interface FeedDef extends NodeDef {
  /** URNs unless it says `products`. */
  readonly feeds?: string;
  readonly expected: number;
  readonly window: number;
}

interface Start extends NodeMessageInFlow {
  readonly start?: boolean;
}

export default function feed(RED: NodeAPI): void {
  RED.nodes.registerType("bench-feed", function (this: Node, definition: FeedDef) {
    RED.nodes.createNode(this, definition);
    const { expected, window, feeds } = definition;
    const payloadOf = feeds === "products" ? productOf : urnOf;
    let tally = new Tally(expected);
    let sent = 0;
    const next = (): void => {
      if (sent < expected) {
        const message: NodeMessage = { topic: "SUBORDER_DONE", payload: payloadOf(sent++) };
        this.send(message);
      }
    };
    this.on("input", (message, _send, done) => {
      done();
      if ((message as Start).start) {
        sent = 0;
        tally = new Tally(expected);
        tally.begin();
        for (let each = 0; each < window; each += 1) {
          next();
        }
        return;
      }
      const figures = tally.add();
      next();
      if (figures !== undefined) {
        const report: FromNodeRed = { kind: "message", probe: this.id, message: figures };
        process.send?.(report);
      }
    });
  });
}
