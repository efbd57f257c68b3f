/** How events end: accepted, tried again, given up, and what happens while the broker takes no copies. */
import assert from "node:assert/strict";
import { settled } from "../../support/fake-time";
import { ConsumerStage, QUEUE } from "./consumer-stage";

const RETRY = `${QUEUE}.retry`;
const DEAD = `${QUEUE}.dead`;
const existing = { mode: "existing", name: QUEUE } as const;

describe("how an event ends", () => {
  let stage: ConsumerStage;

  beforeEach(() => {
    stage = new ConsumerStage();
  });
  afterEach(() => stage.stop());

  it("accepted when the flow has finished, and not before", async () => {
    const consumer = await stage.start();
    await stage.publish("a");
    assert.equal(stage.rabbit.unacked(QUEUE).length, 1);

    await stage.end(stage.last());

    assert.ok(stage.isEmpty);
    assert.equal(consumer.view.counters.accepted, 1);
    assert.equal(consumer.view.inFlight, 0);
  });

  it("measured for Node-RED's own metrics: once received and once done, whatever becomes of it", async () => {
    await stage.start({ attempts: 1 });
    await stage.publish("a");
    await stage.fail(stage.last());
    await stage.publish("b");
    await stage.reconnect();
    await stage.end(stage.last());
    stage.leadsTo = "nowhere";
    await stage.publish("c");

    const kinds = stage.measured.map((each) => each.split(" ")[0]);
    assert.deepEqual(kinds, ["receive", "done", "receive", "done", "receive", "done"]);
    assert.equal(new Set(stage.measured.map((each) => each.split(" ")[1])).size, 3);
  });

  it("accepted at once where nothing is wired, or where it is handed over only", async () => {
    await stage.start({ settle: "handed" });
    await stage.publish("a");
    assert.ok(stage.isEmpty);

    stage.leadsTo = "nowhere";
    await stage.publish("b");

    assert.ok(stage.isEmpty);
    assert.deepEqual(stage.seen, ["a"]);
  });

  it("given up at once where it could not be read and nothing is wired", async () => {
    await stage.start();
    stage.leadsTo = "nowhere";

    stage.rabbit.publish("orders", "", "no JSON");
    await settled();

    assert.match(reasonOf(stage), /^REGARDS_BAD_JSON/);
    assert.deepEqual(stage.logged, ["unrecognised-unwired"]);
  });

  it("tried again by way of the retry queue, each attempt counted, and then given up with its reason", async () => {
    const consumer = await stage.start();
    await stage.publish("a", { custom: 1 });

    for (const attempt of [1, 2, 3]) {
      assert.equal(stage.last().regards.attempt, attempt);
      assert.equal(stage.last().regards.exchange, "orders");
      await stage.fail(stage.last());
      assert.ok(stage.isEmpty);
      stage.rabbit.expire(RETRY);
      await settled();
    }

    assert.equal(stage.sent.length, 3);
    const [letter] = stage.rabbit.ready(DEAD);
    assert.equal(letter?.headers["regards-flow.reason"], "no");
    assert.equal(letter?.headers["regards-flow.attempts"], 3);
    assert.equal(letter?.headers.custom, 1);
    assert.equal(letter?.headers["x-death"], undefined);
    const { accepted, retried, rejected } = consumer.view.counters;
    assert.deepEqual({ accepted, retried, rejected }, { accepted: 0, retried: 2, rejected: 1 });
    assert.equal(consumer.view.deadLetters, 1);
  });

  it("others go on while one waits for its next attempt", async () => {
    await stage.start({ maxInFlight: 1 });
    await stage.publish("a");
    await stage.fail(stage.last());

    await stage.publish("b");

    assert.deepEqual(stage.seen, ["a", "b"]);
  });

  it("an existing queue's waits here, in its place, and is then told to be rejected", async () => {
    await stage.start({ queue: existing, attempts: 2 });
    stage.rabbit.publish("", QUEUE, event("a"));
    await settled();
    await stage.fail(stage.last());
    await stage.time.advance(29_000);
    assert.equal(stage.sent.length, 1);
    await stage.time.advance(1_100);
    assert.equal(stage.sent.length, 2);

    await stage.fail(stage.last());

    assert.ok(stage.rabbit.calls.includes("reject 1"));
    assert.deepEqual(stage.logged, ["rejects-existing", "rejected"]);
  });

  it("an existing queue's that waits longer than the deadline is taken up anew, and waits on", async () => {
    await stage.start({ queue: existing, retryDelay: 100_000, deadline: 60_000 });
    stage.rabbit.publish("", QUEUE, event("a"));
    await settled();
    await stage.fail(stage.last());

    await stage.time.advance(90_000);
    assert.ok(stage.rabbit.calls.includes("return 1"));
    assert.equal(stage.sent.length, 1);
    await stage.time.advance(11_000);

    assert.equal(stage.sent.length, 2);
    assert.equal(stage.last().regards.attempt, 2);
  });

  it("accepted only once the broker has confirmed the letter", async () => {
    await stage.start({ attempts: 1 });
    await stage.publish("a");
    stage.rabbit.confirms = false;
    await stage.fail(stage.last());
    assert.equal(stage.rabbit.unacked(QUEUE).length, 1);

    for (const channel of stage.rabbit.publishing.channels) for (const confirm of channel.owed) confirm(null);
    await settled();

    assert.ok(stage.isEmpty);
  });

  it("dead-lettered by the broker itself when no letter is confirmed within ten seconds", async () => {
    await stage.start({ attempts: 1, maxInFlight: 2 });
    await stage.publish("a");
    await stage.publish("b");
    stage.rabbit.publishing.cut();
    await stage.fail(stage.sent[0] ?? stage.last());
    await stage.time.advance(9_000);
    assert.equal(stage.rabbit.unacked(QUEUE).length, 2);

    await stage.time.advance(3_000);
    assert.equal(stage.rabbit.ready(DEAD).length, 1);

    // For some seconds the way by copies is not tried again.
    await stage.fail(stage.last());
    assert.equal(stage.rabbit.ready(DEAD).length, 2);
    assert.ok(stage.isEmpty);
  });

  for (const { type, what } of [
    { type: "classic", what: "on a classic queue whose dead-letter queue cannot be declared" },
    { type: "quorum", what: "on a queue that somebody else has made with other arguments" },
  ] as const) {
    it(`held, and said, where nothing is safe: ${what}`, async () => {
      const differs = new Error(
        "PRECONDITION_FAILED - inequivalent arg 'x-dead-letter-exchange' for queue 'q'",
      );
      stage.rabbit.refuses = (call) => (type === "quorum" && call === "declare q" ? differs : undefined);
      const queue = { mode: "own", name: QUEUE, type, exchange: "orders" } as const;
      stage.rabbit.declare(QUEUE);
      const consumer = await stage.start({ queue, attempts: 1, maxInFlight: 2 });
      const forbidden = new Error("ACCESS_REFUSED - configure access to queue 'q.dead' refused");
      stage.rabbit.refuses = (call) => (/^(?:declare|look) q\.dead$/.test(call) ? forbidden : undefined);
      await stage.publish("a");
      await stage.fail(stage.last());
      await stage.time.advance(60_000);

      assert.equal(stage.rabbit.unacked(QUEUE).length, 1);
      assert.ok(consumer.view.givingUp);
      assert.ok(stage.logged.includes("dead-letters-stuck"));
      await stage.publish("b");
      assert.deepEqual(stage.seen, ["a", "b"], "others go on");

      stage.rabbit.refuses = undefined;
      await stage.time.advance(11_000);
      assert.equal(stage.rabbit.ready(DEAD).length, 1);
      assert.equal(consumer.view.givingUp, undefined);
      assert.equal(consumer.view.counters.rejected, 1);
    });
  }

  it("held past the deadline, it is taken up anew, and its letter is written once when it can be", async () => {
    const queue = { mode: "own", name: QUEUE, type: "classic", exchange: "orders" } as const;
    await stage.start({ queue, attempts: 1, deadline: 60_000 });
    stage.rabbit.refuses = (call) =>
      /^(?:declare|look) q\.dead$/.test(call)
        ? new Error("ACCESS_REFUSED - configure access to queue 'q.dead'")
        : undefined;
    await stage.publish("a");
    await stage.fail(stage.last());

    await stage.time.advance(200_000);
    assert.ok(stage.rabbit.calls.filter((call) => call.startsWith("return")).length >= 2);
    stage.rabbit.refuses = undefined;
    await stage.time.advance(11_000);

    assert.equal(stage.rabbit.ready(DEAD).length, 1);
    assert.ok(stage.isEmpty);
    assert.equal(stage.sent.length, 1);
  });

  it("held with the reason why the broker takes no letter: an alarm, or a refusal", async () => {
    const differs = new Error(
      "PRECONDITION_FAILED - inequivalent arg 'x-dead-letter-exchange' for queue 'q'",
    );
    stage.rabbit.declare(QUEUE);
    stage.rabbit.refuses = (call) => (call === "declare q" ? differs : undefined);
    const consumer = await stage.start({ attempts: 1 });
    stage.rabbit.publishing.become({ phase: "blocked", reason: "low on memory" });
    await stage.publish("a");
    await stage.fail(stage.last());
    await stage.time.advance(12_000);
    assert.deepEqual(consumer.view.givingUp, { reason: "low on memory" });

    const forbidden = new Error("ACCESS_REFUSED - configure access to queue 'q.dead' refused");
    stage.rabbit.refuses = (call) => (/^(?:declare|look) q\.dead$/.test(call) ? forbidden : undefined);
    await stage.time.advance(12_000);
    assert.deepEqual(consumer.view.givingUp, { reason: forbidden.message });
  });

  it("tried again here when its copy is not confirmed", async () => {
    await stage.start();
    await stage.publish("a");
    stage.rabbit.publishing.cut();
    await stage.fail(stage.last());

    await stage.time.advance(12_000 + 30_000);

    assert.equal(stage.sent.length, 2);
    assert.equal(stage.last().regards.attempt, 2);
  });

  it("nobody believes headers of ours that come by REGARDS' exchange", async () => {
    await stage.start({ attempts: 2 }, { system: { tenant: "mine" } });
    const forged = { "regards-flow.attempts": 7, "regards-flow.deaths": 9, "regards-flow.exchange": "y" };

    await stage.publish("a", { ...forged, "regards.tenant": "mine" });
    assert.equal(stage.last().regards.attempt, 1);
    assert.equal(stage.last().regards.exchange, "orders");
    await stage.publish("b", { ...forged, "regards-flow.reason": "x", "regards.tenant": "theirs" });
    assert.deepEqual(stage.seen, ["a"], "a letter passes every filter, and this is none");
  });

  it("a copy that was published twice is one event", async () => {
    await stage.start();
    await stage.publish("a");
    await stage.fail(stage.last());
    const [copy] = stage.rabbit.ready(RETRY);
    if (copy !== undefined) stage.rabbit.ready(RETRY).push({ ...copy });

    stage.rabbit.expire(RETRY);
    await settled();

    assert.equal(stage.sent.length, 2);
    await stage.end(stage.last());
    assert.ok(stage.isEmpty);
  });

  it("a copy that the broker itself dead-lettered is no repetition when it is sent back", async () => {
    await stage.start({ attempts: 2 });
    await stage.publish("a");
    await stage.fail(stage.last());
    stage.rabbit.expire(RETRY);
    await settled();
    stage.rabbit.publishing.cut();
    await stage.fail(stage.last());
    await stage.time.advance(11_000);
    assert.equal(stage.rabbit.ready(DEAD).length, 1);

    stage.rabbit.expire(DEAD);
    await settled();

    assert.equal(stage.sent.length, 3);
    await stage.end(stage.last());
    assert.ok(stage.isEmpty);
  });

  it("a copy that gets through after it was given up for lost is no second event", async () => {
    await stage.start();
    await stage.publish("a");
    stage.rabbit.confirms = false;
    await stage.fail(stage.last());
    await stage.time.advance(11_000);
    assert.equal(stage.rabbit.ready(RETRY).length, 1, "the broker has it, and says nothing");

    await stage.time.advance(30_000);
    assert.equal(stage.sent.length, 2, "it is tried here");
    stage.rabbit.expire(RETRY);
    await settled();

    assert.equal(stage.sent.length, 2);
    await stage.end(stage.last());
    assert.ok(stage.isEmpty);
  });

  it("given up with its reason when sending throws, its place free again", async () => {
    const consumer = await stage.start();
    stage.failure = new Error("a node that throws");

    await stage.publish("a");

    assert.equal(reasonOf(stage), "a node that throws");
    assert.equal(consumer.view.inFlight, 0);
    assert.ok(stage.logged.includes("surprise"));
  });

  it("given back by the deadline and taken up again, for as long as its flow goes on", async () => {
    const consumer = await stage.start({ deadline: 60_000 });
    await stage.publish("a");

    await stage.time.advance(600_000);

    assert.deepEqual(stage.seen, ["a"]);
    assert.equal(stage.rabbit.unacked(QUEUE).length, 1);
    assert.ok(stage.rabbit.calls.filter((call) => call.startsWith("return")).length >= 9);
    assert.deepEqual(consumer.view.held, { minutes: 10, by: "function" });
    assert.deepEqual(stage.logged, ["held-day"]);
    await stage.end(stage.last());
    assert.ok(stage.isEmpty);
  });

  it("failed at the deadline, if it has failed and a node that never completes keeps it", async () => {
    await stage.start({ deadline: 60_000 });
    await stage.publish("a");
    stage.last().run.failure = { kind: "failed", node: "http request", reason: "no" };

    await stage.time.advance(66_000);

    assert.ok(stage.isEmpty);
    assert.equal(stage.rabbit.ready(RETRY).length, 1);
    assert.ok(stage.last().run.isForgotten);
  });

  it("offered once more, as the same attempt, when the nodes that had it were stopped", async () => {
    await stage.start();
    await stage.publish("a");

    await stage.end(stage.last(), { kind: "abandoned", node: "function" });

    assert.equal(stage.sent.length, 2);
    assert.equal(stage.last().regards.attempt, 1);
    assert.equal(stage.last().regards.redelivered, false);
  });
});

