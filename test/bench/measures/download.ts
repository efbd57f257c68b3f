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
import { peak, watch, YOUNG } from "./memory";

const MEBIBYTE = 2 ** 20;
const RAW = resolve(__dirname, "../raw");
const LIMIT_MS = 900_000;

type Environment = Readonly<Record<string, string>>;

/** One download: how long it took, how much of a processor, and what it cost above idle in MiB. */
interface Cost {
  readonly elapsed: number;
  readonly cpu: number;
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
    const summed: Cost[] = [];
    const measured: readonly {
      readonly words: string;
      readonly take: () => Promise<Cost>;
      readonly into: Cost[];
    }[] = [
      { words: "a bare pipeline", take: () => plain(address, files, folder, "bare"), into: raw },
      { words: "one that sums and syncs", take: () => plain(address, files, folder, "summed"), into: summed },
      ...costs.map(({ name, env, ours }) => ({
        words: `ours, ${name}`,
        take: () => cost(stage, address, folder, env),
        into: ours,
      })),
    ];
    for (let round = 0; round < rounds; round += 1) {
      stage.say(`  round ${round + 1}`);
      // The order turns: whoever is first finds the disk at rest.
      for (const { words, take, into } of round % 2 === 0 ? measured : measured.toReversed()) {
        into.push(await take());
        stage.say(`    ${inWords(into.at(-1))}, ${words}`);
      }
    }
    const gibibytes = ((files * bytes) / 2 ** 30).toFixed(2);
    return {
      title: `An order of ${files} files, ${gibibytes} GiB (raw: a bare pipeline, nothing compared or synced)`,
      rows: costs.flatMap(({ name, ours }): Row[] => [
        { ...speed(`speed, ${name}`, ours, raw), bar: { kind: "at least", value: 0.9 } },
        processor(`processor time, ${name}`, ours, raw),
        speed(`speed beside a pipeline that sums and syncs, ${name}`, ours, summed),
        processor(`processor time beside it, ${name}`, ours, summed),
        {
          what: `peak RSS above idle, ${name}`,
          ours: spreadOf(ours.map((each) => each.peak)),
          raw: spreadOf(raw.map((each) => each.peak)),
          unit: "MiB",
          result: spreadOf(ours.map((each) => each.peak)),
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

/** How many times as fast ours is. */
function speed(what: string, ours: readonly Cost[], raw: readonly Cost[]): Row {
  return compared(what, ours, raw, "elapsed", (mine, theirs) => theirs / mine);
}

/** How many times as much of a processor ours takes. */
function processor(what: string, ours: readonly Cost[], raw: readonly Cost[]): Row {
  return compared(what, ours, raw, "cpu", (mine, theirs) => mine / theirs);
}

function compared(
  what: string,
  ours: readonly Cost[],
  raw: readonly Cost[],
  of: "elapsed" | "cpu",
  ratio: (mine: number, theirs: number) => number,
): Row {
  return {
    what,
    ours: spreadOf(ours.map((cost) => cost[of])),
    raw: spreadOf(raw.map((cost) => cost[of])),
    unit: "ms",
    result: spreadOf(ours.map((cost, round) => ratio(cost[of], raw[round]?.[of] ?? Number.NaN))),
    resultUnit: "×",
  };
}

function inWords(cost: Cost | undefined): string {
  const { elapsed = Number.NaN, cpu = Number.NaN, peak = Number.NaN } = cost ?? {};
  return `${Math.round(elapsed)} ms, ${Math.round(cpu)} ms of a processor, ${peak.toFixed(1)} MiB above idle`;
}

/** The first line it prints. */
async function addressOf({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error("the file server has no output");
  for await (const line of createInterface({ input: stdout })) return line;
  throw new Error("the file server ended");
}

/** By the same Node.js that Node-RED runs on. */
async function plain(address: string, files: number, folder: string, how: "bare" | "summed"): Promise<Cost> {
  const into = join(folder, "raw");
  await mkdir(into);
  try {
    const program = [join(RAW, "pipeline-process.js"), address, String(files), into, how];
    const { stdout } = await promisify(execFile)(await nodeFor(5), program);
    const { elapsed, cpu, peak: most } = JSON.parse(stdout) as Cost;
    return { elapsed, cpu, peak: most / MEBIBYTE };
  } finally {
    await rm(into, { recursive: true });
  }
}

/** A fresh Node-RED each time. */
async function cost(stage: Stage, address: string, folder: string, env: Environment): Promise<Cost> {
  const nodeRed = await stage.anotherNodeRed(env);
  try {
    await nodeRed.deploy(flow(address, join(folder, "ours")));
    await nodeRed.untilStatus("download", ({ code }) => code === "ready");
    const idle = await nodeRed.resources();
    await watch(nodeRed);
    const began = performance.now();
    await nodeRed.inject("download", { payload: { orderId: 1 } });
    await nodeRed.nextMessage("saved", { timeout: LIMIT_MS });
    const elapsed = performance.now() - began;
    const highest = await peak(nodeRed);
    const { cpu } = await nodeRed.resources();
    return { elapsed, cpu: cpu - idle.cpu, peak: (highest - idle.rss) / MEBIBYTE };
  } finally {
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
