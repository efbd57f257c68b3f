/**
 * What happens in the demo: requests made as outside clients make them, buttons pressed as a user presses
 * them.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { allShown, property } from "../examples/debug-sidebar";
import { Example } from "../examples/example";
import type { Status } from "../support/node-red-wire";
import { until, untilValue } from "../support/until";
import type { Plan } from "./facts";
import { AUTO_PREFIX, CORRELATION_PREFIX } from "./flows";
import type { Say } from "./narrator";
import { FAILS_FOR_GOOD, FAILS_ONCE, PAGE_PREFIX, START } from "./start-here";
import type { World } from "./world";

/** What one telling of the whole story amounts to. */
export const WHOLE_STORY: Plan = { orders: 6, subOrders: 8, files: 13, ofThePage: 9 };

const BETWEEN_ROUNDS_MS = 12_000;
/** Three attempts with what lies between them. */
const GIVE_UP_LIMIT_MS = 60_000;
const SEND_BACK_LIMIT_MS = 30_000;
const WORKER_KINDS = ["count-bytes", "describe", "thumbnail", "rare", "picky"];

/**
 * Everything once: orders, submissions, results, disseminated products; an order, a submission and a worker's work that
 * flows ask for themselves; an event tried again, one given up and sent back, and RabbitMQ away while a flow works.
 */
export async function tellWholeStory(world: World, say: Say, away: number): Promise<void> {
  await letOthersAct(world, say);
  await order(world, say, "subOrders:3 AND files:2");
  await order(world, say, "files:3 AND failing:1");
  await failOnce(world, say);
  await failForGood(world, say);
  await submit(world, say, "my-product", "LANDSAT");
  await submit(world, say, "my-mistake", "no-such-datatype");
  await requestWork(world, say, "count-bytes");
  await requestWork(world, say, "thumbnail");
  await disseminate(world, say);
  await ask(world, say, "08 - Order and download", "a product");
  await ask(world, say, "07 - Submit a product", "a product");
  await ask(world, say, "06 - Ask a worker", "a request");
  await sendBack(world, say);
  await loseRabbitMq(world, say, away);
}

