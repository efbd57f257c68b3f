/** Everything at random, together and on top of one another. */
import { setTimeout as pause } from "node:timers/promises";
import type { Fault } from "../fault";
import { either, isLong, isWhole } from "../form";
import { dice } from "../hostile";
import type { Scene } from "../scene";

const SEED = Number(process.env.REGARDS_FAULTS_SEED ?? Date.now() % 1e9);
const SECONDS = either(isWhole ? 10 : 5, 120);

/** One thing that happens, for at most so many milliseconds, and how it ends. */
interface Mishap {
  readonly longest: number;
  begin(scene: Scene): unknown;
  end?(scene: Scene): unknown;
}

const kickOut = ({ broker, user }: Scene) =>
  broker.console.closeConnections("closed by a test", (connection) => connection.user === user);

const SMALL: readonly Mishap[] = [
  { longest: 500, begin: ({ proxy }) => proxy.cut() },
  { longest: 500, begin: ({ proxy }) => proxy.halfOpen() },
  { longest: 500, begin: kickOut },
  { longest: 500, begin: (scene) => scene.deploy() },
  { longest: 3_000, begin: ({ proxy }) => proxy.freeze(), end: ({ proxy }) => proxy.thaw() },
  { longest: 3_000, begin: ({ proxy }) => proxy.latency(700), end: ({ proxy }) => proxy.latency(0) },
  {
    longest: 3_000,
    begin: ({ proxy }) => proxy.throttle(5_000),
    end: ({ proxy }) => proxy.throttle(Number.POSITIVE_INFINITY),
  },
  { longest: 3_000, begin: ({ proxy }) => proxy.refuse(), end: ({ proxy }) => proxy.accept() },
  {
    longest: 3_000,
    begin: ({ broker }) => broker.console.setMemoryAlarm(true),
    end: ({ broker }) => broker.console.setMemoryAlarm(false),
  },
];

/** These need a broker that answers nobody else meanwhile. */
const GREAT: readonly Mishap[] = [
  { longest: 4_000, begin: ({ broker }) => broker.freeze(), end: ({ broker }) => broker.thaw() },
  { longest: 4_000, begin: ({ broker }) => broker.kill(), end: ({ broker }) => broker.start() },
];

async function mishaps(scene: Scene): Promise<void> {
  const random = dice(SEED);
  const until = Date.now() + SECONDS * 1_000;
  const choose = (from: readonly Mishap[]): Mishap | undefined => from[Math.floor(random() * from.length)];
  const happen = async (mishap: Mishap | undefined): Promise<void> => {
    if (mishap === undefined) return;
    await mishap.begin(scene);
    await pause(random() * mishap.longest);
    await mishap.end?.(scene);
  };
  while (Date.now() < until) {
    if (isLong && random() < 0.1) await happen(choose(GREAT));
    else await Promise.all([happen(choose(SMALL)), happen(choose(SMALL))]);
    await pause(random() * 2_000);
  }
}

export const mix: Fault = {
  title: `everything at random for ${SECONDS} s`,
  isQuick: true,
  lasts: 0,
  rounds: 1,
  stoppedBy: "deploy",
  inject: mishaps,
  async mend({ proxy, broker }) {
    proxy.latency(0);
    proxy.throttle(Number.POSITIVE_INFINITY);
    proxy.thaw();
    await proxy.accept();
    broker.thaw();
    await broker.start();
    await broker.console.setMemoryAlarm(false);
  },
  restore: ({ broker }) => broker.console.setMemoryAlarm(false),
  refuses: "perhaps",
  lines: { broken: 0, mended: 0, perhaps: 10 * SECONDS },
};
