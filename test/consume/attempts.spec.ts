/** What counts as an attempt, what waits meanwhile, and an event that kills Node-RED each time. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startNodeRed, type TestNodeRed } from "../support/node-red";
import type { Message } from "../support/node-red-wire";
import { needsPrivateBroker } from "../support/shared-rabbitmq";
import { untilValue } from "../support/until";
import { ConsumeStage, code, DEAD, inNode, ORDERS, orderIdOf, probe, QUEUE, RETRY, upTo } from "./stage";

const failing = code("first", `node.send(msg); if (msg.payload.bad) throw new Error("bad");`, "seen");

describe("attempts", function () {
  this.timeout(60_000);
  let stage: ConsumeStage;

  before(function () {
    needsPrivateBroker(this);
  });

  describe("in a Node-RED that lives", () => {
    beforeEach(async () => {
      stage = await ConsumeStage.set();
    });

    afterEach(() => stage.strike());

    for (const queueType of ["quorum", "classic"]) {
      it(`while one waits for its next attempt others are delivered, with one place too (B11, ${queueType})`, async () => {
        await stage.deploy([inNode({ queueType, maxInFlight: 1, retryDelay: 60 }), failing, probe("seen")]);

        await stage.publish([1], { bad: true });
        await stage.publish(upTo(20));

        await stage.nodeRed.untilMessages("seen", 21);
        await stage.untilSettled();
        await stage.untilQueue(RETRY, { ready: 1 });
      });
    }

    for (const type of ["quorum", "classic"]) {
      it(`an event of an existing ${type} queue holds its place while it waits (B11)`, async () => {
        await stage.channel.assertQueue("admins", { durable: true, arguments: { "x-queue-type": type } });
        await stage.channel.bindQueue("admins", ORDERS, "");
        const properties = {
          queueMode: "existing",
          queue: "admins",
          maxInFlight: 1,
          retryDelay: 1,
          attempts: 2,
        };
        await stage.deploy([inNode(properties), failing, probe("seen")]);

        await stage.publish([1], { bad: true });
        await stage.publish([2]);

        const seen = await stage.nodeRed.untilMessages("seen", 3);
        assert.deepEqual(seen.map(orderIdOf), [1, 1, 2]);
        assert.deepEqual(seen.map(attemptOf), [1, 2, 1]);
        await stage.untilQueue("admins", { ready: 0, unacked: 0 });
      });
    }

    it("a header that counts deaths is believed only on what came through the queue's own exchange (B8)", async () => {
      await stage.deploy([inNode(), failing, probe("seen")]);
      const headers = {
        "regards.tenant": "project1",
        "regards-flow.deaths": 9,
        "regards-flow.redelivered": true,
        "regards-flow.exchange": ORDERS,
      };

      stage.channel.publish(DEAD, "back", Buffer.from('{"orderId":1,"status":"GRANTED"}'), { headers });
      await stage.publish([2], {}, { "regards-flow.deaths": 9, "regards-flow.redelivered": true });

      const seen = await stage.nodeRed.untilMessages("seen", 2);
      const marked = seen.map((message) => [
        orderIdOf(message),
        (message.regards as { redelivered: boolean }).redelivered,
      ]);
      assert.deepEqual(marked.sort(), [
        [1, true],
        [2, false],
      ]);
    });

    it("a message wired back that comes from no event is warned of (q14)", async () => {
      await stage.deploy([inNode({ settle: "manual" }), probe("first")]);
      await stage.publish([1]);
      await stage.nodeRed.nextMessage("first");

      await stage.nodeRed.inject("in", { _msgid: "stranger", settle: "accept" });

      await stage.nodeRed.untilLog(
        ({ level, msg }) => level === "warn" && /without the deliveryId of an open event/.test(msg),
      );
      await stage.untilQueue(QUEUE, { unacked: 1 });
    });
  });

  describe("in a Node-RED that dies", () => {
    let userDir: string;
    let nodeRed: TestNodeRed;

    beforeEach(async () => {
      userDir = await mkdtemp(join(tmpdir(), "regards-attempts-"));
      nodeRed = await startNodeRed({ userDir });
      stage = await ConsumeStage.set(nodeRed);
    });

    afterEach(async () => {
      await stage.strike();
      await nodeRed.stop();
      await rm(userDir, { recursive: true, force: true });
    });

    it("the count of attempts is exact over a kill, and an event in hand at its tenth death goes to .dead (B8, B11, classic)", async () => {
      const gate = { ...probe("gate"), hold: true };
      const wires = [["first"], [], ["gate"], [], [], []];
      await stage.deploy([inNode({ wires, retryDelay: 5, attempts: 2 }), failing, probe("seen"), gate]);
      // Nine deaths it has had; the tenth is a real one.
      const headers = {
        "regards.tenant": "project1",
        "regards-flow.deaths": 9,
        "regards-flow.redelivered": true,
        "regards-flow.exchange": ORDERS,
      };
      stage.channel.publish(DEAD, "back", Buffer.from('{"orderId":1,"status":"DONE"}'), { headers });
      await stage.publish([2], { status: "DONE" });
      await stage.publish([3], { bad: true });
      await nodeRed.untilMessages("gate", 2);
      await stage.untilQueue(RETRY, { ready: 1 });

      await nodeRed.kill();
      const second = await startNodeRed({ userDir });
      try {
        const [letter] = await stage.letters(1);
        assert.equal(letter && orderIdOf(letter), 1);
        assert.match(String(letter?.properties.headers?.["regards-flow.reason"]), /10 deaths/);
        const again = await second.nextMessage("gate");
        assert.equal(orderIdOf(again), 2);
        assert.equal((again.regards as { redelivered: boolean }).redelivered, true);
        const retried = await second.nextMessage("seen", { timeout: 15_000 });
        assert.deepEqual([orderIdOf(retried), attemptOf(retried)], [3, 2]);
        assert.deepEqual((await stage.letters(1)).map(orderIdOf), [3]);
        assert.equal(second.messages("gate").length, 1);
      } finally {
        await second.stop();
      }
    });

    it("an orderly restart is no death (B8)", async () => {
      const gate = { ...probe("first"), hold: true };
      await stage.deploy([inNode(), gate]);
      const headers = {
        "regards.tenant": "project1",
        "regards-flow.deaths": 9,
        "regards-flow.redelivered": true,
        "regards-flow.exchange": ORDERS,
      };
      stage.channel.publish(DEAD, "back", Buffer.from('{"orderId":1,"status":"GRANTED"}'), { headers });
      await nodeRed.untilMessages("first", 1);

      await endInOrder(nodeRed);
      const second = await startNodeRed({ userDir });
      try {
        assert.equal(orderIdOf(await second.nextMessage("first")), 1);
        assert.equal((await stage.queue(DEAD))?.ready, 0);
      } finally {
        await second.stop();
      }
    });
  });

  /** As a service manager does it, through Node-RED's own stop. */
  async function endInOrder(ending: TestNodeRed): Promise<void> {
    await ending
      .evaluate(async (RED) => {
        await (RED as unknown as { stop(): Promise<void> }).stop();
        setTimeout(() => process.exit(0), 10);
      })
      .catch(() => undefined);
    await untilValue(
      () => ending.isAlive,
      (isAlive) => !isAlive,
      { what: "the process to end", timeout: 20_000 },
    );
  }
});

function attemptOf({ regards }: Message): number {
  return (regards as { readonly attempt: number }).attempt;
}
