/** Alternating rounds: every contestant runs once a round, so that what disturbs one disturbs all. */
import type { Bar, Row } from "../result";
import type { Scale } from "../scale";
import { spreadOf } from "../statistics";
import type { Figures } from "../tally";

/** Something that is measured in each round. */
export interface Contestant {
  readonly name: string;
  run(): Promise<Figures>;
}

/** Figures by name: one a round, and those of the rounds of warm-up, in which the code is compiled. */
export interface Results {
  readonly warm: ReadonlyMap<string, readonly Figures[]>;
  readonly cold: ReadonlyMap<string, readonly Figures[]>;
}

/** What is read off the figures of a run. */
export interface Reading {
  readonly unit: string;
  of(figures: Figures): number;
}

/** As the clock on the wall sees it. */
export const PER_SECOND: Reading = {
  unit: "messages/s",
  of: ({ count, elapsed }) => count / (elapsed / 1_000),
};

/** Processor time of the measured process, which a busy machine hardly falsifies. */
export const PROCESSOR_TIME: Reading = {
  unit: "µs of CPU",
  of: ({ count, cpu }) => (cpu * 1_000) / count,
};

/** Processor time of the broker meanwhile. */
export const BROKER_TIME: Reading = {
  unit: "µs of the broker's CPU",
  of: ({ count, broker }) => ((broker ?? Number.NaN) * 1_000) / count,
};

/** Messages a second of processor time. */
export const PER_CPU_SECOND: Reading = {
  unit: "messages/s of CPU",
  of: ({ count, cpu }) => count / (cpu / 1_000),
};

/** Runs all contestants in turn, in an order that turns too: no one is always first. */
export async function rounds(
  { rounds: count, warmUps }: Pick<Scale, "rounds" | "warmUps">,
  contestants: readonly Contestant[],
  say: (line: string) => void,
): Promise<Results> {
  const empty = () => new Map<string, Figures[]>(contestants.map(({ name }) => [name, []]));
  const results = { warm: empty(), cold: empty() };
  for (let round = -warmUps; round < count; round += 1) {
    const first = Math.max(0, round) % contestants.length;
    for (const { name, run } of [...contestants.slice(first), ...contestants.slice(0, first)]) {
      const figures = await run();
      const { warm, cold } = results;
      (round < 0 ? cold : warm).get(name)?.push(figures);
      const title = round < 0 ? "warm-up" : `round ${round + 1}`;
      say(`  ${title}: ${name}: ${inWords(figures)}`);
    }
  }
  return results;
}

/** A row that compares two contestants, round by round. */
export function comparison(
  what: string,
  figures: ReadonlyMap<string, readonly Figures[]>,
  [ours, raw]: readonly [string, string],
  bar?: Bar,
  { unit, of }: Reading = PER_SECOND,
): Row {
  const [our = [], their = []] = [ours, raw].map((name) => (figures.get(name) ?? []).map(of));
  return {
    what,
    ours: spreadOf(our),
    raw: spreadOf(their),
    unit,
    result: spreadOf(our.map((value, round) => value / (their[round] ?? Number.NaN))),
    resultUnit: "×",
    ...(bar === undefined ? {} : { bar }),
  };
}

/** A ratio that must not fall below. */
export const atLeast = (value: number): Bar => ({ kind: "at least", value });

/** A ratio that must not exceed. */
export const under = (value: number): Bar => ({ kind: "under", value });

function inWords(figures: Figures): string {
  const { broker } = figures;
  const brokers = broker === undefined ? "" : `, ${BROKER_TIME.of(figures).toFixed(1)} µs of the broker's`;
  const speed = Math.round(PER_SECOND.of(figures));
  return `${speed}/s, ${PROCESSOR_TIME.of(figures).toFixed(1)} µs of CPU each${brokers}`;
}
