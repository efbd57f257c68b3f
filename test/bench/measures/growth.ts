/** What becomes of the speed with more nodes, larger bodies, and other people's events on the exchange. */
import { orderBody, orderProperties, tenantName } from "../events";
import { count, ground, orderIn } from "../flows";
import type { Row, Section } from "../result";
import type { Stage } from "../stage";
import { atLeast, type Contestant, comparison, rounds } from "./rounds";

const AT_ONCE = 100;
/** With so many tenants a filter skips 98 events of 100. */
const FOREIGN_TENANTS = 50;
const FILTERED = 0.9;

/** What waits, and where. */
interface Load {
  readonly events: number;
  readonly queues: number;
  readonly tenants: number;
  readonly bytes: number;
}

export async function measureGrowth(stage: Stage): Promise<Section> {
  const { nodes, bodies, tenants, events } = stage.scale;
  const plain: Load = { events, queues: 1, tenants: 1, bytes: 0 };
  const rows: Row[] = [];
  const add = async (what: string, load: Load, least?: number): Promise<void> => {
    stage.say(what);
    const { warm } = await rounds(stage.scale, [rawRun(stage, load), ourRun(stage, load)], stage.say);
    rows.push(comparison(what, warm, ["ours", "raw"], least === undefined ? undefined : atLeast(least)));
  };
  for (const queues of nodes) {
    await add(`${queues} in-nodes with a queue each (raw: one)`, { ...plain, queues });
  }
  for (const { bytes, events: number } of bodies) {
    await add(`bodies of ${bytes} bytes`, { ...plain, bytes, events: number });
  }
  for (const number of tenants) {
    const bar = number === FOREIGN_TENANTS ? FILTERED : undefined;
    await add(`${number} tenants, a filter that keeps one`, { ...plain, tenants: number }, bar);
  }
  return { title: "Growth", rows };
}

function ourRun(stage: Stage, load: Load): Contestant {
  return {
    name: "ours",
    run: async () => {
      const queues = await filled(stage, load, load.queues);
      const expected = Math.floor(load.events / load.queues / load.tenants) * load.queues;
      const ids = queues.map((_, index) => `in${index}`);
      const figures = await stage.runFlow(
        `growth-${load.queues}-${load.tenants}-${load.bytes}`,
        [
          ...ground(stage.broker, { tenant: tenantName(1) }),
          ...ids.map((id, index) => orderIn(id, queues[index] ?? "", "count", { maxInFlight: AT_ONCE })),
          count(expected),
        ],
        "count",
      );
      for (const queue of queues) await stage.remove(queue);
      return { ...figures, count: figures.count * load.tenants };
    },
  };
}

function rawRun(stage: Stage, load: Load): Contestant {
  const { url } = stage.broker;
  return {
    name: "raw",
    run: async () => {
      const [queue = ""] = await filled(stage, load, 1);
      const expected = load.events;
      const order = { url, queue, prefetch: AT_ONCE, expected, timed: false };
      const figures = await stage.raw.carryOut({ kind: "consume", ack: "each", ...order });
      await stage.remove(queue);
      return figures;
    },
  };
}

async function filled(stage: Stage, { events, tenants, bytes }: Load, queues: number): Promise<string[]> {
  const names: string[] = [];
  for (let number = 0; number < queues; number += 1) {
    const queue = await stage.queue("classic");
    await stage.fill(queue, Math.floor(events / queues), (each) => ({
      body: orderBody(each, { bytes }),
      properties: orderProperties(each, tenantName(1 + (each % tenants))),
    }));
    names.push(queue);
  }
  return names;
}
