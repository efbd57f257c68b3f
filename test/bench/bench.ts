/** The bench: measures the nodes beside the raw client, prints a table and writes every figure to a file. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { measureDownload } from "./measures/download";
import { measureGrowth } from "./measures/growth";
import { measureForeign, measureIdle } from "./measures/idle";
import { measureIn, measureInMatrix } from "./measures/in";
import { measureLatency } from "./measures/latency";
import { measureMemory, measureOutage } from "./measures/memory";
import { measureOrders } from "./measures/orders";
import { measureOut } from "./measures/out";
import { measureStartUp } from "./measures/start-up";
import { Profiler } from "./profiler";
import { isMet, type Section } from "./result";
import { FULL, SHORT } from "./scale";
import { Stage } from "./stage";
import { machine, table } from "./table";

/** What can be measured, in this order. */
export const MEASURES = {
  in: measureIn,
  latency: measureLatency,
  out: measureOut,
  orders: measureOrders,
  memory: measureMemory,
  outage: measureOutage,
  idle: measureIdle,
  start: measureStartUp,
  hooks: measureForeign,
  growth: measureGrowth,
  download: measureDownload,
  queues: measureInMatrix,
} as const satisfies Readonly<Record<string, (stage: Stage) => Promise<Section>>>;

type Measure = keyof typeof MEASURES;

/** A place git ignores and a clean install empties. */
const FIGURES = resolve(__dirname, "../../node_modules/.cache/bench.json");

/** Runs the bench and returns its exit code: 0 when it has measured, whatever the figures. */
export async function bench(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      short: { type: "boolean", default: false },
      quiet: { type: "boolean", default: false },
      only: { type: "string", default: Object.keys(MEASURES).join() },
      out: { type: "string", default: FIGURES },
      profile: { type: "string" },
      rounds: { type: "string" },
      "node-red": { type: "string", default: "5" },
    },
  });
  const measures = values.only.split(",");
  const unknown = measures.find((name) => !isMeasure(name));
  if (unknown !== undefined) {
    console.error(`There is nothing called "${unknown}" to measure: ${Object.keys(MEASURES).join(", ")}.`);
    return 2;
  }
  const version = values["node-red"] === "4" ? 4 : 5;
  const whole = values.short ? SHORT : FULL;
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  const scale = rounds === undefined ? whole : { ...whole, rounds, downloadRounds: rounds };
  const say = (line: string): void => {
    if (!values.quiet) console.log(line);
  };
  const stage = await Stage.set(scale, new Profiler(values.profile), say, version);
  const sections: Section[] = [];
  try {
    for (const name of measures.filter(isMeasure)) {
      say(`\n${name}`);
      sections.push(await MEASURES[name](stage));
    }
  } finally {
    await stage.strike();
  }
  await save(values.out, { date: new Date().toISOString(), machine: machine(), scale, sections });
  say(`\n${table(sections)}\n\n${machine()}; ${scale.rounds} rounds, alternating.`);
  say(`Every figure: ${values.out}`);
  if (!values.short) say(verdict(sections));
  return 0;
}

async function save(file: string, figures: object): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(figures, undefined, 2)}\n`);
}

function verdict(sections: readonly Section[]): string {
  const missed = sections.flatMap(({ rows }) => rows).filter((row) => !isMet(row));
  return missed.length === 0 ? "Every bar is met." : `Bars not met: ${missed.length}.`;
}

function isMeasure(name: string): name is Measure {
  return Object.hasOwn(MEASURES, name);
}
