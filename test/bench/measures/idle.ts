/** What the package costs while nothing happens, and what it costs flows that have nothing to do with it. */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import type { FlowNode, TestNodeRed } from "../../support/test-node-red";
import { orderBody, orderProperties, tenantName } from "../events";
import { ground, orderIn, threeNodes } from "../flows";
import type { Row, Section } from "../result";
import type { Stage } from "../stage";
import { spreadOf } from "../statistics";
import type { Figures } from "../tally";
import { atLeast, comparison, PER_CPU_SECOND, type Results, rounds } from "./rounds";

const SLICES = 5;
/** Percent of a core. */
const IDLE = 0.3;
/** Of the messages a foreign flow handles without an in-node. */
const FOREIGN = 0.92;
/** Events that a busy in-node's flow holds meanwhile. */
const HELD = 10;
const WINDOW = 100;
const TENANT = tenantName(1);

/** Fifty connected nodes beside a Node-RED without any, in the same minute. */
export async function measureIdle(stage: Stage): Promise<Section> {
  const [with50, without] = await Promise.all([stage.anotherNodeRed(), stage.anotherNodeRed()]);
  try {
    await stage.declareOrders();
    const nodes = Array.from(
      { length: stage.scale.idleNodes },
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
      title: `Idle: ${stage.scale.idleNodes} nodes for ${stage.scale.idleSeconds} s`,
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

/**
 * A flow of core nodes alone, in a Node-RED that has never had a node of ours, beside hooks that do nothing, and
 * beside a connected in-node elsewhere in the workspace that settles when its flow has finished: one that waits for events, and one whose flow
 * holds some. (What comes in meanwhile would cost processor time of its own.) Processes differ a little from birth:
 * hence several of each.
 */
export async function measureForeign(stage: Stage): Promise<Section> {
  const queues = [await stage.queue("classic"), await stage.queue("classic")] as const;
  const { foreignMessages: expected, foreignProcesses: times } = stage.scale;
  const figures = new Map<string, Figures[]>();
  for (let number = 0; number < times; number += 1) {
    for (const [name, found] of await foreignRuns(stage, queues)) {
      figures.set(name, [...(figures.get(name) ?? []), ...found]);
    }
  }
  await Promise.all(queues.map((queue) => stage.remove(queue)));
  const row = (what: string, name: string, bar: number): Row =>
    comparison(what, figures, [name, "without"], atLeast(bar), PER_CPU_SECOND);
  return {
    title: `Hooks: a foreign flow (function → switch → change), ${expected} messages, by processor time, ${times} processes each (raw: no in-node)`,
    rows: [
      comparison(
        "beside five hooks that do nothing",
        figures,
        ["empty", "without"],
        undefined,
        PER_CPU_SECOND,
      ),
      row("beside an in-node that waits for events", "idle", FOREIGN),
      row(`beside an in-node whose flow holds ${HELD} events`, "busy", FOREIGN),
    ],
  };
}

async function foreignRuns(stage: Stage, queues: readonly [string, string]): Promise<Results["warm"]> {
  const foreign: FlowNode[] = [
    {
      id: "feed",
      type: "bench-feed",
      z: "tab",
      expected: stage.scale.foreignMessages,
      window: WINDOW,
      wires: [["function"]],
    },
    ...threeNodes("feed"),
  ];
  const [workspace] = ground(stage.broker);
  const alone = [...(workspace ? [workspace] : []), ...foreign];
  const beside = (queue: string) => [
    ...ground(stage.broker),
    orderIn("in", queue, "hold", { settle: "finished" }),
    {
      id: "hold",
      type: "delay",
      z: "tab",
      pauseType: "delay",
      timeout: "1",
      timeoutUnits: "days",
      wires: [[]],
    },
    ...foreign,
  ];
  const [idleQueue, busyQueue] = queues;
  await stage.fill(busyQueue, HELD, (number) => ({
    body: orderBody(number),
    properties: orderProperties(number, TENANT),
  }));
  const processes = await Promise.all([1, 2, 3, 4].map(() => stage.anotherNodeRed()));
  const [without, empty, idle, busy] = processes;
  try {
    assert.ok(without && empty && idle && busy);
    const begin = async (nodeRed: TestNodeRed, queue: string, text: RegExp): Promise<void> => {
      await nodeRed.deploy(beside(queue));
      await nodeRed.untilStatus("in", (status) => text.test(status.text ?? ""));
    };
    await Promise.all([
      without.deploy(alone),
      empty.deploy(alone).then(() => hookIn(empty)),
      begin(idle, idleQueue, /^connected/),
      begin(busy, busyQueue, new RegExp(`^${HELD} in progress`)),
    ]);
    const run = async (nodeRed: TestNodeRed): Promise<Figures> => {
      nodeRed.forget();
      await nodeRed.inject("feed", { start: true });
      return (await nodeRed.nextMessage("feed", { timeout: 60_000 })) as unknown as Figures;
    };
    const { warm } = await rounds(
      stage.scale,
      [
        { name: "without", run: () => run(without) },
        { name: "empty", run: () => run(empty) },
        { name: "idle", run: () => run(idle) },
        { name: "busy", run: () => run(busy) },
      ],
      stage.say,
    );
    return warm;
  } finally {
    await Promise.all(processes.map((nodeRed) => nodeRed.stop()));
  }
}

/** The hooks that follow a flow need, and nothing behind them: what Node-RED itself takes for calling them. */
function hookIn(nodeRed: TestNodeRed): Promise<void> {
  return nodeRed.evaluate((RED) => {
    const { hooks } = RED as unknown as {
      hooks: { add(hook: string, listener: (event: object) => void): void };
    };
    for (const hook of ["onSend", "preDeliver", "onReceive", "postReceive", "onComplete"]) {
      hooks.add(`${hook}.bench`, (_event) => undefined);
    }
  });
}

function cpu(nodeRed: TestNodeRed): Promise<number> {
  return nodeRed.evaluate(() => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  });
}
