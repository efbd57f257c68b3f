/** An event consumer while flows stop and start, while its node is made anew, and after the process has died. */
import assert from "node:assert/strict";
import { leave } from "../../../src/completion/leaving";
import { settled } from "../../support/fake-time";
import { ConsumerStage, QUEUE } from "./consumer-stage";

const DEAD = `${QUEUE}.dead`;

describe("a consumer at a deploy", () => {
  let stage: ConsumerStage;

  beforeEach(() => {
    stage = new ConsumerStage();
  });
  afterEach(() => stage.stop());

  it("hands what its flow still has to its successor, and the flow sees nothing of it", async () => {
    const first = await stage.start();
    await stage.publish("a");
    await stage.close(first);
    await stage.start();

    assert.deepEqual(stage.seen, ["a"]);
    await stage.end(stage.last());
    assert.ok(stage.isEmpty);
    assert.deepEqual(stage.logged, []);
  });

  it("goes on as soon as its flow has ended what another reader was given meanwhile", async () => {
    const first = await stage.start({ maxInFlight: 1 });
    await stage.publish("a");
    await stage.close(first);
    stage.rabbit.ready(QUEUE).length = 0;
    const second = await stage.start({ maxInFlight: 1 });
    await stage.publish("b");
    assert.deepEqual(stage.seen, ["a"], "the flow has as much as it may");

    await stage.end(stage.last());

    assert.deepEqual(stage.seen, ["a", "b"]);
    assert.equal(second.view.inFlight, 1);
  });

  it("lets work end that ends within five seconds", async () => {
    const first = await stage.start();
    await stage.publish("a");

    const closing = stage.close(first);
    await stage.time.advance(3_000);
    await stage.end(stage.last());
    await closing;
    await stage.start();

    assert.deepEqual(stage.seen, ["a"]);
    assert.ok(stage.isEmpty);
  });

  it("does not wait for what can only end once the deploy is over, and hears how it ends then", async () => {
    const first = await stage.start();
    await stage.publish("a");

    const closing = stage.close(first);
    stage.last().run.isPassedOn = true;
    leave({}, "passes-on");
    assert.ok((await closing) < 1_000, "not the five seconds that work may take to end");
    await stage.start();

    assert.deepEqual(stage.seen, ["a"]);
    await stage.end(stage.last());
    assert.ok(stage.isEmpty);
  });

  it("gives what comes while it closes to its successor, as something new", async () => {
    const first = await stage.start({}, { hasDied: true });
    await stage.publish("a");
    const closing = stage.close(first);
    stage.rabbit.ignores = (call) => call.startsWith("cancel");
    await stage.publish("b");
    await closing;
    stage.rabbit.ignores = undefined;
    await stage.start({}, { hasDied: true });

    assert.deepEqual(stage.seen, ["a", "b"]);
    assert.equal(stage.last().regards.redelivered, false);
    assert.ok(!stage.rabbit.calls.includes(`publish ${DEAD} back`), "no death is counted");
  });

  it("hands on a wait for the next attempt: a deploy does not skip it", async () => {
    const queue = { mode: "existing", name: QUEUE } as const;
    const first = await stage.start({ queue });
    stage.rabbit.publish("", QUEUE, JSON.stringify({ status: "DONE", correlationId: "a" }));
    await settled();
    await stage.fail(stage.last());
    await stage.time.advance(10_000);
    await stage.close(first);
    await stage.start({ queue });

    await stage.time.advance(19_000);
    assert.equal(stage.sent.length, 1);
    await stage.time.advance(2_000);

    assert.equal(stage.sent.length, 2);
    assert.equal(stage.last().regards.attempt, 2);
  });

  it("is no attempt, however often the nodes are stopped that have an event", async () => {
    for (let times = 0; times < 5; times += 1) {
      const consumer = await stage.start();
      if (times === 0) await stage.publish("a");
      await stage.close(consumer);
      await stage.end(stage.last(), { kind: "abandoned", node: "function" });
    }
    await stage.start();

    assert.equal(stage.last().regards.attempt, 1);
    assert.equal(stage.last().regards.redelivered, false);
  });

  it("keeps open what is decided by hand, unless all flows are stopped", async () => {
    const first = await stage.start({ settle: "manual" });
    await stage.publish("a");
    await stage.end(stage.last());
    await stage.close(first);
    const second = await stage.start({ settle: "manual" });
    assert.equal(stage.sent.length, 1);

    stage.flows.become({ isRunning: false, isFullStop: true });
    await stage.close(second);
    stage.flows.become({ isRunning: true });
    const third = await stage.start({ settle: "manual" });

    assert.equal(stage.sent.length, 2);
    third.decideByHand({ _msgid: "m", regards: stage.last().regards });
    await settled();
    assert.ok(stage.isEmpty);
  });

  it("offers anew what was to be decided by hand, when nobody can do so any more", async () => {
    const first = await stage.start({ settle: "manual" });
    await stage.publish("a");
    await stage.end(stage.last());
    await stage.close(first);

    await stage.start({ settle: "finished" });

    assert.equal(stage.sent.length, 2);
    await stage.end(stage.last());
    assert.ok(stage.isEmpty);
  });

  it("lets go of what was to be decided by hand when the node is deleted", async () => {
    const consumer = await stage.start({ settle: "manual" });
    await stage.publish("a");
    await stage.end(stage.last());

    await stage.close(consumer, true);

    assert.equal(stage.trackerUsers, 0);
    assert.equal(stage.rabbit.ready(QUEUE).length, 1);
  });

  it("says whether a deleted node's queue is still to be left", async () => {
    const one = await stage.start();
    assert.equal(await one.close(true), true);

    const other = await stage.start();
    await stage.cut();
    assert.equal(await other.close(true), false);
  });

  it("writes a letter that was on its way when the node was made anew, once", async () => {
    const queue = { mode: "own", name: QUEUE, type: "classic", exchange: "orders" } as const;
    const first = await stage.start({ queue, attempts: 1 });
    stage.rabbit.refuses = (call) =>
      call === "declare q.dead"
        ? new Error("ACCESS_REFUSED - configure access to queue 'q.dead'")
        : undefined;
    await stage.publish("a");
    await stage.fail(stage.last());
    await stage.close(first);
    stage.rabbit.refuses = undefined;
    await stage.start({ queue, attempts: 1 });
    await stage.time.advance(30_000);

    assert.equal(stage.rabbit.ready(DEAD).length, 1);
    assert.ok(stage.isEmpty);
    assert.equal(stage.sent.length, 1);
  });

  it("does not make again a copy that was on its way, if the broker has it", async () => {
    const first = await stage.start();
    await stage.publish("a");
    stage.rabbit.confirms = false;
    await stage.fail(stage.last());
    const closing = stage.close(first);
    await stage.time.advance(5_500);
    for (const channel of stage.rabbit.publishing.channels)
      for (const each of channel.owed.splice(0)) each(null);
    await closing;
    stage.rabbit.confirms = true;
    await stage.start();

    assert.equal(stage.rabbit.ready(`${QUEUE}.retry`).length, 1);
    assert.ok(stage.isEmpty);
    assert.equal(stage.sent.length, 1);
  });

  it("closes within 14 s when the broker is frozen, and leaves no timer, listener or lease", async () => {
    const consumer = await stage.start();
    await stage.publish("a");
    await stage.publish("b");
    await stage.fail(stage.last());
    stage.rabbit.expire(`${QUEUE}.retry`);
    await settled();
    stage.rabbit.ignores = () => true;
    stage.closing = 2_000;

    const passed = await stage.close(consumer, true);
    for (const { run } of stage.sent) run.end();
    await stage.time.advance(120_000);

    assert.ok(passed < 14_000, `${passed} ms`);
    assert.equal(stage.time.timers, 0);
    assert.equal(stage.flows.listeners.size, 0);
    assert.equal(stage.rabbit.consuming.listeners + stage.rabbit.publishing.listeners, 0);
    assert.equal(stage.leases, 0);
    assert.equal(stage.trackerUsers, 0);
  });

  it("accepts again what the broker has not heard of while the node was made anew", async () => {
    const first = await stage.start();
    await stage.publish("a");
    stage.rabbit.isListening = false;
    await stage.end(stage.last());
    stage.rabbit.ignores = (call) => call === "close";
    await stage.close(first);
    stage.rabbit.isListening = true;
    stage.rabbit.ignores = undefined;
    await stage.reconnect();
    await stage.start();

    assert.deepEqual(stage.seen, ["a"]);
    assert.ok(stage.isEmpty);
  });

  it("goes with its queue when its node was deleted and nothing waits there", async () => {
    const consumer = await stage.start();

    await stage.close(consumer, true);

    assert.deepEqual([...stage.rabbit.queues.keys()], []);
  });

  it("keeps the queue of a deleted node if it has just given something back, whatever the queue counts", async () => {
    const consumer = await stage.start();
    await stage.publish("a");
    stage.rabbit.isListening = false;

    await stage.close(consumer, true);

    assert.ok(stage.rabbit.queues.has(QUEUE));
    assert.ok(stage.logged.includes("queue-kept"));
  });
});

