/** What a large order costs: speed beside the bare way to the same disk, and memory above idle. Sums are on. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { nodeFor } from "../../support/node-binary.mjs";
import type { FlowNode } from "../../support/test-node-red";
import type { Row, Section } from "../result";
import type { Stage } from "../stage";
import { spreadOf } from "../statistics";
import { YOUNG } from "./memory";

const MEBIBYTE = 2 ** 20;
const RAW = resolve(__dirname, "../raw");
const LIMIT_MS = 900_000;
const LOOK_EVERY_MS = 100;

type Environment = Readonly<Record<string, string>>;

/** One download: how long it took, and what it cost above idle in MiB. */
interface Cost {
  readonly elapsed: number;
  readonly peak: number;
}

export async function measureDownload(stage: Stage): Promise<Section> {
  const { downloadFiles: files, downloadBytes: bytes, downloadRounds: rounds } = stage.scale;
  const folder = await mkdtemp(join(tmpdir(), "regards-bench-"));
  const server = spawn(process.execPath, [join(RAW, "file-server.js"), String(files), String(bytes)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const address = await addressOf(server);
    const costs = YOUNG.map(({ name, env }) => ({ name, env, ours: [] as Cost[] }));
    const raw: Cost[] = [];
    for (let round = 0; round < rounds; round += 1) {
      raw.push(await bare(address, files, folder));
      stage.say(
        `  round ${round + 1}: bare ${Math.round(raw.at(-1)?.elapsed ?? 0)} ms, ${raw.at(-1)?.peak.toFixed(1)} MiB`,
      );
      for (const { name, env, ours } of costs) {
        const { elapsed, peak } = await cost(stage, address, folder, env);
        ours.push({ elapsed, peak });
        stage.say(`    ${Math.round(elapsed)} ms, ${peak.toFixed(1)} MiB above idle, ${name}`);
      }
    }
    const gibibytes = ((files * bytes) / 2 ** 30).toFixed(2);
    return {
      title: `An order of ${files} files, ${gibibytes} GiB (raw: a bare pipeline, nothing compared or synced)`,
      rows: costs.flatMap(({ name, ours }): Row[] => [
        {
          what: `speed, compared and synced, ${name}`,
          ours: spreadOf(ours.map(({ elapsed }) => elapsed)),
          raw: spreadOf(raw.map(({ elapsed }) => elapsed)),
          unit: "ms",
          result: spreadOf(ours.map(({ elapsed }, round) => (raw[round]?.elapsed ?? Number.NaN) / elapsed)),
          resultUnit: "×",
          bar: { kind: "at least", value: 0.9 },
        },
        {
          what: `peak RSS above idle, ${name}`,
          ours: spreadOf(ours.map(({ peak }) => peak)),
          raw: spreadOf(raw.map(({ peak }) => peak)),
          unit: "MiB",
          result: spreadOf(ours.map(({ peak }) => peak)),
          resultUnit: "MiB",
          bar: { kind: "under", value: 64 },
        },
      ]),
    };
  } finally {
    server.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The first line it prints. */
async function addressOf({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error("the file server has no output");
  for await (const line of createInterface({ input: stdout })) return line;
  throw new Error("the file server ended");
}

/** By the same Node.js that Node-RED runs on. */
async function bare(address: string, files: number, folder: string): Promise<Cost> {
  const into = join(folder, "raw");
  await mkdir(into);
  try {
    const program = [join(RAW, "pipeline-process.js"), address, String(files), into];
    const { stdout } = await promisify(execFile)(await nodeFor(5), program);
    const { elapsed, peak } = JSON.parse(stdout) as Cost;
    return { elapsed, peak: peak / MEBIBYTE };
  } finally {
    await rm(into, { recursive: true });
  }
}

/** A fresh Node-RED each time, looked at from outside while it works. */
async function cost(stage: Stage, address: string, folder: string, env: Environment): Promise<Cost> {
  const nodeRed = await stage.anotherNodeRed(env);
  let isOver = false;
  try {
    await nodeRed.deploy(flow(address, join(folder, "ours")));
    await nodeRed.untilStatus("download", ({ code }) => code === "ready");
    const idle = await nodeRed.resources();
    let highest = idle.rss;
    const watching = (async () => {
      while (!isOver) {
        highest = Math.max(highest, (await nodeRed.resources()).rss);
        await new Promise((go) => setTimeout(go, LOOK_EVERY_MS));
      }
    })();
    const began = performance.now();
    await nodeRed.inject("download", { payload: { orderId: 1 } });
    await nodeRed.nextMessage("saved", { timeout: LIMIT_MS });
    const elapsed = performance.now() - began;
    isOver = true;
    await watching;
    return { elapsed, peak: (highest - idle.rss) / MEBIBYTE };
  } finally {
    isOver = true;
    await nodeRed.stop();
    await rm(join(folder, "ours"), { recursive: true, force: true });
  }
}

function flow(address: string, folder: string): readonly FlowNode[] {
  return [
    { id: "tab", type: "tab", label: "bench" },
    { id: "web", type: "regards-web", address, tenant: "bench", credentials: { user: "u", password: "p" } },
    { id: "download", type: "regards-download", z: "tab", web: "web", folder, wires: [["saved"], [], []] },
    { id: "saved", type: "test-probe", z: "tab", wires: [] },
  ];
}
