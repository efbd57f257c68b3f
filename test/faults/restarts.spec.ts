/** Node-RED restarted in order again and again with an event in hand: that is no attempt and no death. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConsumeStage, inNode, probe } from "../consume/stage";
import { startNodeRed, type TestNodeRed } from "../support/node-red";
import { needsPrivateBroker } from "../support/shared-rabbitmq";
import { isWhole } from "./form";

/** As many deaths would make an event poison. */
const RESTARTS = 10;
const KINDS = ["quorum", "classic"] as const;

// Each restart waits some seconds for what the flow has in hand: too long for `npm test`.
if (isWhole) {
  describe("Node-RED restarted in order", function () {
    this.timeout(300_000);
    let userDir: string;
    let stage: ConsumeStage;
    let nodeRed: TestNodeRed;

    before(function () {
      needsPrivateBroker(this);
    });

    beforeEach(async () => {
      userDir = await mkdtemp(join(tmpdir(), "regards-restarts-"));
      nodeRed = await startNodeRed({ userDir });
      stage = await ConsumeStage.set(nodeRed);
    });

    afterEach(async () => {
      await nodeRed.stop();
      await stage.strike();
      await rm(userDir, { recursive: true, force: true });
    });

    it("ten times with an event in hand that never failed: its first attempt still, and no poison (B8, B9)", async () => {
      await stage.deploy(
        KINDS.flatMap((queueType) => [
          inNode({
            id: queueType === "quorum" ? "in" : "in-2",
            queue: `nodered.${queueType}`,
            queueType,
            wires: [[queueType], [], [], [], [], []],
          }),
          probe(queueType, { hold: true }),
        ]),
      );
      await stage.untilReading("in-2");
      await stage.publish([1]);

      for (let restart = 0; restart < RESTARTS; restart += 1) {
        await assertFirstAttempt();
        await nodeRed.terminate();
        await nodeRed.stop();
        nodeRed = await startNodeRed({ userDir });
      }

      await assertFirstAttempt();
      for (const kind of KINDS) {
        await nodeRed.release(kind);
        await stage.untilQueue(`nodered.${kind}`, { ready: 0, unacked: 0 });
        assert.equal((await stage.queue(`nodered.${kind}.dead`))?.ready, 0);
      }
    });

    async function assertFirstAttempt(): Promise<void> {
      for (const kind of KINDS) {
        const { regards } = await nodeRed.nextMessage(kind, { timeout: 20_000 });
        assert.equal((regards as { readonly attempt: number }).attempt, 1);
      }
    }
  });
}
