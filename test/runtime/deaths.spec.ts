/** An event that is in hand when Node-RED dies: exact counts afterwards, and an end to what kills it each time. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConsumeStage, code, DEAD, inNode, ORDERS, orderIdOf, probe, QUEUE, RETRY } from "../consume/stage";
import { startNodeRed, type TestNodeRed } from "../support/node-red";
import type { Message } from "../support/node-red-wire";
import { needsPrivateBroker } from "../support/shared-rabbitmq";

const failing = code("first", `node.send(msg); if (msg.payload.bad) throw new Error("bad");`, "seen");

describe("an event in hand when Node-RED dies", function () {
  this.timeout(60_000);
  let stage: ConsumeStage;

  let userDir: string;
  let nodeRed: TestNodeRed;

  before(function () {
    needsPrivateBroker(this);
  });

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
      "regards-flow.exchange": ORDERS,
    };
    stage.channel.publish(DEAD, "back", Buffer.from('{"orderId":1,"status":"DONE"}'), { headers });
    await stage.publish([2], { status: "DONE" });
    await stage.publish([3], { bad: true });
    await nodeRed.untilMessages("gate", 2);
    await stage.untilQueue(RETRY, { ready: 1 });
    // Killed between the confirm of its copy and the acceptance of the original, the event would come twice, marked.
    await stage.untilQueue(QUEUE, { ready: 0, unacked: 2 });

    await nodeRed.kill();
    const second = await startNodeRed({ userDir });
    try {
      const again = await second.nextMessage("gate");
      assert.equal(orderIdOf(again), 2);
      assert.equal((again.regards as { redelivered: boolean }).redelivered, true);
      const retried = await second.nextMessage("seen", { timeout: 15_000 });
      assert.deepEqual([orderIdOf(retried), attemptOf(retried)], [3, 2]);
      // Where the start took longer than the retry delay, the two came at the same time.
      const letters = await stage.letters(2);
      letters.sort((one, other) => orderIdOf(one) - orderIdOf(other));
      assert.deepEqual(letters.map(orderIdOf), [1, 3]);
      assert.match(String(letters[0]?.properties.headers?.["regards-flow.reason"]), /10 deaths/);
      assert.equal(second.messages("gate").length, 1);
    } finally {
      await second.stop();
    }
  });

  it("an orderly restart is no death and no attempt (B8, B9)", async () => {
    const gate = { ...probe("first"), hold: true };
    await stage.deploy([inNode(), gate]);
    const headers = {
      "regards.tenant": "project1",
      "regards-flow.deaths": 9,
      "regards-flow.exchange": ORDERS,
    };
    stage.channel.publish(DEAD, "back", Buffer.from('{"orderId":1,"status":"GRANTED"}'), { headers });
    await nodeRed.untilMessages("first", 1);

    await nodeRed.terminate();
    const second = await startNodeRed({ userDir });
    try {
      const again = await second.nextMessage("first");
      assert.deepEqual([orderIdOf(again), attemptOf(again)], [1, 1]);
      assert.equal((await stage.queue(DEAD))?.ready, 0);
    } finally {
      await second.stop();
    }
  });
});

function attemptOf({ regards }: Message): number {
  return (regards as { readonly attempt: number }).attempt;
}
