/** Node-RED itself is killed, or redeployed at the worst moment. */
import assert from "node:assert/strict";
import { startNodeRed } from "../../support/node-red";
import type { Fault } from "../fault";
import { EVENTS } from "../flow";
import { either, isLong } from "../form";
import type { Scene } from "../scene";
import { ORDERS } from "../stream";

/** Both have their share of the stream when they have handled so many. */
const SHARE = 20;
/** Node-RED's own limit for closing a node (nodeCloseTimeout). */
const CLOSE_LIMIT = 15_000;

async function killTheFirst(scene: Scene): Promise<void> {
  const first = scene.nodeRed;
  const second = await startNodeRed();
  scene.nodeReds.push(second);
  await scene.deploy();
  for (const each of [first, second]) {
    const { length } = each.messages("published");
    await each.untilMessages("published", length + SHARE);
  }
  await first.kill();
  await first.stop();
}

export const processFaults: readonly Fault[] = [
  {
    title: "two Node-RED share an existing queue, one is killed (SIGKILL)",
    isQuick: true,
    lasts: 0,
    flow: { in: { queueMode: "existing" } },
    prepare: ({ stream }) =>
      stream.administer(async (channel) => {
        await channel.assertQueue(EVENTS, { durable: true });
        await channel.bindQueue(EVENTS, ORDERS, "");
      }),
    inject: killTheFirst,
    mend: () => undefined,
    stoppedBy: "death",
    // Each of them may notice that it is not alone.
    lines: { broken: 0, mended: 0, perhaps: 2 },
  },
  {
    title: "redeployed while the broker is frozen, heartbeat 30 s",
    isQuick: true,
    lasts: either(1, 10),
    flow: { broker: { heartbeat: 30 } },
    async inject(scene) {
      // Node-RED waits five seconds for a flow to finish, on top of all else.
      if (isLong) await scene.stream.burst(1, { hold: 60_000 });
      scene.broker.freeze();
      const startedAt = Date.now();
      await scene.deploy();
      const took = Date.now() - startedAt;
      assert.ok(took < CLOSE_LIMIT, `the deploy took ${took} ms`);
    },
    mend: ({ broker }) => broker.thaw(),
    shows: { in: /^connecting$| · again in \d+ s$/ },
    stoppedBy: "deploy",
    lines: { broken: 0, mended: 0, perhaps: 2 },
  },
];
