/**
 * FlowFuse's dashboard for the example that uses it: brought with npm into the cache, once. It is no dependency of this
 * package, and whoever imports the example is offered it by the editor.
 */
import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "./cache";

const run = promisify(execFile);

/** The module, and the version the example was made with. */
export const DASHBOARD = { name: "@flowfuse/node-red-dashboard", version: "1.31.0" } as const;

const NPM = process.platform === "win32" ? "npm.cmd" : "npm";
/** Its scripts only build it anew. */
const INSTALL = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"];
const INSTALL_LIMIT = 300_000;

/** Why there is no dashboard here. */
export class NoDashboardError extends Error {
  override readonly name = "NoDashboardError";
  constructor(cause: unknown) {
    super(`${DASHBOARD.name} could not be brought from the npm registry.`, { cause });
  }
}

/**
 * A folder that Node-RED can load the dashboard's nodes from.
 * @throws NoDashboardError where it is not in the cache and the registry cannot be reached
 */
export async function dashboardFolder(say: (line: string) => void = console.log): Promise<string> {
  const root = join(cacheFolder(), `node-red-dashboard-${DASHBOARD.version}`);
  const folder = join(root, "node_modules", DASHBOARD.name);
  if (await isThere(folder)) return folder;
  say(`Bringing ${DASHBOARD.name} ${DASHBOARD.version} into ${root} with npm ...`);
  await mkdir(cacheFolder(), { recursive: true });
  // Two runs that bring it at the same time do not see each other's half.
  const half = await mkdtemp(`${root}-`);
  try {
    await writeFile(join(half, "package.json"), JSON.stringify({ private: true }));
    const options = { cwd: half, timeout: INSTALL_LIMIT, shell: process.platform === "win32" };
    await run(NPM, [...INSTALL, `${DASHBOARD.name}@${DASHBOARD.version}`], options);
    await rename(half, root).catch(async (error: unknown) => {
      if (!(await isThere(folder))) throw error;
    });
    return folder;
  } catch (error) {
    throw new NoDashboardError(error);
  } finally {
    await rm(half, { recursive: true, force: true });
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
