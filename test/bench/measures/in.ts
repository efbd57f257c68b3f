/** Events that wait in a queue: how fast they come through an order node, and through a flow behind it. */
import { orderBody, orderProperties, tenantName } from "../events";
import { count, ground, orderIn, threeNodes } from "../flows";
import type { Row, Section } from "../result";
import type { QueueKind, Stage } from "../stage";
import type { Figures } from "../tally";
import { type Contestant, comparison, rounds } from "./rounds";

const TENANT = tenantName(1);
/** What the bars are set for. */
const AT_ONCE = 100;
const FINISHED = 1.0;
const HANDED = 1.3;
const FLOW = 0.6;

/** The bars alone: classic queue, 100 at once. */
export async function measureIn(stage: Stage): Promise<Section> {
  const kind = "classic";
  const names = { raw: "raw, ack each", ceiling: "raw, no ack" };
  const speeds = await rounds(
    stage.scale,
    [
      rawIn(stage, names.raw, kind, AT_ONCE, "each"),
      ourIn(stage, "finished", kind, AT_ONCE, { settle: "finished" }),
      ourIn(stage, "handed", kind, AT_ONCE, { settle: "handed" }),
      ourFlow(stage, "flow", kind, AT_ONCE),
      rawIn(stage, names.ceiling, kind, AT_ONCE, "none"),
    ],
    stage.say,
  );
  const row = (what: string, ours: string, atLeast?: number): Row =>
    comparison(what, speeds, ours, names.raw, atLeast);
  return {
    title: `In: ${stage.scale.events} events waiting, classic queue, ${AT_ONCE} at once`,
    rows: [
      row("settle when finished", "finished", FINISHED),
      row("settle when handed", "handed", HANDED),
      row("through function → switch → change", "flow", FLOW),
      row("ceiling: raw client without acknowledgement", names.ceiling),
    ],
  };
}

/** Every kind of queue, every size of window. */
export async function measureInMatrix(stage: Stage): Promise<Section> {
  const rows: Row[] = [];
  for (const kind of ["classic", "quorum", "priorities"] as const) {
    for (const prefetch of stage.scale.prefetches) {
      stage.say(`${kind}, ${prefetch} at once`);
      const speeds = await rounds(
        stage.scale,
        [
          rawIn(stage, "raw", kind, prefetch, "each"),
          ourIn(stage, "finished", kind, prefetch, { settle: "finished" }),
          ourIn(stage, "handed", kind, prefetch, { settle: "handed" }),
        ],
        stage.say,
      );
      for (const settle of ["finished", "handed"]) {
        rows.push(comparison(`${kind}, ${prefetch} at once, ${settle}`, speeds, settle, "raw"));
      }
    }
  }
  return { title: "In: kinds of queues, at once, settle", rows };
}

function eventsFor(stage: Stage, kind: QueueKind): number {
  return kind === "priorities" ? stage.scale.priorityEvents : stage.scale.events;
}

function ourIn(
  stage: Stage,
  name: string,
  kind: QueueKind,
  maxInFlight: number,
  properties: Readonly<Record<string, unknown>>,
): Contestant {
  return withFullQueue(stage, name, kind, (queue, events) =>
    stage.runFlow(
      name,
      [
        ...ground(stage.broker, { tenant: TENANT }),
        orderIn("in", queue, "count", { maxInFlight, ...properties }),
        count(events),
      ],
      "count",
    ),
  );
}

function ourFlow(stage: Stage, name: string, kind: QueueKind, maxInFlight: number): Contestant {
  return withFullQueue(stage, name, kind, (queue, events) =>
    stage.runFlow(
      name,
      [
        ...ground(stage.broker, { tenant: TENANT }),
        orderIn("in", queue, "function", { maxInFlight, settle: "finished" }),
        ...threeNodes("count"),
        count(events),
      ],
      "count",
    ),
  );
}

function rawIn(
  stage: Stage,
  name: string,
  kind: QueueKind,
  prefetch: number,
  ack: "each" | "none",
): Contestant {
  const { url } = stage.broker;
  return withFullQueue(stage, name, kind, (queue, expected) =>
    stage.raw.carryOut({ kind: "consume", url, queue, prefetch, ack, expected, timed: false }),
  );
}

function withFullQueue(
  stage: Stage,
  name: string,
  kind: QueueKind,
  run: (queue: string, events: number) => Promise<Figures>,
): Contestant {
  return {
    name,
    run: async () => {
      const events = eventsFor(stage, kind);
      const queue = await stage.queue(kind);
      await stage.fill(queue, events, (number) => ({
        body: orderBody(number),
        properties: orderProperties(number, TENANT),
      }));
      const figures = await run(queue, events);
      await stage.remove(queue);
      return figures;
    },
  };
}