/** Round after round until the signal ends it; what goes wrong is shown once, and then left to the buttons. */
export async function tellOnAndOn(world: World, say: Say, away: number, signal: AbortSignal): Promise<void> {
  const acts = [failOnce, failForGood, watchDownload, sendBack, loseRabbitMq];
  for (let round = 0; !signal.aborted; round++) {
    await oneRound(world, say, round);
    await acts[round]?.(world, say, away);
    say(`\n          ${world.nodeRed.url}   ${world.dashboard ?? ""}   (Ctrl-C ends it)\n`);
    await pause(BETWEEN_ROUNDS_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function oneRound(world: World, say: Say, round: number): Promise<void> {
  const isTroubled = round % 3 === 2;
  const prefix = round % 2 === 0 ? PAGE_PREFIX : AUTO_PREFIX;
  const failing = isTroubled ? " AND failing:1" : "";
  await order(world, say, `subOrders:${(round % 4) + 1} AND files:2${failing}`, prefix);
  await submit(world, say, `product-${round + 1}`, isTroubled ? "no-such-datatype" : "LANDSAT");
  await requestWork(world, say, WORKER_KINDS[round % WORKER_KINDS.length] ?? "count-bytes");
  await disseminate(world, say);
  await letOthersAct(world, say);
}

async function order(
  { regards }: World,
  say: Say,
  query: string,
  prefix = AUTO_PREFIX,
  what = `what "${query}" finds`,
): Promise<void> {
  say(`client    orders ${what}`);
  await regards.requestOrder({ correlationId: id(prefix), queries: [query] });
}

async function watchDownload(world: World, say: Say): Promise<void> {
  const what = "large files: the download shows how far it is, and how fast";
  await order(world, say, "files:3 AND bytes:2000000 AND slow:1", PAGE_PREFIX, what);
}

async function failOnce(world: World, say: Say): Promise<void> {
  await order(world, say, "files:1", FAILS_ONCE, "what the flow of Start here fails on once");
}

async function failForGood(world: World, say: Say): Promise<void> {
  const what = "what the flow of Start here fails on until it is mended";
  await order(world, say, "files:1", FAILS_FOR_GOOD, what);
}

/** Waits until the event has been given up, then presses the button that mends the flow and sends it back. */
async function sendBack({ nodeRed }: World, say: Say): Promise<void> {
  const look = async (): Promise<unknown> =>
    property(await (await nodeRed.fetch(`regards/dead-letters/${START.orders}`)).json(), "count");
  await untilValue(look, (count) => count === 1, {
    what: "an event to be given up",
    timeout: GIVE_UP_LIMIT_MS,
  });
  say('you       see one event given up, and press "mend it, and send back"');
  await press(nodeRed, START.sendBack);
  const isHandled = (): boolean =>
    allShown(nodeRed, START.handled).some((shown) => {
      const isThat = String(property(shown, "correlationId")).startsWith(FAILS_FOR_GOOD);
      return isThat && property(shown, "status") === "DONE";
    });
  await until(isHandled, { what: "the event that was sent back to be handled", timeout: SEND_BACK_LIMIT_MS });
}

/**
 * Takes RabbitMQ away while the flow of Start here has an event in hand. REGARDS has been told before that all of them
 * are published: what it could not know of, it would publish again, and the flow would rightly handle it again.
 */
async function loseRabbitMq({ regards, nodeRed, mishaps }: World, say: Say, away: number): Promise<void> {
  if (!mishaps.mayStopRabbitMq) return;
  await nodeRed.untilStatus(START.orders, (status) => inHand(status) === 0, { timeout: SEND_BACK_LIMIT_MS });
  const correlationId = id(PAGE_PREFIX);
  const isPublished = hearOfTheEnd(regards, correlationId);
  await regards.requestOrder({ correlationId, queries: ["files:1"] });
  await until(isPublished, { what: "the last event of an order", timeout: SEND_BACK_LIMIT_MS });
  await nodeRed.untilStatus(START.orders, (status) => inHand(status) > 0);
  say("somebody  stops RabbitMQ while the flow of Start here has an event in hand");
  await mishaps.takeRabbitMqAway(away);
  say("somebody  has started RabbitMQ again");
}

/** Whether RabbitMQ has confirmed the last event of an order. */
function hearOfTheEnd({ events }: World["regards"], correlationId: string): () => boolean {
  let isOver = false;
  events.on("orderDone", (order) => {
    if (order.correlationId === correlationId) isOver = true;
  });
  return () => isOver;
}

/** How many events a node's flow has in hand. */
function inHand({ counters }: Status): number {
  return counters?.inFlight ?? 0;
}

async function submit({ regards }: World, say: Say, productId: string, datatype: string): Promise<void> {
  say(`client    submits ${productId} as ${datatype}`);
  await regards.submit({ correlationId: id(CORRELATION_PREFIX), productId, datatype });
}

async function requestWork({ regards }: World, say: Say, contentType: string): Promise<void> {
  say(`client    asks a worker for "${contentType}"`);
  await regards.requestWork({ requestId: id(CORRELATION_PREFIX), contentType, body: { hello: "worker" } });
}

/** Presses the button of a flow that asks REGARDS itself. */
async function ask({ nodeRed }: World, say: Say, example: string, button: string): Promise<void> {
  say(`you       press "${button}" in the flow "${example.slice("00 - ".length)}"`);
  await press(nodeRed, Example.read(example).id("inject", button));
}

async function press(nodeRed: World["nodeRed"], inject: string): Promise<void> {
  const { ok, status } = await nodeRed.fetch(`inject/${inject}`, { method: "POST" });
  if (!ok) throw new Error(`the button ${inject} answered ${status}`);
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

function id(prefix: string): string {
  return `${prefix}${randomUUID().slice(0, 8)}`;
}
