/** Alternating rounds: every contestant runs once a round, so that what disturbs one disturbs all. */
import type { Row } from "../result";
import type { Scale } from "../scale";
import { spreadOf } from "../statistics";
import type { Figures } from "../tally";

/** Something that is measured in each round, in messages a second. */
export interface Contestant {
  readonly name: string;
  run(): Promise<Figures>;
}

/** Speeds by name, one value a round. */
export type Speeds = ReadonlyMap<string, readonly number[]>;

/**
 * Runs all contestants in turn, in an order that turns too: no one is always first. Rounds of warm-up, in
 * which the code is compiled, do not count.
 */
export async function rounds(
  { rounds: count, warmUps }: Pick<Scale, "rounds" | "warmUps">,
  contestants: readonly Contestant[],
  say: (line: string) => void,
  speedOf: (figures: Figures) => number = perSecond,
): Promise<Speeds> {
  const speeds = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  for (let round = -warmUps; round < count; round += 1) {
    const first = Math.max(0, round) % contestants.length;
    for (const { name, run } of [...contestants.slice(first), ...contestants.slice(0, first)]) {
      const figures = await run();
      const speed = speedOf(figures);
      if (round >= 0) speeds.get(name)?.push(speed);
      const title = round < 0 ? "warm-up" : `round ${round + 1}`;
      say(`  ${title}: ${name}: ${Math.round(speed)}/s, ${microseconds(figures)} µs of CPU each`);
    }
  }
  return speeds;
}

/** A row that compares two contestants, round by round. */
export function comparison(what: string, speeds: Speeds, ours: string, raw: string, atLeast?: number): Row {
  const [our, their] = [speeds.get(ours) ?? [], speeds.get(raw) ?? []];
  return {
    what,
    ours: spreadOf(our),
    raw: spreadOf(their),
    unit: "messages/s",
    result: spreadOf(our.map((speed, round) => speed / (their[round] ?? Number.NaN))),
    resultUnit: "×",
    ...(atLeast === undefined ? {} : { bar: { kind: "at least", value: atLeast } }),
  };
}

function perSecond({ count, elapsed }: Figures): number {
  return count / (elapsed / 1_000);
}

/** Messages a second of processor time: where nothing else is waited for, a busy machine cannot falsify it. */
export function perCpuSecond({ count, cpu }: Figures): number {
  return count / (cpu / 1_000);
}

function microseconds({ count, cpu }: Figures): string {
  return ((cpu * 1_000) / count).toFixed(1);
}
