/** One Node-RED of each version for the whole mocha run; every test deploys its own flows into it. */
import { startNodeRed, type TestNodeRed } from "./node-red";

const STOP_LIMIT = 30_000;

const shared = new Map<4 | 5, Promise<TestNodeRed>>();

/**
 * The Node-RED all tests share, empty of what earlier tests left in its record; tests that stop or configure
 * one start their own.
 */
export async function sharedNodeRed(version: 4 | 5 = 5): Promise<TestNodeRed> {
  const starting = shared.get(version) ?? startNodeRed({ version });
  shared.set(version, starting);
  const nodeRed = await starting;
  if (!nodeRed.isAlive) throw new Error(`an earlier test has brought Node-RED down:\n${nodeRed.output}`);
  nodeRed.forget();
  return nodeRed;
}

// At the root of the suite, whichever spec loads this module first: after everything.
after("stop the shared Node-RED", async function () {
  this.timeout(STOP_LIMIT);
  const all = [...shared.values()];
  shared.clear();
  await Promise.all(all.map(async (starting) => (await starting.catch(() => undefined))?.stop()));
});
