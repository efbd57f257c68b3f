/** One Node-RED of each version with FlowFuse's dashboard, for the whole mocha run; every test deploys its own flows. */
import { resolve } from "node:path";
import { dashboardFolder, NoDashboardError } from "./dashboard";
import { startNodeRed, type TestNodeRed } from "./node-red";

const REPOSITORY = resolve(__dirname, "../..");
const STOP_LIMIT = 30_000;

const shared = new Map<4 | 5, Promise<TestNodeRed>>();

/** The Node-RED all tests of the dashboard share, empty of what earlier tests left in its record. */
export async function sharedDashboard(version: 4 | 5): Promise<TestNodeRed> {
  const starting =
    shared.get(version) ??
    dashboardFolder().then((folder) => startNodeRed({ version, nodesDir: [REPOSITORY, folder] }));
  shared.set(version, starting);
  const nodeRed = await starting;
  nodeRed.forget();
  return nodeRed;
}

/** For a suite's `before`, or a test: where the dashboard cannot be had, says why and skips. */
export async function dashboardOrSkip(suite: Mocha.Context): Promise<void> {
  try {
    await dashboardFolder();
  } catch (error) {
    if (!(error instanceof NoDashboardError)) throw error;
    console.log(error.message);
    suite.skip();
  }
}

// At the root of the suite, whichever spec loads this module first: after everything.
after("stop the shared Node-RED with the dashboard", async function () {
  this.timeout(STOP_LIMIT);
  const all = [...shared.values()];
  shared.clear();
  await Promise.all(all.map(async (starting) => (await starting.catch(() => undefined))?.stop()));
});