describe("verdicts by hand", () => {
  let stage: ConsumerStage;

  beforeEach(() => {
    stage = new ConsumerStage();
  });
  afterEach(() => stage.stop());

  it("accept, retry and reject the event of the message", async () => {
    const consumer = await stage.start({ settle: "manual" });
    for (const [name, settle] of [
      ["a", undefined],
      ["b", "retry"],
      ["c", "reject"],
    ] as const) {
      await stage.publish(name);
      consumer.decideByHand({ _msgid: "m", regards: stage.last().regards, settle });
      await settled();
      assert.ok(stage.isEmpty);
    }

    assert.equal(stage.rabbit.ready(RETRY).length, 1);
    assert.equal(stage.rabbit.ready(DEAD).length, 1);
  });

  it("count once, and what is none changes nothing and is said", async () => {
    const consumer = await stage.start({ settle: "manual" });
    await stage.publish("a");
    const { regards } = stage.last();

    consumer.decideByHand({ _msgid: "m", regards, settle: "Reject" });
    consumer.decideByHand({ _msgid: "m" });
    await settled();
    assert.equal(stage.rabbit.unacked(QUEUE).length, 1);
    consumer.decideByHand({ _msgid: "m", regards });
    consumer.decideByHand({ _msgid: "m", regards, settle: "reject" });
    await settled();

    assert.deepEqual(stage.rabbit.ready(DEAD), []);
    assert.deepEqual(stage.logged, ["bad-verdict", "unknown-verdict"]);
  });

  it("settle all events that a message was joined from", async () => {
    const consumer = await stage.start({ settle: "manual" });
    for (const name of ["a", "b", "c"]) await stage.publish(name);
    const [a, b, c] = stage.sent;
    stage.runsOf = [a, b].flatMap((each) => (each === undefined ? [] : [each.run]));

    consumer.decideByHand({ _msgid: "m", ...(b === undefined ? {} : { regards: b.regards }) });
    await settled();

    assert.deepEqual(
      stage.rabbit.unacked(QUEUE).map(({ content }) => content),
      [event(String(c?.body))],
    );
  });

  it("settle the event a message comes from, though it names another one too", async () => {
    const consumer = await stage.start({ settle: "manual" });
    for (const name of ["a", "b"]) await stage.publish(name);
    const [a, b] = stage.sent;
    stage.runsOf = b === undefined ? [] : [b.run];

    consumer.decideByHand({ _msgid: "m", ...(a === undefined ? {} : { regards: a.regards }) });
    await settled();

    assert.ok(stage.isEmpty);
  });

  it("settle the event that a message made anew comes from", async () => {
    const consumer = await stage.start({ settle: "manual" });
    await stage.publish("a");
    stage.runsOf = [stage.last().run];

    consumer.decideByHand({ _msgid: "new" });
    await settled();

    assert.ok(stage.isEmpty);
  });

  it("are waited for after the flow has finished, through every deadline", async () => {
    const consumer = await stage.start({ settle: "manual", deadline: 60_000 });
    await stage.publish("a");
    await stage.end(stage.last());
    await stage.time.advance(200_000);
    assert.equal(stage.rabbit.unacked(QUEUE).length, 1);
    assert.equal(stage.sent.length, 1);

    consumer.decideByHand({ _msgid: "m", regards: stage.last().regards });
    await settled();

    assert.ok(stage.isEmpty);
  });

  it("are not needed where an error is not caught: that is a failed attempt", async () => {
    await stage.start({ settle: "manual" });
    await stage.publish("a");

    await stage.fail(stage.last());

    assert.equal(stage.rabbit.ready(RETRY).length, 1);
  });
});

function event(name: string): string {
  return JSON.stringify({ status: "DONE", correlationId: name });
}

function reasonOf({ rabbit }: ConsumerStage): string {
  const letters = rabbit.ready(DEAD);
  assert.equal(letters.length, 1);
  return String(letters[0]?.headers["regards-flow.reason"]);
}
