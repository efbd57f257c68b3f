/** What the package adds to the start of Node-RED, installed as a user has it. */
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startNodeRed } from "../../support/node-red";
import type { Row, Section } from "../result";
import type { Stage } from "../stage";
import { spreadOf } from "../statistics";

const REPOSITORY = resolve(__dirname, "../../..");
const PACKAGE = "node_modules/@regards-flow/node-red-regards";
const ADDED = 80;

interface Start {
  /** Milliseconds from the start of the process until its flows run, by the clock and of processor time. */
  readonly elapsed: number;
  readonly cpu: number;
}

export async function measureStartUp(stage: Stage): Promise<Section> {
  const directory = await mkdtemp(join(tmpdir(), "regards-bench-"));
  const plain = join(directory, "plain");
  const equipped = join(directory, "equipped");
  try {
    await mkdir(join(plain, "node_modules"), { recursive: true });
    await install(equipped);
    const withUs: Start[] = [];
    const without: Start[] = [];
    // The first start fills the file cache.
    const firstThatCounts = stage.scale.starts > 1 ? 1 : 0;
    for (let round = 0; round < firstThatCounts + stage.scale.starts; round += 1) {
      const found = [await startIn(equipped, stage.version), await startIn(plain, stage.version)] as const;
      if (round < firstThatCounts) continue;
      withUs.push(found[0]);
      without.push(found[1]);
      stage.say(
        `  ${found.map(({ elapsed, cpu }) => `${Math.round(elapsed)} ms, CPU ${Math.round(cpu)} ms`).join("; ")}`,
      );
    }
    const row = (what: string, of: keyof Start): Row => {
      const [ours, raw] = [withUs, without].map((starts) => spreadOf(starts.map((start) => start[of])));
      const differences = withUs.map((start, round) => start[of] - (without[round]?.[of] ?? Number.NaN));
      return {
        what,
        ours,
        raw,
        unit: "ms",
        // Starts differ by more than is measured here; the least disturbed ones differ by what we add.
        result: { ...spreadOf(differences), median: (ours?.least ?? 0) - (raw?.least ?? 0) },
        resultUnit: "ms",
        bar: { kind: "under", value: ADDED },
      };
    };
    return {
      title: "Start of Node-RED with the package installed (raw: without)",
      rows: [
        row("until the flows run, least disturbed start of each", "elapsed"),
        row("processor time until then, likewise", "cpu"),
      ],
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What `npm install` would put there. */
async function install(userDir: string): Promise<void> {
  const target = join(userDir, PACKAGE);
  await mkdir(target, { recursive: true });
  await cp(join(REPOSITORY, "package.json"), join(target, "package.json"));
  for (const folder of ["nodes", "src", "examples"]) {
    await cp(join(REPOSITORY, folder), join(target, folder), {
      recursive: true,
      filter: (path) => !/\.(?:ts|map)$|in-node$/.test(path),
    });
  }
  await symlink(join(REPOSITORY, "node_modules/amqplib"), join(userDir, "node_modules/amqplib"), "junction");
}

async function startIn(userDir: string, version: 4 | 5): Promise<Start> {
  const before = performance.now();
  const nodeRed = await startNodeRed({ userDir, version, nodesDir: [] });
  const elapsed = performance.now() - before;
  try {
    const { user, system } = await nodeRed.evaluate(() => process.cpuUsage());
    return { elapsed, cpu: (user + system) / 1_000 };
  } finally {
    await nodeRed.stop();
  }
}
