/**
 * Makes a fresh clone ready: installs what package-lock.json asks for unless it is there already, and
 * compiles. Nothing is installed yet when this runs, so it uses only what Node.js brings.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");

/**
 * What the given npm would say is told by us, in one line: its own log level does not reach the inner one.
 */
const { npm_config_loglevel: _outer, ...ENV } = process.env;

/**
 * Runs a program in the repository; rejects when it does not end well. A quiet one is heard only when it
 * fails; `out` takes what it prints, in place of the terminal. One that runs longer than `limit` milliseconds is
 * ended.
 */
export async function run(program, args, { quiet = false, out, env = {}, limit } = {}) {
  const isNpmOnWindows = process.platform === "win32" && program === "npm";
  const stdio = quiet || out ? ["ignore", "pipe", "pipe"] : "inherit";
  const child = spawn(program, args, { cwd: ROOT, env: { ...ENV, ...env }, stdio, shell: isNpmOnWindows });
  const output = [];
  const take = out ?? ((chunk) => output.push(chunk));
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", take);
  const timer = limit && setTimeout(() => child.kill("SIGKILL"), limit);
  const [code, signal] = await once(child, "close");
  clearTimeout(timer);
  if (code === 0) return;
  if (quiet) process.stderr.write(Buffer.concat(output));
  throw new Error(`${[program, ...args].join(" ")} ended with ${signal ?? code}`);
}

/** The path of an installed program, to be run with Node.js itself: no shell, no PATH, on every system. */
export const installed = (...path) => join(ROOT, "node_modules", ...path);

const packagesIn = async (file) => {
  const text = await readFile(join(ROOT, file), "utf8").catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text).packages;
};

/** npm notes what it installed; optional packages for other systems are rightly missing from it. */
const isInstalled = async () => {
  const wanted = await packagesIn("package-lock.json");
  const present = await packagesIn("node_modules/.package-lock.json");
  if (!wanted || !present) return false;
  return Object.entries(wanted).every(([path, { version, optional, devOptional }]) => {
    const found = present[path];
    return path === "" || found?.version === version || (!found && (optional || devOptional));
  });
};

/** What was compiled from a source that is gone must not go on being tested. */
async function removeStale() {
  for (const folder of ["nodes", "src", "test"]) {
    const files = new Set(await readdir(join(ROOT, folder), { recursive: true }));
    for (const map of files) {
      if (!map.endsWith(".js.map") || files.has(map.replace(/js\.map$/, "ts"))) continue;
      await rm(join(ROOT, folder, map));
      await rm(join(ROOT, folder, map.replace(/\.map$/, "")), { force: true });
    }
  }
}

/** Whether this process, or the one that has started it, has compiled already. */
const isCompiled = () => ENV.REGARDS_COMPILED === ROOT;

/** Compiles every .ts beside itself; once for all that is started then: they may be loading the files just now. */
export async function compile(options) {
  if (isCompiled()) return;
  await removeStale();
  await run(process.execPath, [installed("typescript/bin/tsc")], options);
  ENV.REGARDS_COMPILED = ROOT;
}

/** Installs what is missing, and compiles. */
export async function setUp({ quiet = false } = {}) {
  if (!(await isInstalled())) {
    console.log("Installing the packages of package-lock.json with npm ci ...");
    await run("npm", ["ci", "--no-audit", "--no-fund"], { quiet });
  }
  if (!isCompiled()) console.log("Compiling with tsc ...");
  await compile({ quiet });
}
