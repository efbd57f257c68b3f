/**
 * Flows that are stopped by hand, or not started because Node-RED is in safe mode, on real Node-REDs: nobody holds
 * events meanwhile, and everything goes on when the flows run.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConsumeStage, inNode, probe, QUEUE } from "../consume/stage";
import { type RuntimeEvent, startNodeRed, type TestNodeRed } from "../support/node-red";
import { needsPrivateBroker } from "../support/shared-rabbitmq";

for (const version of [5, 4] as const) {
  describe(`flows that do not run, Node-RED ${version}`, function () {
    this.timeout(60_000);
    let stage: ConsumeStage;
    let nodeRed: TestNodeRed;

    before(function () {
      needsPrivateBroker(this);
    });

    afterEach(async () => {
      await stage.strike();
      await nodeRed.stop();
    });

    it("stopped by hand: events in hand go back at once, others stay with the broker, and all come when it starts (B7)", async () => {
      nodeRed = await startNodeRed({ version, settings: { runtimeState: { enabled: true, ui: true } } });
      stage = await ConsumeStage.set(nodeRed);
      await stage.deploy([inNode(), { ...probe("first"), hold: true }]);
      await stage.publish([1]);
      await nodeRed.untilMessages("first", 1);

      await turn("stop");
      await stage.publish([2, 3]);
      await stage.untilQueue(QUEUE, { ready: 3, unacked: 0, consumers: 0 });

      await nodeRed.untilStatus("in", ({ text }) => text === "paused: flows are stopped");

      await turn("start");
      await nodeRed.untilMessages("first", 4);
      await nodeRed.release("first", 3);
      await stage.untilSettled();
      assert.deepEqual(stage.ids("first").sort(), [1, 1, 2, 3]);
    });

    it("in safe mode: nothing is read until somebody deploys, and then all of it is (B7)", async () => {
      const userDir = await mkdtemp(join(tmpdir(), "regards-safe-"));
      nodeRed = await startNodeRed({ version, userDir });
      stage = await ConsumeStage.set(nodeRed);
      await stage.deploy([inNode(), probe("first")]);
      await nodeRed.stop();
      await stage.publish([1, 2, 3]);

      const safe = await startNodeRed({ version, userDir, settings: { safeMode: true } });
      try {
        const isSafe = ({ id, payload }: RuntimeEvent) =>
          id === "runtime-state" && (payload as { state?: string } | undefined)?.state === "safe";
        assert.ok(safe.events.some(isSafe));
        await stage.untilQueue(QUEUE, { ready: 3, unacked: 0, consumers: 0 });
        assert.deepEqual(safe.statuses("in"), []);

        await safe.deploy(await safe.flows());
        await safe.untilMessages("first", 3);
        await stage.untilSettled();
      } finally {
        await safe.stop();
        await rm(userDir, { recursive: true, force: true });
      }
    });

    async function turn(state: "start" | "stop"): Promise<void> {
      const response = await nodeRed.fetch("flows/state", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ state }),
      });
      assert.ok(response.ok, `${response.status} ${await response.text()}`);
    }
  });
}