describe("a consumer while flows do not run", () => {
  let stage: ConsumerStage;

  beforeEach(() => {
    stage = new ConsumerStage();
  });
  afterEach(() => stage.stop());

  it("keeps what comes, filters it, and offers it when they run, no more than they may hold", async () => {
    const consumer = await stage.start({ maxInFlight: 1 }, { system: { tenant: "mine" } });
    stage.flows.become({ isRunning: false });
    const headers = { "regards.tenant": "mine" };
    await stage.publish("a", headers);
    await stage.publish("theirs", { "regards.tenant": "theirs" });
    await stage.publish("b", headers);
    assert.deepEqual(stage.seen, []);
    assert.equal(consumer.view.counters.filtered, 1);

    stage.flows.become({ isRunning: true });

    assert.deepEqual(stage.seen, ["a"]);
    await stage.end(stage.last());
    assert.deepEqual(stage.seen, ["a", "b"]);
  });

  it("renews and settles meanwhile what the flow has", async () => {
    await stage.start();
    await stage.publish("a");
    stage.flows.become({ isRunning: false });
    await stage.reconnect();

    await stage.end(stage.last());

    assert.ok(stage.isEmpty);
  });

  it("lets others have the events once that takes long, and goes on by itself", async () => {
    const consumer = await stage.start();
    await stage.publish("a");
    stage.flows.become({ isRunning: false });
    await stage.publish("b");

    stage.flows.become({ isRunning: false, pausedBy: "missing-type" });
    await settled();
    await stage.publish("c");

    assert.deepEqual(
      stage.rabbit.ready(QUEUE).map(({ properties }) => properties.correlationId),
      ["b", "c"],
    );
    assert.equal(consumer.view.paused, "missing-type");
    await stage.end(stage.last());
    assert.equal(stage.rabbit.unacked(QUEUE).length, 0, "what the flow had is settled still");

    stage.flows.become({ isRunning: true });
    await settled();
    assert.deepEqual(stage.seen, ["a", "b", "c"]);
    assert.equal(stage.sent[1]?.regards.redelivered, false);
    assert.deepEqual(stage.logged, ["paused", "resumed-flows"]);
  });

  it("gives back what a consumer still brings that was on its way when it was to pause", async () => {
    await stage.start();
    stage.rabbit.ignores = (call) => call.startsWith("cancel");
    stage.flows.become({ isRunning: false, pausedBy: "stopped" });
    await stage.publish("a");
    assert.equal(stage.rabbit.unacked(QUEUE).length, 1);
    for (const { consumers } of stage.rabbit.queues.values()) consumers.clear();

    await stage.time.advance(15_000);

    assert.equal(stage.rabbit.ready(QUEUE).length, 1);
  });

  it("lets an attempt wait that is due", async () => {
    const queue = { mode: "existing", name: QUEUE } as const;
    await stage.start({ queue });
    stage.rabbit.publish("", QUEUE, JSON.stringify({ status: "DONE", correlationId: "a" }));
    await settled();
    await stage.fail(stage.last());
    stage.flows.become({ isRunning: false });
    await stage.time.advance(31_000);
    assert.equal(stage.sent.length, 1);

    stage.flows.become({ isRunning: true });

    assert.equal(stage.sent.length, 2);
    assert.equal(stage.last().regards.attempt, 2);
  });
});

