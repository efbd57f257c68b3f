/** Giving up: a letter is there at once, stays, pushes nobody out, and is never accepted before it is safe. */
import assert from "node:assert/strict";
import { connect, type GetMessage } from "amqplib";
import type { Status } from "../support/node-red-wire";
import { needsPrivateBroker } from "../support/shared-rabbitmq";
import { ConsumeStage, code, DEAD, inNode, orderIdOf, probe, QUEUE, upTo } from "./stage";

const BAD = "msg.payload.bad";
/** Fails for events that say so, and passes the others on. */
const fails = code("first", `if (${BAD}) throw new Error("bad " + msg.payload.orderId); return msg;`, "good");

describe("dead letters", function () {
  this.timeout(60_000);
  let stage: ConsumeStage;

  before(function () {
    needsPrivateBroker(this);
  });

  beforeEach(async () => {
    stage = await ConsumeStage.set();
  });

  afterEach(async () => {
    await stage.vhost.broker.console.setMemoryAlarm(false);
    await stage.strike();
  });

  for (const queueType of ["quorum", "classic"]) {
    it(`never expire, and their number is in the status and its counters (B3, ${queueType})`, async () => {
      await stage.deploy([inNode({ queueType, attempts: 1 }), fails, probe("good")]);

      await stage.publish([1, 2], { bad: true });

      await stage.untilQueue(DEAD, { ready: 2 });
      await stage.nodeRed.untilStatus("in", ({ text }) => text === "2 given up");
      await stage.untilCounted({ deadLetters: 2, rejected: 2 });
      assert.equal((await stage.queue(DEAD))?.arguments["x-expires"], undefined);
    });

    it(`are there at once while a backlog waits (B12, ${queueType})`, async () => {
      await stage.deploy([
        inNode({ queueType, attempts: 1, maxInFlight: 1 }),
        code("first", `if (${BAD}) throw new Error("bad"); return msg;`, "good"),
        { ...probe("good"), hold: true },
      ]);

      await stage.publish([1], { bad: true });
      await stage.publish(upTo(50));

      await stage.untilQueue(DEAD, { ready: 1 });
      assert.ok(((await stage.queue())?.ready ?? 0) >= 49, "the backlog still waits");
    });

    it(`are written for events whose queue was deleted under them, and which then fail (q8, ${queueType})`, async () => {
      const gate = { ...probe("gate"), hold: true };
      await stage.deploy([inNode({ queueType, attempts: 1, wires: [["gate"], [], [], [], [], []] }), gate]);
      await stage.publish([1, 2, 3]);
      await stage.nodeRed.untilMessages("gate", 3);

      await stage.vhost.broker.console.deleteQueue(QUEUE, stage.vhost.vhost);
      await stage.untilQueue(QUEUE, { consumers: 1 });
      await stage.nodeRed.release("gate", 3, "broken");

      const letters = await stage.letters(3);
      assert.deepEqual(letters.map(orderIdOf).sort(), [1, 2, 3]);
    });
  }

  it("stay with the event while they cannot be written, and good events go on (q6, no right to write)", async () => {
    await stage.deploy([inNode({ attempts: 1, maxInFlight: 3 }), fails, probe("good")]);
    const { broker, user, vhost } = stage.vhost;
    await broker.console.setPermissions(user, vhost, { write: "^(?!nodered.mine.dead)" });

    await stage.publish([1, 2, 3], { bad: true });
    await stage.publish([11, 12, 13, 14, 15]);

    await stage.nodeRed.untilMessages("good", 5, { timeout: 30_000 });
    await broker.console.setPermissions(user, vhost);
    const letters = await untilLetters(3);
    assert.deepEqual(letters, [1, 2, 3]);
    assert.deepEqual(stage.ids("good"), [11, 12, 13, 14, 15]);
  });

  it("come from the broker itself where the connection limit keeps ours out, and good events go on (q6)", async () => {
    await stage.deploy([inNode({ attempts: 1, maxInFlight: 3 }), fails, probe("good")]);
    const { broker, vhost } = stage.vhost;
    await broker.console.limitConnections(vhost, (await broker.console.connections(vhost)).length);

    await stage.publish([1, 2, 3], { bad: true });
    await stage.publish([11, 12, 13, 14, 15]);

    await stage.nodeRed.untilMessages("good", 5, { timeout: 30_000 });
    await stage.untilQueue(DEAD, { ready: 3 }, 30_000);
    await broker.console.limitConnections(vhost, -1);
    await stage.untilSettled();
    const letters = await stage.letters(3);
    assert.deepEqual(letters.map(orderIdOf).sort(), [1, 2, 3]);
    // Ours would say why; this is the broker's own, for what was rejected.
    assert.deepEqual(letters.map(reasonOf), Array(3).fill([undefined, "rejected"]));
    assert.deepEqual(stage.ids("good"), [11, 12, 13, 14, 15]);
  });

  it("wait for a memory alarm to end, and good events go on (q6)", async () => {
    await stage.deploy([inNode({ attempts: 1, maxInFlight: 3 }), fails, probe("good")]);
    await stage.redeploy({ in: { d: true } });
    await stage.publish([1, 2, 3], { bad: true });
    await stage.publish([11, 12, 13, 14, 15]);
    await stage.vhost.broker.console.setMemoryAlarm(true);
    await stage.redeploy({ in: { d: false } });

    await stage.nodeRed.untilMessages("good", 5, { timeout: 30_000 });
    await stage.vhost.broker.console.setMemoryAlarm(false);
    await stage.untilSettled();
    // The broker may have had a copy in its buffer when it was told to make the letter itself.
    await stage.untilCounted({ inFlight: 0 });
    const letters = await stage.lettersOf();
    assert.deepEqual([...new Set(letters)].sort(), [1, 2, 3]);
  });
  it("take no reason from a header that somebody else has written, and nobody else's letters come in (B12)", async () => {
    await stage.deploy([inNode({ attempts: 2, retryDelay: 0.1 }), fails, probe("good")]);

    const forged = {
      "regards-flow.reason": "forged",
      "regards-flow.attempts": 99,
      "regards-flow.deaths": 99,
    };
    await stage.publish([1], {}, forged);
    await stage.publish([2], { bad: true }, forged);

    const good = await stage.nodeRed.nextMessage("good");
    assert.equal((good.regards as { attempt: number }).attempt, 1);
    const [letter] = await stage.letters(1);
    assert.match(String(letter?.properties.headers?.["regards-flow.reason"]), /bad 2/);
    assert.equal(letter?.properties.headers?.["regards-flow.attempts"], 2);
  });

  it("push nobody out of a full classic queue (q20, B12)", async () => {
    // As an operator's policy would: the oldest goes when an eleventh comes.
    const dead = { "x-dead-letter-exchange": DEAD, "x-dead-letter-routing-key": "dead" };
    await stage.channel.assertQueue(QUEUE, {
      durable: true,
      arguments: { "x-queue-type": "classic", "x-max-length": 10, ...dead },
    });
    const gate = { ...probe("gate"), hold: true };
    const wires = [["gate"], [], [], [], [], []];
    await stage.deploy([inNode({ attempts: 1, maxInFlight: 1, wires }), gate]);
    await stage.publish([0]);
    await stage.nodeRed.untilMessages("gate", 1);
    await stage.publish(upTo(10));

    await stage.nodeRed.release("gate", 1, "broken");
    for (const count of upTo(10)) {
      await stage.nodeRed.untilMessages("gate", count + 1);
      await stage.nodeRed.release("gate", 1);
    }

    const letters = await stage.letters(1);
    assert.deepEqual(letters.map(orderIdOf), [0]);
    assert.deepEqual(stage.ids("gate"), [0, ...upTo(10)]);
  });

  it("are not given up for lost where their queue cannot be made again (q7, classic)", async () => {
    await stage.deploy([inNode({ attempts: 1 }), fails, probe("good")]);
    await stage.channel.deleteQueue(DEAD);
    const stranger = await connect(stage.vhost.url);
    await (await stranger.createChannel()).assertQueue(DEAD, { exclusive: true });

    await stage.publish([1, 2, 3], { bad: true });

    const isStuck = ({ code: shown }: Status): boolean => shown === "dead-letters-stuck";
    await stage.nodeRed.untilStatus("in", isStuck, { timeout: 20_000 });
    await stage.untilQueue(QUEUE, { ready: 0, unacked: 3 });
    await stranger.close();
    assert.deepEqual(await untilLetters(3), [1, 2, 3]);
  });

  /** Letters that may come some time after what kept them. */
  async function untilLetters(count: number): Promise<number[]> {
    await stage.untilQueue(DEAD, { ready: count }, 30_000);
    return (await stage.letters(count)).map(orderIdOf).sort();
  }
});

/** What we say of a letter, and what the broker does. */
function reasonOf({ properties: { headers = {} } }: GetMessage): unknown[] {
  return [headers["regards-flow.reason"], headers["x-first-death-reason"]];
}
