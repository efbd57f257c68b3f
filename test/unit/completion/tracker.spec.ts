/** When an event has ended, without Node-RED: what takes long there, and what cannot be provoked there. */
import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { TIMING } from "../../../src/completion/after";
import { leave } from "../../../src/completion/leaving";
import type { Outcome, Run } from "../../../src/completion/run";
import type { TrackOptions } from "../../../src/completion/runs";
import type { FlowMessage } from "../../../src/completion/runtime";
import { CompletionTracker } from "../../../src/completion/tracker";
import { FakeNodeRed, FakeTime, type Handler } from "./fake-node-red";

const MINUTE = 60_000;

describe("the completion of an event", () => {
  let nodeRed: FakeNodeRed;
  let time: FakeTime;
  let tracker: CompletionTracker;
  let outcomes: Outcome[];
  let sequence = 0;

  beforeEach(() => {
    time = new FakeTime();
    nodeRed = new FakeNodeRed();
    tracker = new CompletionTracker(nodeRed, { ...TIMING, after: time.after });
    tracker.acquire();
    outcomes = [];
  });

  it("comes a turn after the last node has completed it", async () => {
    let done: () => void = assert.fail;
    nodeRed.node("a", ["b"], passOn("a"));
    nodeRed.node("b", [], (_msg, complete) => {
      done = complete;
    });
    const run = send("a");
    await turns();
    assert.equal(run.heldBy, "b");
    assert.ok((run.heldSince ?? 0) > 0);
    assert.deepEqual(outcomes, []);

    done();
    await turns();

    assert.deepEqual(outcomes, [{ kind: "finished" }]);
    assert.equal(tracker.size, 0);
  });

  it("waits a minute at most for a node known to send later", async () => {
    nodeRed.silent("sqlite", [], () => undefined);
    send("sqlite");
    await turns();
    time.pass(MINUTE - 1);
    await turns();
    assert.deepEqual(outcomes, []);

    time.pass(1);
    await turns();

    assert.deepEqual(outcomes, [{ kind: "finished" }]);
  });

  it("does not teach to wait for a widget that sends what a person did, nor for a node that runs sources", async () => {
    for (const type of ["ui_template", "ticker"]) {
      const node = nodeRed.silent(type, ["sink"], () => undefined);
      nodeRed.node("sink", [], (_msg, done) => done());
      const { messageId } = send(type);
      await turns();
      if (type === "ticker") node._inputCallback = undefined;
      node.send({ _msgid: messageId });
      await turns();
    }
    nodeRed.silent("ticker", [], () => undefined);
    outcomes = [];

    send("ui_template");
    send("ticker");
    await turns();

    assert.equal(outcomes.length, 2);
  });

  it("names the first node that sends too late, and not those that pass its message on", async () => {
    let work: () => void = assert.fail;
    nodeRed.silent("culprit", ["asynchronous"], (msg) => {
      work = () => nodeRed.nodeNow("culprit")?.send(msg);
    });
    nodeRed.node(
      "asynchronous",
      ["passes"],
      (msg, done) => {
        setImmediate(() => {
          done();
          nodeRed.nodeNow("asynchronous")?.send(msg);
        });
      },
      "function",
    );
    nodeRed.silent("passes", ["sink"], (msg) => nodeRed.nodeNow("passes")?.send(msg));
    nodeRed.node("sink", [], (_msg, done) => done());
    send("culprit");
    await turns();
    assert.deepEqual(outcomes, [{ kind: "finished" }]);

    work();
    await turns();

    assert.deepEqual(nodeRed.warned, ["culprit"]);
  });

  it("is not put off by a stranger's message that a timer of the event's sends", async () => {
    const list: (() => void)[] = [];
    const timer: { work?: () => void } = {};
    nodeRed.node("list", ["works"], (msg, done) => {
      list.push(() => {
        nodeRed.nodeNow("list")?.send(msg);
        done();
      });
      // The timer is started for the first message, and bears its context for ever.
      if (list.length === 1) setImmediate(() => timer.work?.());
    });
    nodeRed.node("works", [], (msg, done) => {
      if (msg._msgid !== "stranger") done();
    });
    timer.work = () => {
      list.reverse();
      for (const each of list) each();
    };
    send("list");
    await turn();
    nodeRed.nodeNow("list")?.receive({ _msgid: "stranger" });
    await turns();

    assert.deepEqual(outcomes, [{ kind: "finished" }]);
  });

  it("is a failure when an error is reported with its message in nobody's context", async () => {
    let report: () => void = assert.fail;
    nodeRed.node("pool", [], (msg, done) => {
      report = () => {
        nodeRed.nodeNow("pool")?.error(new Error("table missing"), msg);
        done();
      };
    });
    const run = send("pool");
    await turns();

    report();
    assert.equal(run.failure?.reason, "table missing");
    await turns();

    assert.deepEqual(outcomes, [{ kind: "failed", node: "pool", reason: "table missing" }]);
  });

  it("is none when a Catch node takes the error, and goes on behind it", async () => {
    let done: () => void = assert.fail;
    nodeRed.node("fails", [], (_msg, complete) => complete(new Error("boom")));
    nodeRed.node("catch", ["after"], passOn("catch"));
    nodeRed.node("after", [], (_msg, complete) => {
      done = complete;
    });
    const run = send("fails");
    await turns();
    assert.equal(run.heldBy, "after");

    done();
    await turns();

    assert.deepEqual(outcomes, [{ kind: "finished" }]);
  });

  it("is the same as that of the event it was joined into", async () => {
    const parts: { readonly done: () => void }[] = [];
    nodeRed.node("join", ["fails"], (msg, done) => {
      parts.push({ done });
      if (parts.length === 2) {
        nodeRed.nodeNow("join")?.send({ _msgid: msg._msgid });
        for (const part of parts) part.done();
      }
    });
    nodeRed.node("fails", [], (_msg, done) => done(new Error("boom")));
    send("join");
    send("join");
    await turns();

    const failed = { kind: "failed", node: "fails", reason: "boom" };
    assert.deepEqual(outcomes, [failed, failed]);
  });

  it("waits five seconds for a node that was closed, and then the event has to come again", async () => {
    const node = nodeRed.node("slow", [], () => undefined);
    send("slow");
    await turns();
    node.close();
    time.pass(4_999);
    await turns();
    assert.deepEqual(outcomes, []);

    time.pass(1);
    await turns();

    assert.deepEqual(outcomes, [{ kind: "abandoned", node: "slow" }]);
  });

  it("is brought to its end by the node that takes in what the closed one passes on, however late", async () => {
    const taken: FlowMessage[] = [];
    const node = nodeRed.node("out", [], (msg) => taken.push(msg));
    node.on("close", () => leave(node, "passes-on"));
    send("out");
    await turns();
    node.close();
    time.pass(60_000);
    await turns();
    assert.deepEqual(outcomes, []);

    nodeRed.node("out", [], (_msg, done) => done()).receive(taken[0] as FlowMessage);
    await turns();

    assert.deepEqual(outcomes, [{ kind: "finished" }]);
  });

  it("has to come again once it is known that nobody takes what was passed on", async () => {
    const node = nodeRed.node("out", [], () => undefined);
    node.on("close", () => leave(node, "passes-on"));
    send("out");
    await turns();
    node.close();
    leave(node, "drops");
    await turns();

    assert.deepEqual(outcomes, [{ kind: "abandoned", node: "out" }]);
  });

  it("does not wait for a node that says, while it is closed, that it drops what it has", async () => {
    const node = nodeRed.node("dropping", [], () => undefined);
    node.on("close", () => leave(node, "drops"));
    send("dropping");
    await turns();
    node.close();
    await turns();

    assert.deepEqual(outcomes, [{ kind: "abandoned", node: "dropping" }]);
  });

  it("has to come again when its message reaches a node that has just been closed", async () => {
    const node = nodeRed.node("closing", [], () => assert.fail("it is closed"));
    nodeRed.node("holds", [], () => undefined);
    nodeRed.node("first", ["closing"], passOn("first"));
    send("closing");
    node.close();
    await turns();

    assert.deepEqual(outcomes, [{ kind: "abandoned", node: "closing" }]);
  });

  it("is put off while all its message leads to is disabled, until the flows start again", async () => {
    nodeRed.configs.set("tab", { id: "tab", type: "tab", disabled: true });
    nodeRed.configs.set("off", { id: "off", type: "http request", name: "delivers", z: "tab" });
    nodeRed.node("first", ["off"], passOn("first"));
    const run = send("first");
    await turns();
    assert.equal(run.heldBy, 'http request "delivers" (disabled)');
    assert.deepEqual(outcomes, []);

    nodeRed.events.emit("flows:stopping");
    nodeRed.events.emit("flows:started");
    await turns();

    assert.deepEqual(outcomes, [{ kind: "abandoned", node: 'http request "delivers" (disabled)' }]);
  });

  it("does not come for an event that was forgotten", async () => {
    nodeRed.node("holds", [], () => undefined);
    const run = send("holds");
    await turns();

    tracker.forget(run);
    await turns();

    assert.deepEqual(outcomes, []);
    assert.equal(tracker.size, 0);
  });

  it("is looked for only while somebody needs it", () => {
    assert.equal(nodeRed.hooked.length, 5);
    tracker.acquire();
    tracker.release();
    assert.equal(nodeRed.hooked.length, 5);

    tracker.release();

    assert.deepEqual(nodeRed.hooked, []);
  });

  function passOn(id: string): Handler {
    return (msg, done) => {
      nodeRed.nodeNow(id)?.send(msg);
      done();
    };
  }

  it("is no end where a verdict is waited for, unless it has failed; the verdict may come by a message of its id", async () => {
    nodeRed.node("a", [], (_msg, done) => done());
    nodeRed.node("fails", [], (_msg, done) => done("no"));
    const undecided = send("a", { endsByVerdict: true });
    send("fails", { endsByVerdict: true });
    await turns();

    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ["failed"],
    );
    assert.ok(undecided.isIdle);
    assert.deepEqual([...tracker.runsOf({ _msgid: undecided.messageId })], [undecided]);

    // Hours later, from a context: the event is open still, so nothing is late.
    nodeRed.node("button", ["a"], () => undefined).send({ _msgid: undecided.messageId });
    await turns();
    assert.deepEqual(nodeRed.warned, []);
    tracker.forget(undecided);
    assert.deepEqual([...tracker.runsOf({ _msgid: undecided.messageId })], []);
    assert.equal(tracker.size, 0);
  });

  it("is not waited for when the message could not be sent", () => {
    const message = { _msgid: "event" };
    const fail = (): never => {
      throw new Error("no");
    };
    assert.throws(() => tracker.track(message, fail, () => assert.fail(), { endsByVerdict: true }), /no/);

    assert.equal(tracker.size, 0);
  });

  it("is decided with that of all events a message was joined from", async () => {
    const held: { msg: FlowMessage; done: () => void }[] = [];
    nodeRed.node("join", ["verdict"], (msg, done) => {
      held.push({ msg, done });
      if (held.length === 3) {
        nodeRed.nodeNow("join")?.send({ _msgid: msg._msgid });
        for (const each of held) each.done();
      }
    });
    const decided: Set<Run>[] = [];
    nodeRed.node("verdict", [], (msg, done) => {
      decided.push(tracker.runsOf(msg));
      done();
    });
    nodeRed.node("alone", [], () => undefined);

    const runs = ["join", "join", "join"].map((to) => send(to, { endsByVerdict: true }));
    send("alone", { endsByVerdict: true });
    await turns();

    assert.equal(decided.length, 1);
    assert.deepEqual(new Set(decided[0]), new Set(runs));
  });

  function send(to: string, options: TrackOptions = {}): Run {
    const message = { _msgid: `event-${++sequence}` };
    const source = nodeRed.nodeNow("in") ?? nodeRed.node("in", [], () => undefined);
    source.wires = [[to]];
    return tracker.track(
      message,
      () => source.send(message),
      (outcome) => outcomes.push(outcome),
      options,
    );
  }

  /** Enough of them for a message to pass all nodes. */
  async function turns(): Promise<void> {
    for (let each = 0; each < 20; each += 1) await turn();
  }
});
