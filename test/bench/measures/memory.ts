/** What a long queue, and a long outage, cost in memory: a fresh Node-RED each time, looked at from inside. */
import { TcpProxy } from "../../support/tcp-proxy";
import type { FlowNode, TestNodeRed } from "../../support/test-node-red";
import { untilValue } from "../../support/until";
import { ACK_EXCHANGE, LABEL, TENANT, urnOf } from "../acknowledgements";
import { orderBody, orderProperties, tenantName } from "../events";
import { count, ground, orderIn } from "../flows";
import type { Row, Section } from "../result";
import type { Stage } from "../stage";
import { spreadOf } from "../statistics";
import { outQueue } from "./out";

const MEBIBYTE = 2 ** 20;
const AT_ONCE = 100;
const ABOVE_IDLE = { kind: "under", value: 48 } as const;
const OUTBOX = 1_000;
const PER_SECOND = 500;
const LOOK_EVERY_MS = 20;
const FEED_EVERY_MS = 20;

/**
 * V8 lets its young generation double whenever as much as it holds has outlived a collection, however little
 * lives at a time: up to 64 MiB more in Node.js 24, in one step, for any flow that runs long enough. Held at
 * the 16 MiB of Node.js 20 and 22, it does not hide what a node keeps.
 */
export const YOUNG: readonly { readonly name: string; readonly env: Readonly<Record<string, string>> }[] = [
  { name: "as Node.js comes", env: {} },
  { name: "--max-semi-space-size=16", env: { NODE_OPTIONS: "--max-semi-space-size=16" } },
];

/** What a run cost above the idle process, in MiB: at its peak, and what lives on after a collection. */
interface Cost {
  readonly peak: number;
  readonly live: number;
}

export async function measureMemory(stage: Stage): Promise<Section> {
  const rows: Row[] = [];
  const cases = YOUNG.flatMap((young) => stage.scale.waiting.map((events) => ({ ...young, events })));
  for (const { name, env, events } of cases) {
    const ours: Cost[] = [];
    const control: Cost[] = [];
    for (let round = 0; round < stage.scale.memoryRounds; round += 1) {
      ours.push(await costOfQueue(stage, events, env));
      control.push(await costOfFlow(stage, events, env));
      const words = [ours, control].map((all) => `${all.at(-1)?.peak.toFixed(1)} MiB`);
      stage.say(
        `  round ${round + 1}: ${events} events, ${name}: ${words[0]} above idle, without our nodes ${words[1]}`,
      );
    }
    const row = (what: string, of: keyof Cost): Row => ({
      what: `${what}, ${events} waiting, ${name}`,
      ours: spreadOf(ours.map((cost) => cost[of])),
      raw: spreadOf(control.map((cost) => cost[of])),
      unit: "MiB",
      result: spreadOf(ours.map((cost) => cost[of])),
      resultUnit: "MiB",
      ...(of === "peak" ? { bar: ABOVE_IDLE } : {}),
    });
    rows.push(row("peak RSS above idle", "peak"), row("live heap afterwards, above idle", "live"));
  }
  return {
    title: `Memory: each event 5 ms in a delay node, ${AT_ONCE} at once (raw: the same without our nodes)`,
    rows,
  };
}

type Environment = Readonly<Record<string, string>>;

async function costOfQueue(stage: Stage, events: number, env: Environment): Promise<Cost> {
  const tenant = tenantName(1);
  const queue = await stage.queue("classic");
  await stage.fill(queue, events, (number) => ({
    body: orderBody(number),
    properties: orderProperties(number, tenant),
  }));
  const flow = [
    ...ground(stage.broker, { tenant }),
    orderIn("in", queue, "takes", { maxInFlight: AT_ONCE }),
    { ...DELAY, wires: [["count"]] },
    count(events),
  ];
  try {
    return await costOf(stage, env, flow, "count");
  } finally {
    await stage.remove(queue);
  }
}

/** As many messages through the same flow that come from nowhere. */
function costOfFlow(stage: Stage, expected: number, env: Environment): Promise<Cost> {
  const flow = [
    ...ground(stage.broker).slice(0, 1),
    { id: "feed", type: "bench-feed", z: "tab", expected, window: AT_ONCE, wires: [["takes"]] },
    { ...DELAY, wires: [["feed"]] },
  ];
  return costOf(stage, env, flow, "feed", (nodeRed) => nodeRed.inject("feed", { start: true }));
}

async function costOf(
  stage: Stage,
  env: Environment,
  flow: readonly FlowNode[],
  counter: string,
  start: (nodeRed: TestNodeRed) => Promise<void> = () => Promise.resolve(),
): Promise<Cost> {
  const nodeRed = await stage.anotherNodeRed(env);
  try {
    const idle = await nodeRed.resources();
    await watch(nodeRed);
    await nodeRed.deploy(flow);
    await start(nodeRed);
    await nodeRed.nextMessage(counter, { timeout: 240_000 });
    const highest = await peak(nodeRed);
    const { heapUsed } = await nodeRed.resources();
    return { peak: (highest - idle.rss) / MEBIBYTE, live: (heapUsed - idle.heapUsed) / MEBIBYTE };
  } finally {
    await nodeRed.stop();
  }
}

