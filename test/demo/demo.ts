/**
 * The demo: a RabbitMQ, a simulated REGARDS and a Node-RED with the examples, and the story they tell
 * together.
 */
import { setTimeout as pause } from "node:timers/promises";
import { type Fact, lookAtFacts } from "./facts";
import { tabNames } from "./flows";
import { openLedger } from "./ledger";
import { narrate } from "./narrator";
import { tellOnAndOn, tellWholeStory, WHOLE_STORY } from "./story";
import { shortcomings, table } from "./summary";
import { type Pace, startWorld, type World } from "./world";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Fast for a check, and without what has to be brought; slow enough to watch otherwise. */
const PACE: Readonly<Record<"once" | "watched", Pace>> = {
  once: { step: 50, work: 2, retryDelay: 1, away: 2_000, withDashboard: false },
  watched: { step: 700, work: 3, retryDelay: 5, away: 10_000, withDashboard: true },
};
const STORY_LIMIT_MS = 150_000;
const LOOK_EVERY_MS = 200;
/** Enough for a download or an event too many to show itself, also behind the flow that works for two seconds. */
const AFTERTHOUGHT_MS = 4_000;

/** Runs the demo and returns its exit code. */
export async function demo(args: readonly string[]): Promise<number> {
  const isOnce = args.includes("--once");
  if (args.some((arg) => arg !== "--once")) {
    console.error("usage: npm run demo [-- --once]");
    return 2;
  }
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  for (const signal of SIGNALS) process.on(signal, interrupt);
  // Nobody reads on (`npm run demo | head`): unheard, that error would end us with everything still running.
  process.stdout.on("error", interrupt);
  try {
    const world = await startWorld(isOnce ? PACE.once : PACE.watched, say);
    try {
      introduce(world);
      narrate(world, sayWithTime);
      return isOnce ? await once(world, interruption.signal) : await onAndOn(world, interruption.signal);
    } finally {
      say("\nStopping everything the demo has started ...");
      await world.stop();
    }
  } catch (error) {
    if (interruption.signal.aborted) return isOnce ? 1 : 0;
    console.error(`The demo cannot go on: ${error instanceof Error ? error.message : error}`);
    return 1;
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
}

async function once(world: World, signal: AbortSignal): Promise<number> {
  const ledger = openLedger(world.regards);
  const look = (): Promise<readonly Fact[]> => lookAtFacts(world, ledger, WHOLE_STORY);
  const deadline = Date.now() + STORY_LIMIT_MS;
  const failures: unknown[] = [];
  tellWholeStory(world, sayWithTime, PACE.once.away).catch((error: unknown) => failures.push(error));
  while (Date.now() < deadline && !signal.aborted && failures.length === 0) {
    if (shortcomings(await look()) === undefined) break;
    await pause(LOOK_EVERY_MS);
  }
  for (const failure of failures) throw failure;
  if (signal.aborted) return 1;
  await pause(AFTERTHOUGHT_MS);
  const facts = await look();
  const missing = shortcomings(facts);
  say(`\n${table(facts)}`);
  if (missing === undefined) {
    say("\nEverything happened as it should.");
    return 0;
  }
  say(`\nThis did not happen as it should: ${missing}`);
  return 1;
}

async function onAndOn(world: World, signal: AbortSignal): Promise<number> {
  await tellOnAndOn(world, sayWithTime, PACE.watched.away, signal);
  return 0;
}

function introduce({ broker, regards, nodeRed, flows, downloads, dashboard }: World): void {
  say(`
  tabs               ${tabNames(flows).join(" | ")}
  downloads go to    ${downloads} (removed at the end)
  RabbitMQ           ${broker.host}:${broker.port}, vhost ${broker.vhost}${broker.isPrivate ? "" : " (yours)"}
  simulated REGARDS  ${regards.address}
  dashboard          ${dashboard ?? "none"}
  Node-RED editor    ${nodeRed.url}  (begin with the tab Start here)
`);
}

function say(line: string): void {
  console.log(line);
}

function sayWithTime(line: string): void {
  console.log(`${new Date().toTimeString().slice(0, 8)}  ${line}`);
}
