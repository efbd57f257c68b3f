/**
 * Nodes for a test of completion: one that sends events and tells what became of them, without a broker, and others
 * that behave as contributed nodes do.
 */
import type { Node, NodeAPI, NodeDef, NodeMessage } from "node-red";
import type { Outcome, Run } from "../../../src/completion/run";
import { type CompletionTracker, trackerOf } from "../../../src/completion/tracker";
import { runtimeOf } from "../../../src/nodes/in-node";

/** What a run looks like from outside, at some moment. */
export interface Seen {
  readonly outcome: Outcome | undefined;
  readonly heldBy: string;
  readonly failure: string | undefined;
}

/** Sends tracked messages. */
export interface EventNode extends Node {
  /** The events' outcomes so far, in the order they were sent. */
  seen(): Seen[];
  /** Sends one event for each payload, in one go. */
  sends(payloads: readonly unknown[], notWaitedFor?: readonly string[]): void;
}

type Work = { readonly msg: NodeMessage; readonly done: (error?: Error) => void };

export default function palette(RED: NodeAPI): void {
  let sequence = 0;

  RED.nodes.registerType("test-event", function (this: EventNode, definition: NodeDef) {
    RED.nodes.createNode(this, definition);
    const tracker: CompletionTracker = trackerOf(runtimeOf(RED));
    tracker.acquire();
    const sent: { run?: Run; outcome?: Outcome }[] = [];
    this.seen = () =>
      sent.map(({ run, outcome }) => ({
        outcome,
        heldBy: run?.heldBy ?? "",
        failure: run?.failure?.reason,
      }));
    this.sends = (payloads, notWaitedFor = []) => {
      for (const payload of payloads) {
        const message = { _msgid: `event-${++sequence}`, topic: "GRANTED", payload };
        const entry: (typeof sent)[number] = {};
        const finish = (outcome: Outcome): void => {
          entry.outcome = outcome;
        };
        entry.run = tracker.track(message, () => this.send(message), finish, {
          notWaitedFor: new Set(notWaitedFor),
        });
        sent.push(entry);
      }
    };
    this.on("close", () => {
      for (const { run } of sent) if (run !== undefined) tracker.forget(run);
      tracker.release();
    });
  });

  // Works off a queue from whatever callback is at hand, reports errors with their message, then completes: mysql.
  const queue: Work[] = [];
  let isBusy = false;
  const work = (node: Node): void => {
    const next = queue.shift();
    if (next === undefined) {
      isBusy = false;
      return;
    }
    setTimeout(() => {
      if (next.msg.payload === "bad") node.error("table missing", next.msg);
      else node.send(next.msg);
      next.done();
      work(node);
    }, 10);
  };
  RED.nodes.registerType("test-pool", function (this: Node, definition: NodeDef) {
    RED.nodes.createNode(this, definition);
    this.on("input", (msg, _send, done) => {
      queue.push({ msg, done });
      if (!isBusy) {
        isBusy = true;
        work(this);
      }
    });
  });

  // Take one argument and work on; what they do is in the payload. Several, for a type is learnt once in a process.
  for (const type of ["test-silent-a", "test-silent-b", "test-silent-c", "test-silent-d", "sqlite"]) {
    RED.nodes.registerType(type, function (this: Node, definition: NodeDef) {
      RED.nodes.createNode(this, definition);
      this.on("input", (msg) => {
        setTimeout(() => {
          if (msg.payload === "bad") this.error("no such table", msg);
          else if (msg.payload === "new") this.send({ payload: "made" });
          else this.send(msg);
        }, 100);
      });
    });
  }

  // Take `done` and never call it.
  for (const type of ["test-never", "cronplus", "uibuilder"]) {
    RED.nodes.registerType(type, function (this: Node, definition: NodeDef & { fwdInMessages?: boolean }) {
      RED.nodes.createNode(this, definition);
      Object.assign(this, { fwdInMessages: definition.fwdInMessages === true });
      this.on("input", (_msg, _send, _done) => undefined);
    });
  }

  // Keeps messages until another comes, and takes one argument: a gate.
  RED.nodes.registerType("test-store", function (this: Node, definition: NodeDef) {
    RED.nodes.createNode(this, definition);
    const stored: NodeMessage[] = [];
    this.on("input", (msg) => {
      if (msg.payload === "open") this.send([stored.splice(0)]);
      else stored.push(msg);
    });
  });
}
