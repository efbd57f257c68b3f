/** How long an event takes from its publication to the output of the node, at a calm hundred a second. */
import { setTimeout as pause } from "node:timers/promises";
import { orderBody, orderProperties, tenantName } from "../events";
import { count, ground, orderIn } from "../flows";
import type { Row, Section } from "../result";
import type { Stage } from "../stage";
import { percentile, spreadOf } from "../statistics";
import type { Figures } from "../tally";

const EVERY_MS = 10;
const TENANT = tenantName(1);
const AT_ONCE = 100;
/** Milliseconds over raw. */
const P50 = 0.2;
const P99 = 1;

export async function measureLatency(stage: Stage): Promise<Section> {
  const events = Math.max(1, Math.round((stage.scale.latencySeconds * 1_000) / EVERY_MS));
  const ours: Figures[] = [];
  const raws: Figures[] = [];
  for (let round = 0; round < stage.scale.rounds; round += 1) {
    ours.push(await ourRun(stage, events));
    raws.push(await rawRun(stage, events));
    const p50 = (figures: Figures | undefined): string =>
      percentile(figures?.latencies ?? [], 0.5).toFixed(3);
    stage.say(`  round ${round + 1}: ours p50 ${p50(ours.at(-1))} ms, raw p50 ${p50(raws.at(-1))} ms`);
  }
  const row = (what: string, share: number, value: number): Row => {
    const [our, their] = [ours, raws].map((all) => all.map(({ latencies }) => percentile(latencies, share)));
    const differences = (our ?? []).map((each, round) => each - (their?.[round] ?? Number.NaN));
    return {
      what,
      ours: spreadOf(our ?? []),
      raw: spreadOf(their ?? []),
      unit: "ms",
      result: spreadOf(differences),
      resultUnit: "ms",
      bar: { kind: "under", value },
    };
  };
  return {
    title: `Latency at ${1_000 / EVERY_MS} events/s, over raw`,
    rows: [row("p50", 0.5, P50), row("p99", 0.99, P99)],
  };
}

async function ourRun(stage: Stage, events: number): Promise<Figures> {
  const queue = await stage.queue("classic");
  const flow = [
    ...ground(stage.broker, { tenant: TENANT }),
    orderIn("in", queue, "count", { maxInFlight: AT_ONCE, settle: "finished" }),
    count(events, { timed: true }),
  ];
  const figures = await stage.runFlow("latency", flow, "count", {
    meanwhile: async () => {
      await stage.nodeRed.untilStatus("in", ({ fill }) => fill === "green");
      await publishCalmly(stage, queue, events);
    },
  });
  await stage.remove(queue);
  return figures;
}

async function rawRun(stage: Stage, expected: number): Promise<Figures> {
  const queue = await stage.queue("classic");
  const { url } = stage.broker;
  const figures = await stage.raw.carryOut(
    { kind: "consume", url, queue, prefetch: AT_ONCE, ack: "each", expected, timed: true },
    () => publishCalmly(stage, queue, expected),
  );
  await stage.remove(queue);
  return figures;
}

async function publishCalmly(stage: Stage, queue: string, events: number): Promise<void> {
  for (let number = 0; number < events; number += 1) {
    const message = String(process.hrtime.bigint());
    stage.channel.publish("", queue, orderBody(number, { message }), orderProperties(number, TENANT));
    await pause(EVERY_MS);
  }
}
