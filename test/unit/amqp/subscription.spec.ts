/** One consumer on one queue, without a broker: what it does when channels, queues and exchanges come and go. */
import assert from "node:assert/strict";
import type { Delivery } from "../../../src/amqp/delivery";
import type { QueuePlan } from "../../../src/amqp/queue";
import { type Finding, Subscription, type SubscriptionState } from "../../../src/amqp/subscription";
import type { Told } from "../../../src/amqp/told";
import { FakeRabbit } from "../../support/fake-rabbit";
import { FakeTime, settled } from "../../support/fake-time";

const OWN: QueuePlan = { mode: "own", name: "q", type: "quorum", exchange: "x" };
const EXISTING: QueuePlan = { mode: "existing", name: "q" };
const TEMPORARY: QueuePlan = { mode: "temporary", name: "t", exchange: "x" };

describe("a subscription", () => {
  let time: FakeTime;
  let rabbit: FakeRabbit;
  let subscription: Subscription;
  let states: SubscriptionState[];
  let deliveries: Delivery[];
  let lost: (readonly Delivery[])[];
  let told: Told[];
  let findings: Finding[];

  beforeEach(() => {
    time = new FakeTime();
    rabbit = new FakeRabbit();
    rabbit.exchanges.add("x");
    [states, deliveries, lost, told, findings] = [[], [], [], [], []];
  });
  afterEach(() => time.stop());

  async function start(queue: QueuePlan, prefetch = 10): Promise<void> {
    subscription = new Subscription(
      rabbit.consuming.typed,
      { queue, prefetch },
      {
        delivered: (delivery) => deliveries.push(delivery),
        lost: (gone, verdicts) => {
          lost.push(gone);
          told.push(...verdicts);
        },
        changed: (state) => states.push(state),
        found: (finding) => findings.push(finding),
        surprised: (error) => {
          throw error;
        },
      },
    );
    subscription.start();
    await settled();
  }

  const phase = (): string => subscription.state.phase;
  const consumers = (queue = "q"): number => rabbit.queues.get(queue)?.consumers.size ?? 0;
  const count = (call: string): number => rabbit.calls.filter((each) => each.startsWith(call)).length;

  it("declares, binds and reads a queue of its own", async () => {
    await start(OWN);

    rabbit.publish("x", "", "a");

    assert.equal(phase(), "consuming");
    assert.equal(deliveries.length, 1);
    assert.deepEqual(findings, [{ otherReaders: 0, deadLetters: 0, differs: undefined }]);
  });

  it("takes nothing more once it is cancelled, and what it has can still be settled", async () => {
    await start(OWN);
    rabbit.publish("x", "", "a");

    await subscription.cancel();
    rabbit.publish("x", "", "b");
    deliveries[0]?.settle("accept");
    await settled();

    assert.equal(deliveries.length, 1);
    assert.deepEqual(rabbit.unacked("q"), []);
    assert.equal(rabbit.ready("q").length, 1);
  });

  it("gives back what is open when it is closed, and leaves no timer and no listener", async () => {
    await start(OWN);
    rabbit.publish("x", "", "a");

    await subscription.close(1_000);
    await settled();

    assert.equal(rabbit.ready("q").length, 1);
    assert.equal(time.timers, 0);
    assert.equal(rabbit.consuming.listeners, 0);
    assert.equal(rabbit.consuming.channels.size, 0);
  });

  it("closes within its limit when the broker is frozen", async () => {
    await start(OWN);
    rabbit.ignores = () => true;
    let isClosed = false;

    void subscription.close(1_500).then(() => {
      isClosed = true;
    });
    await time.advance(3_000);

    assert.ok(isClosed);
  });

  it("says what it has told last when its channel does not close in order: nobody knows what was heard", async () => {
    for (const isFrozen of [false, true]) {
      await start(OWN);
      rabbit.publish("x", "", "a");
      deliveries.at(-1)?.settle("accept");
      await settled();
      rabbit.ignores = () => isFrozen;

      void subscription.close(1_000);
      await time.advance(3_000);

      assert.equal(told.length, isFrozen ? 1 : 0);
    }
  });

  it("reads on by another channel when its own is lost, and says what was lost and told last", async () => {
    await start(OWN);
    for (const body of ["a", "b"]) rabbit.publish("x", "", body);
    deliveries[0]?.settle("accept");
    await settled();

    for (const channel of [...rabbit.consuming.channels]) channel.breakDown(new Error("PRECONDITION_FAILED"));
    assert.deepEqual(lost, [[deliveries[1]]]);
    assert.deepEqual(
      told.map(({ verdict }) => verdict),
      ["accept"],
    );
    await settled();
    assert.equal(phase(), "waiting");
    await time.advance(1_000);

    assert.equal(phase(), "consuming");
    assert.equal(deliveries.at(-1)?.redelivered, true);
  });

  it("waits for a queue that is not there, and reads it when it is", async () => {
    await start(EXISTING);
    assert.equal(phase(), "waiting");

    rabbit.declare("q");
    await time.advance(1_000);

    assert.equal(phase(), "consuming");
  });

  it("is idle while the connection is away, and reads again afterwards", async () => {
    await start(OWN);
    rabbit.consuming.cut();
    assert.equal(phase(), "idle");

    rabbit.consuming.restore();
    await settled();

    assert.equal(phase(), "consuming");
    assert.equal(consumers(), 1);
  });

  it("lets others read while it is paused", async () => {
    await start(OWN);

    await subscription.pause();
    rabbit.publish("x", "", "a");
    assert.equal(phase(), "paused");
    assert.equal(deliveries.length, 0);
    subscription.resume();
    await settled();

    assert.equal(phase(), "consuming");
    assert.equal(deliveries.length, 1);
  });

  it("has one consumer, whatever pauses and resumes it while it subscribes", async () => {
    for (const isPausedAtTheEnd of [false, true]) {
      const starting = start(OWN);
      for (let times = 0; times < 5; times += 1) {
        void subscription.pause();
        await new Promise((resolve) => setImmediate(resolve));
        subscription.resume();
        for (let turns = 0; turns < times * 5; turns += 1)
          await new Promise((resolve) => setImmediate(resolve));
      }
      if (isPausedAtTheEnd) void subscription.pause();
      await starting;
      await settled();

      assert.equal(consumers(), isPausedAtTheEnd ? 0 : 1);
      assert.equal(phase(), isPausedAtTheEnd ? "paused" : "consuming");
      await subscription.close(100);
    }
  });

  it("is paused still after the connection was away", async () => {
    await start(OWN);
    await subscription.pause();

    rabbit.consuming.cut();
    rabbit.consuming.restore();
    await settled();

    assert.equal(phase(), "paused");
    assert.equal(consumers(), 0);
    subscription.resume();
    await settled();
    assert.equal(consumers(), 1);
  });

  it("keeps no consumer that the broker has confirmed too late", async () => {
    let late: (() => void) | undefined;
    await start(EXISTING);
    rabbit.declare("q");
    rabbit.delays = async (call) => {
      if (call === "consume q" && late === undefined) {
        await new Promise<void>((resolve) => {
          late = resolve;
        });
      }
    };
    await time.advance(25_000);
    assert.equal(phase(), "consuming");

    late?.();
    await settled();

    assert.equal(consumers(), 1);
  });

  it("says of a queue that is deleted what came from it, and reads its successor", async () => {
    await start(OWN);
    rabbit.publish("x", "", "a");

    rabbit.delete("q");
    assert.deepEqual(lost, [[deliveries[0]]]);
    assert.ok(deliveries[0]?.isOpen, "it can be settled still");
    await time.advance(1_000);

    assert.equal(phase(), "consuming");
    rabbit.publish("x", "", "b");
    assert.equal(deliveries.length, 2);
  });

  it("says so too when the queue is deleted while it is paused: it may have moved", async () => {
    await start(OWN);
    rabbit.publish("x", "", "a");
    void subscription.pause();

    rabbit.delete("q");

    assert.deepEqual(lost, [[deliveries[0]]]);
  });

  it("gives a temporary queue a new name at each declaration", async () => {
    await start(TEMPORARY);
    const first = subscription.queueName;
    rabbit.consuming.cut();
    rabbit.consuming.restore();
    await settled();

    assert.match(first, /^t\.\w+$/);
    assert.notEqual(subscription.queueName, first);
    rabbit.publish("x", "", "a");
    assert.equal(deliveries.length, 1);
  });

  it("declares a missing exchange, so that its first event is not missed", async () => {
    rabbit.exchanges.clear();

    await start(OWN);

    assert.equal(phase(), "consuming");
    rabbit.publish("x", "", "the very first");
    assert.equal(deliveries.length, 1);
  });

  it("says that it is unbound where it may not declare the exchange, reads on, and binds once it is there", async () => {
    rabbit.exchanges.clear();
    rabbit.refuses = (call) =>
      call === "declare-exchange x"
        ? new Error("ACCESS_REFUSED - configure access to exchange 'x'")
        : undefined;
    await start(OWN);
    assert.equal(phase(), "unbound");
    rabbit.publish("", "q", "from elsewhere");
    assert.equal(deliveries.length, 1);

    rabbit.exchanges.add("x");
    await time.advance(10_000);

    assert.equal(phase(), "consuming");
    rabbit.publish("x", "", "a");
    assert.equal(deliveries.length, 2);
  });

  it("binds again when the exchange was deleted and made anew", async () => {
    await start(OWN);
    rabbit.bindings.splice(0);

    await time.advance(10_000);
    rabbit.publish("x", "", "a");

    assert.equal(deliveries.length, 1);
  });

  it("looks after its binding every ten seconds, and after the rest once a minute", async () => {
    await start(OWN);
    rabbit.calls.splice(0);

    await time.advance(60_000);

    assert.equal(count("bind q x"), 6);
    assert.equal(count("look q"), 2, "the queue, and its dead letters");
    assert.equal(count("declare q"), 2);
  });

  it("reads an existing queue though nobody answers who asks about it", async () => {
    rabbit.declare("q");
    rabbit.delays = async (call) => {
      if (call === "look q" && count("look q") > 1)
        throw new Error("the queue's answer timed out after 10000 ms");
    };

    await start(EXISTING);

    assert.equal(phase(), "consuming");
  });

  it("reads no stream, and says so", async () => {
    await start(EXISTING);
    rabbit.declare("q");
    await time.advance(1_000);

    rabbit.publish("", "q", "a", { headers: { "x-stream-offset": 1 } });
    await time.advance(60_000);

    assert.equal(deliveries.length, 0);
    assert.equal(phase(), "waiting");
    assert.equal(consumers(), 0);
  });
});
