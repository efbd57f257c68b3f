/**
 * The test's eye in a flow: reports every message to the test process, sends it on, and says it is done with
 * it, at once or, with `hold`, when the test releases it.
 */
import { appendFileSync } from "node:fs";
import type { Node, NodeAPI, NodeDef } from "node-red";
import type { FromNodeRed } from "../node-red-wire";

interface ProbeDef extends NodeDef {
  readonly hold?: boolean;
  readonly countOnly?: boolean;
  /** A file to write every message to before anything else: what was read of a killed process may be less. */
  readonly journal?: string;
}

/** A probe as the test process reaches it through the runtime. */
export interface Probe extends Node {
  received: number;
  /** Says done (or failed, when given a reason) for the oldest held messages, and how many those were. */
  release(count: number, failure: string | undefined): number;
}

type Done = (error?: Error) => void;

export default function probe(RED: NodeAPI): void {
  function TestProbe(this: Probe, definition: ProbeDef): void {
    RED.nodes.createNode(this, definition);
    const held: Done[] = [];
    this.received = 0;
    this.release = (count, failure) => {
      const released = held.splice(0, count);
      for (const done of released) done(failure === undefined ? undefined : new Error(failure));
      return released.length;
    };
    this.on("input", (message, send, done) => {
      this.received++;
      if (definition.journal) appendFileSync(definition.journal, `${JSON.stringify(message)}\n`);
      try {
        const report: FromNodeRed = { kind: "message", probe: this.id, message };
        if (!definition.countOnly) process.send?.(report);
      } catch (error) {
        // A message that cannot be cloned breaks the contract of plain JSON values and Buffers.
        done(new Error("this message cannot be cloned", { cause: error }));
        return;
      }
      send(message);
      if (definition.hold) held.push(done);
      else done();
    });
  }
  RED.nodes.registerType("test-probe", TestProbe);
}
