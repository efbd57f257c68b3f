/**
 * What happens in the demo: requests made as outside clients make them, buttons pressed as a user presses
 * them.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { Example } from "../examples/example";
import type { Plan } from "./facts";
import { CORRELATION_PREFIX } from "./flows";
import type { Say } from "./narrator";
import type { World } from "./world";

/** What one telling of the whole story amounts to. */
export const WHOLE_STORY: Plan = { orders: 3, subOrders: 5, files: 10 };

const BETWEEN_ROUNDS_MS = 12_000;
const WORKER_KINDS = ["count-bytes", "describe", "thumbnail", "rare", "picky"];

/**
 * Everything once: two orders, two submissions, two results, two disseminated products; and an order, a submission and
 * a worker's work that flows ask for themselves.
 */
export async function tellWholeStory(world: World, say: Say): Promise<void> {
  await letOthersAct(world, say);
  await order(world, say, "subOrders:3 AND files:2");
  await order(world, say, "files:3 AND failing:1");
  await submit(world, say, "my-product", "LANDSAT");
  await submit(world, say, "my-mistake", "no-such-datatype");
  await requestWork(world, say, "count-bytes");
  await requestWork(world, say, "thumbnail");
  await disseminate(world, say);
  await ask(world, say, "8 - Order and download", "a product");
  await ask(world, say, "7 - Submit a product", "a product");
  await ask(world, say, "6 - Ask a worker", "a request");
}

/** Round after round until the signal ends it. */
export async function tellOnAndOn(world: World, say: Say, signal: AbortSignal): Promise<void> {
  for (let round = 0; !signal.aborted; round++) {
    await oneRound(world, say, round);
    await pause(BETWEEN_ROUNDS_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function oneRound(world: World, say: Say, round: number): Promise<void> {
  const isTroubled = round % 3 === 2;
  await order(world, say, `subOrders:${(round % 4) + 1} AND files:2${isTroubled ? " AND failing:1" : ""}`);
  await submit(world, say, `product-${round + 1}`, isTroubled ? "no-such-datatype" : "LANDSAT");
  await requestWork(world, say, WORKER_KINDS[round % WORKER_KINDS.length] ?? "count-bytes");
  await disseminate(world, say);
  await letOthersAct(world, say);
}

async function order({ regards }: World, say: Say, query: string): Promise<void> {
  say(`client    orders what "${query}" finds`);
  await regards.requestOrder({ correlationId: id(), queries: [query] });
}

async function submit({ regards }: World, say: Say, productId: string, datatype: string): Promise<void> {
  say(`client    submits ${productId} as ${datatype}`);
  await regards.submit({ correlationId: id(), productId, datatype });
}

async function requestWork({ regards }: World, say: Say, contentType: string): Promise<void> {
  say(`client    asks a worker for "${contentType}"`);
  await regards.requestWork({ requestId: id(), contentType, body: { hello: "worker" } });
}

/** Presses the button of a flow that asks REGARDS itself. */
async function ask({ nodeRed }: World, say: Say, example: string, button: string): Promise<void> {
  say(`you       press "${button}" in the flow "${example.slice(4)}"`);
  const inject = Example.read(example).id("inject", button);
  const { ok, status } = await nodeRed.fetch(`/inject/${inject}`, { method: "POST" });
  if (!ok) throw new Error(`the button "${button}" answered ${status}`);
}

async function letOthersAct({ regards }: World, say: Say): Promise<void> {
  say("others    order, submit and work too: the flows must leave that alone");
  await regards.letOthersAct();
}

async function disseminate({ regards }: World, say: Say): Promise<void> {
  say("REGARDS   disseminates two products and waits for their acknowledgements");
  await regards.disseminate({ service: "ingest" });
  await regards.disseminate({ service: "fem" });
}

function id(): string {
  return `${CORRELATION_PREFIX}${randomUUID().slice(0, 8)}`;
}
