/** What a long queue, and a long outage, cost in memory: a fresh Node-RED each time, looked at from inside. */
import { TcpProxy } from "../../support/tcp-proxy";
import type { FlowNode, TestNodeRed } from "../../support/test-node-red";
import { untilValue } from "../../support/until";
import { LABEL, TENANT, urnOf } from "../acknowledgements";
import { orderBody, orderProperties, tenantName } from "../events";
import { count, ground, orderIn } from "../flows";
import type { Row, Section } from "../result";
import type { Stage } from "../stage";
import { spreadOf } from "../statistics";
import { ackQueue } from "./out";

const MEBIBYTE = 2 ** 20;
const AT_ONCE = 100;
const ABOVE_IDLE = { kind: "under", value: 40 } as const;
const OUTBOX = 1_000;
const PER_SECOND = 500;
const LOOK_EVERY_MS = 20;
const FEED_EVERY_MS = 20;

/** What a run cost above the idle process, in MiB: at its peak, and what lives on after a collection. */
interface Cost {
  readonly peak: number;
  readonly live: number;
}

export async function measureMemory(stage: Stage): Promise<Section> {
  const rows: Row[] = [];
  for (const events of [stage.scale.few, stage.scale.many]) {
    const ours: Cost[] = [];
    const control: Cost[] = [];
    for (let round = 0; round < stage.scale.memoryRounds; round += 1) {
      ours.push(await costOfQueue(stage, events));
      control.push(await costOfFlow(stage, events));
      const words = [ours, control].map((all) => `${all.at(-1)?.peak.toFixed(1)} MiB`);
      stage.say(
        `  round ${round + 1}: ${events} events: ${words[0]} above idle, without our nodes ${words[1]}`,
      );
    }
    const row = (what: string, of: keyof Cost): Row => ({
      what: `${what}, ${events} waiting`,
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

async function costOfQueue(stage: Stage, events: number): Promise<Cost> {
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
    return await costOf(stage, flow, "count");
  } finally {
    await stage.remove(queue);
  }
}

/** As many messages through the same flow that come from nowhere. */
function costOfFlow(stage: Stage, expected: number): Promise<Cost> {
  const flow = [
    ...ground(stage.broker).slice(0, 1),
    { id: "feed", type: "bench-feed", z: "tab", expected, window: AT_ONCE, wires: [["takes"]] },
    { ...DELAY, wires: [["feed"]] },
  ];
  return costOf(stage, flow, "feed", (nodeRed) => nodeRed.inject("feed", { start: true }));
}

async function costOf(
  stage: Stage,
  flow: readonly FlowNode[],
  counter: string,
  start: (nodeRed: TestNodeRed) => Promise<void> = () => Promise.resolve(),
): Promise<Cost> {
  const nodeRed = await stage.anotherNodeRed();
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
  const queue = await ackQueue(stage);
  const proxy = await TcpProxy.start(stage.broker);
  const nodeRed = await stage.anotherNodeRed();
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
    const nothing = { ours: undefined, raw: undefined } as const;
    return {
      title: `Outage of ${outageSeconds} s, ${PER_SECOND} acknowledgements/s into an outbox of ${OUTBOX}`,
      rows: [
        {
          what: "most that ever waited in the outbox",
          ...nothing,
          unit: "events",
          result: spreadOf([waiting]),
          resultUnit: "events",
          bar: { kind: "under", value: OUTBOX + 1 },
        },
        {
          what: "neither published nor refused in the end",
          ...nothing,
          unit: "events",
          result: spreadOf([fed - (await total(nodeRed))]),
          resultUnit: "events",
          bar: { kind: "under", value: 1 },
        },
        {
          what: "peak RSS above idle",
          ...nothing,
          unit: "MiB",
          result: spreadOf([above]),
          resultUnit: "MiB",
          bar: ABOVE_IDLE,
        },
      ],
    };
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

function watch(nodeRed: TestNodeRed): Promise<void> {
  return nodeRed.evaluate((_RED, every: number) => {
    const seen = { peak: 0 };
    Object.assign(globalThis, { benchMemory: seen });
    setInterval(() => {
      seen.peak = Math.max(seen.peak, process.memoryUsage.rss());
    }, every);
  }, LOOK_EVERY_MS);
}

function peak(nodeRed: TestNodeRed): Promise<number> {
  return nodeRed.evaluate(
    () => (globalThis as unknown as { benchMemory: { peak: number } }).benchMemory.peak,
  );
}
