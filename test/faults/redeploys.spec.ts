/** Redeployed again and again, with and without traffic: at the end everything is as it was at the start. */
import assert from "node:assert/strict";
import { sharedNodeRed } from "../support/shared-node-red";
import { needsPrivateBroker, sharedRabbitMq } from "../support/shared-rabbitmq";
import type { TestNodeRed } from "../support/test-node-red";
import { untilValue } from "../support/until";
import { balanceOf } from "./account";
import { numberedFlow } from "./flow";
import { either, isLong, isWhole } from "./form";
import { Scene } from "./scene";
import { record } from "./scoreboard";

const TIMES = either(40, 1_000);
/** The heap may breathe by so many bytes. */
const BREATH = 10 * 1024 * 1024;

const NOTHING = { lost: [], unfinished: [], lostAcks: [] };

/** What a redeploy must not leave behind. */
interface Footprint {
  readonly connections: number;
  readonly channels: number;
  readonly consumers: number;
  /** Open sockets and servers of the process, and who listens to its process and its messaging hooks. */
  readonly sockets: number;
  readonly listeners: number;
  readonly hooks: boolean;
}

/** Among the quickest faults each Node-RED has one of the brokers, in both forms of the suite either has both. */
const VERSIONS: readonly (4 | 5)[] = isWhole ? [5, 4] : process.env.REGARDS_RABBITMQ === "3.10" ? [4] : [5];

for (const version of VERSIONS)
  describe(`redeployed again and again, Node-RED ${version}`, function () {
    this.timeout(isLong ? 3_600_000 : 60_000);
    let nodeRed: TestNodeRed;
    let scene: Scene;

    before(async function () {
      needsPrivateBroker(this);
      nodeRed = await sharedNodeRed(version);
      scene = await Scene.set(await sharedRabbitMq(), nodeRed, {});
    });

    after(async () => {
      await scene?.strike();
    });

    it(`leaves nothing behind after ${TIMES} times, and loses nothing`, async () => {
      await nodeRed.untilMessages("published", 20);
      const start = await footprint();

      await redeploy(TIMES / 4, 3);
      const { heapUsed: early } = await nodeRed.resources();
      await redeploy(TIMES / 4, 3);
      await scene.stream.pause();
      await redeploy(TIMES / 2, 0);
      scene.stream.flow();
      await scene.untilConnected();
      await scene.stream.pause();
      await scene.untilEmpty();

      // Fewer sockets may be left: that of an editor, or of this test, was open at the start and is kept a while.
      const isSame = (now: Footprint): boolean =>
        JSON.stringify({ ...now, sockets: start.sockets }) === JSON.stringify(start) &&
        now.sockets <= start.sockets;
      await untilValue(footprint, isSame, {
        what: `the same as at the start: ${JSON.stringify(start)}`,
      });
      // What timers of the last lives hold is let go within seconds; what is kept then is a leak.
      const heapUsed = async (): Promise<number> => (await nodeRed.resources()).heapUsed;
      await untilValue(heapUsed, (late) => late - early < BREATH, {
        what: `the heap to be what it was: ${early} bytes`,
        timeout: 20_000,
        every: 1_000,
      });
      const balance = await balanceOf(scene);
      record({ title: `${TIMES} redeploys, Node-RED ${version}`, balance, recoveries: [] });
      const { lost, unfinished, lostAcks } = balance;
      assert.deepEqual({ lost, unfinished, lostAcks }, NOTHING);
      assert.deepEqual(nodeRed.errors(), []);
    });

    /** All flows, the tab, or the changed nodes in turn, each time after so many more events. */
    async function redeploy(times: number, events: number): Promise<void> {
      for (let index = 0; index < times; index += 1) {
        const { length } = nodeRed.messages("seen");
        await nodeRed.untilMessages("seen", length + events);
        const type = (["full", "flows", "nodes"] as const)[index % 3] ?? "full";
        const changed = { in: { name: `in ${index}` }, ack: { name: `ack ${index}` } };
        await nodeRed.deploy(numberedFlow(scene, changed), { type, timeout: 30_000 });
      }
    }

    async function footprint(): Promise<Footprint> {
      const { console } = scene.broker;
      const own = (await console.connections(scene.vhost)).filter(({ user }) => user === scene.user);
      const pids = own.map(({ pid }) => pid);
      const channels = (await console.channels(scene.vhost)).filter((each) => pids.includes(each.connection));
      const within = await nodeRed.evaluate((RED) => {
        const names = process.eventNames().map((name) => process.listenerCount(name));
        return {
          sockets: process.getActiveResourcesInfo().filter((name) => /^T[CL][PS]/.test(name)).length,
          listeners: names.reduce((sum, count) => sum + count, 0),
          hooks: (RED as unknown as { hooks: { has(name: string): boolean } }).hooks.has("onComplete"),
        };
      });
      const consumers = (await console.consumers(scene.vhost)).length;
      return { connections: own.length, channels: channels.length, consumers, ...within };
    }
  });
