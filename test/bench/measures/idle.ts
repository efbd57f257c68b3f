/** What the package costs while nothing happens, and what it costs flows that have nothing to do with it. */
import { setTimeout as pause } from "node:timers/promises";
import type { FlowNode, TestNodeRed } from "../../support/test-node-red";
import { ground, orderIn, threeNodes } from "../flows";
import type { Section } from "../result";
import type { Stage } from "../stage";
import { spreadOf } from "../statistics";
import { type Contestant, comparison, perCpuSecond, rounds } from "./rounds";

const NODES = 50;
const SLICES = 5;
/** Percent of a core. */
const IDLE = 0.5;
const FOREIGN = 0.97;
const WINDOW = 100;

/** Fifty connected nodes beside a Node-RED without any, in the same minute. */
export async function measureIdle(stage: Stage): Promise<Section> {
  const [with50, without] = await Promise.all([stage.anotherNodeRed(), stage.anotherNodeRed()]);
  try {
    await stage.declareOrders();
    const nodes = Array.from(
      { length: NODES },
      (_, index): FlowNode => ({
        ...orderIn(`in${index}`, "", "nowhere", { queueMode: "own", queueType: "classic" }),
        queue: `bench.idle.${index}`,
      }),
    );
    await with50.deploy([...ground(stage.broker), ...nodes]);
    for (const { id } of nodes) {
      await with50.untilStatus(id, ({ fill }) => fill === "green", { timeout: 60_000 });
    }
    const slice = (stage.scale.idleSeconds * 1_000) / SLICES;
    const shares: number[] = [];
    for (let number = 0; number < SLICES; number += 1) {
      const before = [await cpu(with50), await cpu(without)] as const;
      await pause(slice);
      const after = [await cpu(with50), await cpu(without)] as const;
      shares.push(((after[0] - before[0] - (after[1] - before[1])) / slice) * 100);
    }
    await with50.deploy([]);
    const mean = shares.reduce((sum, share) => sum + share, 0) / SLICES;
    return {
      title: `Idle: ${NODES} nodes for ${stage.scale.idleSeconds} s`,
      rows: [
        {
          what: "a core's time, over a Node-RED without them",
          ours: undefined,
          raw: undefined,
          unit: "%",
          // The upkeep of bindings falls into some slices and not into others: the mean is what counts.
          result: { ...spreadOf(shares), median: mean },
          resultUnit: "%",
          bar: { kind: "under", value: IDLE },
        },
      ],
    };
  } finally {
    await with50.stop();
    await without.stop();
  }
}

/** A flow of core nodes alone, with and without a connected in-node elsewhere in the workspace. */
export async function measureForeign(stage: Stage): Promise<Section> {
  const queue = await stage.queue("classic");
  const expected = stage.scale.foreignMessages;
  const foreign: FlowNode[] = [
    { id: "feed", type: "bench-feed", z: "tab", expected, window: WINDOW, wires: [["function"]] },
    ...threeNodes("feed"),
  ];
  const start = (): Promise<void> => stage.nodeRed.inject("feed", { start: true });
  const [workspace] = ground(stage.broker);
  const alone = [...(workspace ? [workspace] : []), ...foreign];
  const beside = [
    ...ground(stage.broker),
    orderIn("in", queue, "nowhere", { settle: "finished" }),
    ...foreign,
  ];
  const connected = (): Promise<unknown> => stage.nodeRed.untilStatus("in", ({ fill }) => fill === "green");
  const run = (name: string, flow: FlowNode[], meanwhile: () => Promise<unknown>): Contestant => ({
    name,
    run: () => stage.runFlow(name, flow, "feed", { meanwhile: () => meanwhile().then(start) }),
  });
  const speeds = await rounds(
    stage.scale,
    [
      run("without", alone, () => pause(stage.scale.restMs)),
      run("at rest", beside, () => connected().then(() => pause(stage.scale.restMs))),
      // Just deployed, the hooks are all in place, as while events come in.
      run("at work", beside, connected),
    ],
    stage.say,
    perCpuSecond,
  );
  await stage.remove(queue);
  return {
    title: `Hooks: a foreign flow (function → switch → change), ${expected} messages, by processor time (raw: no in-node)`,
    rows: [
      comparison("beside an in-node without events", speeds, "at rest", "without", FOREIGN),
      comparison("beside an in-node with events", speeds, "at work", "without"),
    ],
  };
}

function cpu(nodeRed: TestNodeRed): Promise<number> {
  return nodeRed.evaluate(() => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  });
}
