/** Each event once: whatever the broker repeats while the flow, or this process, still knows the event. */
import assert from "node:assert/strict";
import { settled } from "../../support/fake-time";
import { ConsumerStage, QUEUE } from "./consumer-stage";

describe("an event whose connection is lost", () => {
  let stage: ConsumerStage;

  beforeEach(() => {
    stage = new ConsumerStage();
  });
  afterEach(() => stage.stop());

  it("stays with the flow that has it, and the newest delivery of it is settled", async () => {
    await stage.start();
    await stage.publish("a");

    await stage.reconnect();
    await stage.reconnect();

    assert.deepEqual(stage.seen, ["a"]);
    assert.equal(stage.rabbit.unacked(QUEUE).length, 1);
    await stage.end(stage.last());
    assert.ok(stage.isEmpty);
  });

  it("is accepted when it comes again, if its flow has finished meanwhile", async () => {
    await stage.start();
    await stage.publish("a");
    await stage.cut();

    await stage.end(stage.last());
    assert.equal(stage.rabbit.ready(QUEUE).length, 1);
    await stage.restore();

    assert.deepEqual(stage.seen, ["a"]);
    assert.ok(stage.isEmpty);
  });

  it("is tried again when it comes again, if its flow has failed meanwhile", async () => {
    await stage.start();
    await stage.publish("a");
    await stage.cut();
    await stage.fail(stage.last());

    await stage.restore();

    assert.ok(stage.isEmpty);
    assert.equal(stage.rabbit.ready(`${QUEUE}.retry`).length, 1);
    stage.rabbit.expire(`${QUEUE}.retry`);
    await settled();
    assert.deepEqual(stage.seen, ["a", "a"]);
    assert.equal(stage.last().regards.attempt, 2);
    assert.equal(stage.last().regards.redelivered, false);
  });

  it("is given up when it comes again, if its last attempt has failed meanwhile", async () => {
    await stage.start({ attempts: 1 });
    await stage.publish("a");
    await stage.cut();
    await stage.fail(stage.last());

    await stage.restore();

    assert.ok(stage.isEmpty);
    assert.equal(stage.rabbit.ready(`${QUEUE}.dead`).length, 1);
  });

  it("is not tried twice when the loss comes while its copy for the next attempt is on its way", async () => {
    await stage.start();
    await stage.publish("a");
    stage.rabbit.confirms = false;
    await stage.fail(stage.last());
    assert.equal(stage.rabbit.ready(`${QUEUE}.retry`).length, 1);

    await stage.reconnect();
    confirm(stage);
    await settled();

    assert.equal(stage.rabbit.ready(`${QUEUE}.retry`).length, 1, "one copy");
    assert.ok(stage.isEmpty, "the original is accepted");
  });

  it("is given up once when the loss comes while its letter is on its way", async () => {
    await stage.start({ attempts: 1 });
    await stage.publish("a");
    stage.rabbit.confirms = false;
    await stage.fail(stage.last());

    await stage.reconnect();
    confirm(stage);
    await settled();

    assert.equal(stage.rabbit.ready(`${QUEUE}.dead`).length, 1, "one letter");
    assert.ok(stage.isEmpty);
  });

  it("is tried again here after its wait, if the copy has not got through and the loss came before", async () => {
    await stage.start();
    await stage.publish("a");
    stage.rabbit.publishing.cut();
    await stage.fail(stage.last());
    await stage.reconnect();

    await stage.time.advance(12_000);
    assert.deepEqual(stage.seen, ["a"]);
    await stage.time.advance(30_000);

    assert.deepEqual(stage.seen, ["a", "a"]);
    assert.equal(stage.last().regards.attempt, 2);
    await stage.end(stage.last());
    assert.ok(stage.isEmpty);
  });

  it("keeps its wait for the next attempt when the loss comes during it", async () => {
    const queue = { mode: "existing", name: QUEUE } as const;
    await stage.start({ queue });
    stage.rabbit.publish("", QUEUE, JSON.stringify({ status: "DONE", correlationId: "a" }));
    await settled();
    await stage.fail(stage.last());
    await stage.time.advance(20_000);

    await stage.reconnect();
    await stage.time.advance(9_000);
    assert.equal(stage.sent.length, 1);
    await stage.time.advance(2_000);

    assert.equal(stage.sent.length, 2);
    assert.equal(stage.last().regards.attempt, 2);
  });

  it("is tried as soon as it comes again, if its wait ended while it was away", async () => {
    const queue = { mode: "existing", name: QUEUE } as const;
    await stage.start({ queue });
    stage.rabbit.publish("", QUEUE, JSON.stringify({ status: "DONE", correlationId: "a" }));
    await settled();
    await stage.fail(stage.last());
    await stage.cut();
    await stage.time.advance(31_000);
    assert.equal(stage.sent.length, 1);

    await stage.restore();

    assert.equal(stage.sent.length, 2);
    assert.equal(stage.last().regards.attempt, 2);
    assert.equal(stage.last().regards.redelivered, false);
  });

  it("takes no place when another reader has got it while it was away", async () => {
    const queue = { mode: "existing", name: QUEUE } as const;
    const consumer = await stage.start({ queue, maxInFlight: 1 });
    stage.rabbit.publish("", QUEUE, JSON.stringify({ status: "DONE", correlationId: "a" }));
    await settled();
    await stage.fail(stage.last());
    await stage.cut();
    stage.rabbit.ready(QUEUE).length = 0;
    await stage.restore();
    await stage.time.advance(31_000);

    stage.rabbit.publish("", QUEUE, JSON.stringify({ status: "DONE", correlationId: "b" }));
    await settled();

    assert.deepEqual(stage.seen, ["a", "b"]);
    assert.equal(consumer.view.inFlight, 1);
  });

  it("waits for a stopped node as before", async () => {
    await stage.start();
    stage.leadsTo = "stopped";
    await stage.publish("a");
    await stage.reconnect();
    assert.deepEqual(stage.seen, []);

    stage.leadsTo = "running";
    stage.flows.become({ isRunning: true });
    await settled();

    assert.deepEqual(stage.seen, ["a"]);
    assert.equal(stage.last().regards.redelivered, false);
    assert.equal(stage.last().regards.attempt, 1);
  });

  it("is no repetition to the flow when it came while flows did not run", async () => {
    await stage.start({}, { hasDied: true });
    stage.flows.become({ isRunning: false });
    await stage.publish("a");
    await stage.reconnect();

    stage.flows.become({ isRunning: true });
    await settled();

    assert.deepEqual(stage.seen, ["a"]);
    assert.equal(stage.last().regards.redelivered, false);
    assert.deepEqual(
      stage.rabbit.calls.filter((call) => call === `publish ${QUEUE}.dead back`),
      [],
      "no death is counted",
    );
  });

  it("is accepted again without the flow when the broker has not heard that it was", async () => {
    for (const settle of ["finished", "handed"] as const) {
      const other = new ConsumerStage();
      await other.start({ settle });
      other.rabbit.isListening = false;
      await other.publish("a");
      await other.end(other.last());
      await other.cut();
      other.rabbit.isListening = true;

      await other.restore();

      assert.deepEqual(other.seen, ["a"]);
      assert.ok(other.isEmpty);
      other.stop();
    }
  });

  it("is settled by hand after the connection is back, and before", async () => {
    const consumer = await stage.start({ settle: "manual" });
    await stage.publish("a");
    const { deliveryId } = stage.last().regards;
    await stage.reconnect();
    consumer.decideByHand({ regards: { deliveryId } } as never);
    await settled();
    assert.ok(stage.isEmpty);

    await stage.publish("b");
    await stage.cut();
    consumer.decideByHand({ regards: stage.last().regards } as never);
    await stage.restore();
    assert.ok(stage.isEmpty);
    assert.deepEqual(stage.seen, ["a", "b"]);
  });

  it("is known without the broker's mark where it is a copy of ours: a killed broker forgets marks", async () => {
    await stage.start();
    await stage.publish("a");
    await stage.fail(stage.last());
    stage.rabbit.expire(`${QUEUE}.retry`);
    await settled();
    await stage.cut();
    for (const stored of stage.rabbit.ready(QUEUE)) stored.redelivered = false;
    await stage.restore();
    assert.equal(stage.sent.length, 2);
    assert.equal(stage.rabbit.unacked(QUEUE).length, 1, "it is no second copy");

    await stage.fail(stage.last());

    assert.equal(stage.rabbit.ready(`${QUEUE}.retry`).length, 1);
  });

  it("is lost with a temporary queue, which is said", async () => {
    const queue = { mode: "temporary", name: "t", exchange: "orders" } as const;
    const consumer = await stage.start({ queue });
    await stage.publish("a");

    await stage.cut();

    assert.equal(consumer.view.inFlight, 0);
    assert.deepEqual(stage.logged, ["temporary-lost"]);
  });

  it("goes through ten channels and is handed over once, whatever is equal to it", async () => {
    await stage.start();
    await stage.publish("a");
    await stage.publish("a");
    assert.equal(stage.sent.length, 2, "two events");

    for (let times = 0; times < 10; times += 1) {
      for (const channel of [...stage.rabbit.consuming.channels])
        channel.breakDown(new Error("PRECONDITION_FAILED"));
      await stage.time.advance(20_000);
    }

    assert.equal(stage.sent.length, 2);
    assert.equal(stage.rabbit.unacked(QUEUE).length, 2);
    for (const sent of stage.sent) await stage.end(sent);
    assert.ok(stage.isEmpty);
  });

  it("no more than the flow may hold reaches it, though the broker gives out more", async () => {
    await stage.start({ maxInFlight: 2 });
    for (const name of ["a", "b", "c", "d"]) await stage.publish(name);

    assert.deepEqual(stage.seen, ["a", "b"]);
    await stage.reconnect();
    assert.deepEqual(stage.seen, ["a", "b"]);
    await stage.end(stage.last());
    assert.deepEqual(stage.seen, ["a", "b", "c"]);
    assert.equal(stage.last().regards.redelivered, false);
    await stage.end(stage.last());
    assert.deepEqual(stage.seen, ["a", "b", "c", "d"]);
  });

  it("ten thousand that wait for their turn and that nobody wants do not overflow the stack", async () => {
    await stage.start({ maxInFlight: 1 });
    await stage.publish("first");
    for (let count = 0; count < 10_000; count += 1) {
      stage.rabbit.publish("orders", "", JSON.stringify({ status: "DONE", correlationId: String(count) }));
    }
    await settled();
    stage.leadsTo = "nowhere";

    await stage.end(stage.last());

    assert.deepEqual(stage.seen, ["first"]);
    assert.ok(stage.isEmpty);
    assert.ok(!stage.logged.includes("surprise"));
  });
});

/** The broker confirms what it has. */
function confirm({ rabbit }: ConsumerStage): void {
  rabbit.confirms = true;
  for (const channel of rabbit.publishing.channels) {
    for (const each of channel.owed.splice(0)) each(null);
  }
}
