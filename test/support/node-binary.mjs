/**
 * Which Node.js runs which Node-RED: Node-RED 5 needs 22.9 or later. Where this process is older, npm brings one
 * (the `node` package carries the binary), and its path is remembered beside the other installed things.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const NEWER = "24";
const CACHE = join(
  dirname(fileURLToPath(import.meta.url)),
  "../../node_modules/.cache",
  `node-${NEWER}-path`,
);

const isNewEnough = (version) => {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 9);
};

const remembered = async () => {
  const path = await readFile(CACHE, "utf8").catch(() => "");
  return path !== "" && existsSync(path) ? path : undefined;
};

const fetched = async () => {
  const npx = process.platform === "win32" ? "npx.cmd" : "npx";
  const { stdout } = await run(npx, ["-y", "-p", `node@${NEWER}`, "node", "-p", "process.execPath"]);
  const path = stdout.trim();
  await mkdir(dirname(CACHE), { recursive: true });
  await writeFile(CACHE, path);
  return path;
};

let newer;

/** The path of a Node.js new enough for this major version of Node-RED. */
export function nodeFor(nodeRedVersion) {
  if (nodeRedVersion < 5 || isNewEnough(process.versions.node)) return Promise.resolve(process.execPath);
  newer ??= remembered().then((path) => path ?? fetched());
  return newer;
}