const DELAY = {
  id: "takes",
  type: "delay",
  z: "tab",
  pauseType: "delay",
  timeout: "5",
  timeoutUnits: "milliseconds",
  rate: "1",
  nbRateUnits: "1",
  rateUnits: "second",
  outputs: 1,
};

/** The broker goes away for a minute while a flow goes on acknowledging. */
export async function measureOutage(stage: Stage): Promise<Section> {
  const { outageSeconds } = stage.scale;
  const outages: Outage[] = [];
  for (const { env } of YOUNG) outages.push(await outageIn(stage, env));
  const nothing = { ours: undefined, raw: undefined } as const;
  return {
    title: `Outage of ${outageSeconds} s, ${PER_SECOND} acknowledgements/s into an outbox of ${OUTBOX}`,
    rows: [
      {
        what: "most that ever waited in the outbox",
        ...nothing,
        unit: "events",
        result: spreadOf(outages.map(({ waiting }) => waiting)),
        resultUnit: "events",
        bar: { kind: "under", value: OUTBOX + 1 },
      },
      {
        what: "neither published nor refused in the end",
        ...nothing,
        unit: "events",
        result: spreadOf(outages.map(({ missing }) => missing)),
        resultUnit: "events",
        bar: { kind: "under", value: 1 },
      },
      ...outages.map(
        ({ above }, place): Row => ({
          what: `peak RSS above idle, ${YOUNG[place]?.name}`,
          ...nothing,
          unit: "MiB",
          result: spreadOf([above]),
          resultUnit: "MiB",
          bar: ABOVE_IDLE,
        }),
      ),
    ],
  };
}

interface Outage {
  /** The most acknowledgements that ever waited. */
  readonly waiting: number;
  /** Without a verdict in the end. */
  readonly missing: number;
  /** MiB. */
  readonly above: number;
}

async function outageIn(stage: Stage, env: Environment): Promise<Outage> {
  const { outageSeconds } = stage.scale;
  const queue = await outQueue(stage, ACK_EXCHANGE);
  const proxy = await TcpProxy.start(stage.broker);
  const nodeRed = await stage.anotherNodeRed(env);
  try {
    const fed = outageSeconds * PER_SECOND;
    const address = { ...stage.broker, host: proxy.host, port: proxy.port, vhost: stage.broker.vhost };
    const { user, password } = stage.broker;
    await nodeRed.deploy([
      ...ground({ ...address, user, password }, { tenant: TENANT }),
      {
        id: "out",
        type: "regards-ack-out",
        z: "tab",
        broker: "broker",
        recipientLabel: LABEL,
        outboxLimit: OUTBOX,
        wires: [["published"], ["refused"]],
      },
      { ...count(0), id: "published" },
      { ...count(0), id: "refused" },
    ]);
    await nodeRed.untilStatus("out", ({ fill }) => fill === "green");
    const idle = await rss(nodeRed);
    await watch(nodeRed);
    proxy.refuse();
    proxy.cut();
    await feed(nodeRed, fed);
    const waiting = Math.max(...nodeRed.statuses("out").map(waitingIn));
    await proxy.accept();
    const ended = (): Promise<number> => total(nodeRed);
    await untilValue(ended, (found) => found >= fed, {
      what: "every acknowledgement to end",
      timeout: 60_000,
    });
    const above = ((await peak(nodeRed)) - idle) / MEBIBYTE;
    return { waiting, missing: fed - (await total(nodeRed)), above };
  } finally {
    await nodeRed.stop();
    await proxy.close();
    await stage.remove(queue);
  }
}

/** Feeds from inside: what the bench would have to send there would be counted too. */
function feed(nodeRed: TestNodeRed, fed: number): Promise<void> {
  return nodeRed.evaluate(
    async (RED, urns: string[], portion: number, every: number) => {
      const { getNode } = RED.nodes as unknown as { getNode(id: string): { receive(message: object): void } };
      const out = getNode("out");
      const started = performance.now();
      for (let sent = 0; sent < urns.length; sent += portion) {
        for (const payload of urns.slice(sent, sent + portion)) out.receive({ payload });
        const due = started + (sent / portion + 1) * every;
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
      }
    },
    Array.from({ length: fed }, (_, index) => urnOf(index)),
    (PER_SECOND * FEED_EVERY_MS) / 1_000,
    FEED_EVERY_MS,
  );
}

async function total(nodeRed: TestNodeRed): Promise<number> {
  return (await nodeRed.received("published")) + (await nodeRed.received("refused"));
}

function waitingIn(status: object): number {
  const { counters } = status as { readonly counters?: { readonly waiting?: number } };
  return counters?.waiting ?? 0;
}

async function rss(nodeRed: TestNodeRed): Promise<number> {
  return (await nodeRed.resources()).rss;
}

/** Looks at the process from within from now on; nothing is collected for it. */
export function watch(nodeRed: TestNodeRed): Promise<void> {
  return nodeRed.evaluate((_RED, every: number) => {
    const seen = { peak: 0 };
    Object.assign(globalThis, { benchMemory: seen });
    setInterval(() => {
      seen.peak = Math.max(seen.peak, process.memoryUsage.rss());
    }, every);
  }, LOOK_EVERY_MS);
}

/** The most it has had since it was watched, in bytes. */
export function peak(nodeRed: TestNodeRed): Promise<number> {
  return nodeRed.evaluate(
    () => (globalThis as unknown as { benchMemory: { peak: number } }).benchMemory.peak,
  );
}
