/** Events that wait in a queue: how fast they come through an order node, and through a flow behind it. */
import { orderBody, orderProperties, tenantName } from "../events";
import { count, ground, orderIn, threeNodes } from "../flows";
import type { Bar, Row, Section } from "../result";
import type { QueueKind, Stage } from "../stage";
import type { Figures } from "../tally";
import { atLeast, BROKER_TIME, type Contestant, comparison, PROCESSOR_TIME, rounds, under } from "./rounds";

const TENANT = tenantName(1);
/** What the bars are set for. */
const AT_ONCE = 100;
/** Events a second beside the client that acknowledges one by one. */
const FINISHED = 1.5;
/** Processor time beside the one that acknowledges fifty at once. */
const FINISHED_TIME = 1.4;
const HANDED_TIME = 1.25;
/** Following a run, beside merely handing it over, through the same three nodes. */
const FOLLOWED_TIME = 1.05;

const EACH = "raw, one by one";
const FIFTY = "raw, fifty at once";
const CEILING = "raw, no acknowledgement";
const HOP = "one hop";

/** The bars alone: classic queue, 100 at once. */
export async function measureIn(stage: Stage): Promise<Section> {
  const kind = "classic";
  const { warm, cold } = await rounds(
    stage.scale,
    [
      rawIn(stage, FIFTY, kind, AT_ONCE, "fifty"),
      ourIn(stage, "finished", kind, AT_ONCE, { settle: "finished" }),
      ourIn(stage, "handed", kind, AT_ONCE, { settle: "handed" }),
      ourFlow(stage, "flow, finished", kind, AT_ONCE, "finished"),
      ourFlow(stage, "flow, handed", kind, AT_ONCE, "handed"),
      rawIn(stage, EACH, kind, AT_ONCE, "each"),
      rawIn(stage, CEILING, kind, AT_ONCE, "none"),
      oneHop(stage),
    ],
    stage.say,
  );
  const time = (what: string, ours: string, raw: string, bar?: Bar, figures = warm): Row =>
    comparison(what, figures, [ours, raw], bar, PROCESSOR_TIME);
  const coldRows =
    stage.scale.warmUps === 0
      ? []
      : [time("finished, first run of both processes", "finished", FIFTY, undefined, cold)];
  return {
    title: `In: ${stage.scale.events} events waiting, classic queue, ${AT_ONCE} at once`,
    rows: [
      time("finished, beside fifty at once", "finished", FIFTY, under(FINISHED_TIME)),
      time("handed, beside fifty at once", "handed", FIFTY, under(HANDED_TIME)),
      ...coldRows,
      comparison("finished, beside one by one", warm, ["finished", EACH], atLeast(FINISHED)),
      comparison("handed, beside one by one", warm, ["handed", EACH]),
      time(
        "function → switch → change, finished beside handed",
        "flow, finished",
        "flow, handed",
        under(FOLLOWED_TIME),
      ),
      comparison("function → switch → change, finished, beside one by one", warm, ["flow, finished", EACH]),
      comparison("fifty at once, beside one by one", warm, [FIFTY, EACH]),
      time("no acknowledgement, beside fifty at once", CEILING, FIFTY),
      time("from node to node, without any of ours", HOP, FIFTY),
      comparison(
        "the broker's time: finished, beside fifty at once",
        warm,
        ["finished", FIFTY],
        undefined,
        BROKER_TIME,
      ),
    ],
  };
}

/** Every kind of queue, every size of window. */
export async function measureInMatrix(stage: Stage): Promise<Section> {
  const rows: Row[] = [];
  for (const kind of ["classic", "quorum", "priorities"] as const) {
    for (const prefetch of stage.scale.prefetches) {
      stage.say(`${kind}, ${prefetch} at once`);
      const { warm } = await rounds(
        stage.scale,
        [
          rawIn(stage, EACH, kind, prefetch, "each"),
          ourIn(stage, "finished", kind, prefetch, { settle: "finished" }),
          ourIn(stage, "handed", kind, prefetch, { settle: "handed" }),
        ],
        stage.say,
      );
      for (const settle of ["finished", "handed"]) {
        rows.push(comparison(`${kind}, ${prefetch} at once, ${settle}`, warm, [settle, EACH]));
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

function ourFlow(
  stage: Stage,
  name: string,
  kind: QueueKind,
  maxInFlight: number,
  settle: "finished" | "handed",
): Contestant {
  return withFullQueue(stage, name, kind, (queue, events) =>
    stage.runFlow(
      name,
      [
        ...ground(stage.broker, { tenant: TENANT }),
        orderIn("in", queue, "function", { maxInFlight, settle }),
        ...threeNodes("count"),
        count(events),
      ],
      "count",
    ),
  );
}

/** What Node-RED itself needs to hand a message to the next node: no in-node can do with less. */
function oneHop(stage: Stage): Contestant {
  const expected = stage.scale.events;
  const feed = { id: "feed", type: "bench-feed", z: "tab", expected, window: AT_ONCE, wires: [["feed"]] };
  const flow = [...ground(stage.broker).slice(0, 1), feed];
  const start = () => stage.nodeRed.inject("feed", { start: true });
  return { name: HOP, run: () => stage.runFlow(HOP, flow, "feed", { meanwhile: start }) };
}

function rawIn(
  stage: Stage,
  name: string,
  kind: QueueKind,
  prefetch: number,
  ack: "each" | "fifty" | "none",
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
      const figures = await stage.withBrokerTime(() => run(queue, events));
      await stage.remove(queue);
      return figures;
    },
  };
}