describe("a consumer after its process has died", () => {
  let stage: ConsumerStage;

  beforeEach(() => {
    stage = new ConsumerStage();
  });
  afterEach(() => stage.stop());

  /** What the dead process had: the broker marks it. */
  async function inheritance(headers: Record<string, unknown> = {}): Promise<void> {
    stage.rabbit.declare(QUEUE).ready.push({
      content: JSON.stringify({ status: "DONE", correlationId: "a" }),
      ...{ exchange: `${QUEUE}.dead`, properties: { correlationId: "a" }, headers, redelivered: true },
    });
  }

  it("marks what it had as repeated, and counts no attempt", async () => {
    await inheritance();
    await stage.start({}, { hasDied: false });

    assert.equal(stage.last().regards.redelivered, true);
    assert.equal(stage.last().regards.attempt, 1);
  });

  it("counts the death with the event, which is marked still", async () => {
    await inheritance({ "regards-flow.attempts": 1, "regards-flow.deaths": 3 });
    await stage.start({}, { hasDied: true });

    assert.equal(stage.sent.length, 1);
    assert.equal(stage.last().regards.redelivered, true);
    assert.equal(stage.last().regards.attempt, 2);
    assert.equal(stage.rabbit.unacked(QUEUE)[0]?.headers["regards-flow.deaths"], 4);
  });

  it("gives up at the tenth death what was in hand at each", async () => {
    await inheritance({ "regards-flow.deaths": 9 });
    await stage.start({}, { hasDied: true });

    assert.deepEqual(stage.seen, []);
    const [letter] = stage.rabbit.ready(DEAD);
    assert.match(String(letter?.headers["regards-flow.reason"]), /10 deaths/);
    assert.deepEqual(stage.logged, ["process-deaths"]);
  });

  it("offers it all the same when its count cannot be written", async () => {
    await inheritance();
    stage.rabbit.publishing.cut();
    await stage.start({}, { hasDied: true });
    assert.deepEqual(stage.seen, []);

    await stage.time.advance(12_000);

    assert.deepEqual(stage.seen, ["a"]);
    await stage.end(stage.last());
    assert.ok(stage.isEmpty);
  });
});
