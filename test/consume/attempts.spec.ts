/** What counts as an attempt, and what goes on while one waits. */
import assert from "node:assert/strict";
import type { Message } from "../support/node-red-wire";
import { needsPrivateBroker } from "../support/shared-rabbitmq";
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

    it("a header of ours is believed only on what came through the queue's own exchange (B8)", async () => {
      await stage.deploy([inNode(), failing, probe("seen")]);
      const ours = { "regards-flow.attempts": 1, "regards-flow.redelivered": true };
      const headers = { "regards.tenant": "project1", "regards-flow.exchange": ORDERS, ...ours };

      stage.channel.publish(DEAD, "back", Buffer.from('{"orderId":1,"status":"GRANTED"}'), { headers });
      await stage.publish([2], {}, ours);

      const seen = await stage.nodeRed.untilMessages("seen", 2);
      const marked = seen.map((message) => [
        orderIdOf(message),
        attemptOf(message),
        (message.regards as { redelivered: boolean }).redelivered,
      ]);
      assert.deepEqual(marked.sort(), [
        [1, 2, true],
        [2, 1, false],
      ]);
    });
  });
});

function attemptOf({ regards }: Message): number {
  return (regards as { readonly attempt: number }).attempt;
}
