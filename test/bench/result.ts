/** What a measurement says: rows for the table, each with its bar if it has one. */
import type { Spread } from "./statistics";

/** One line of the table. */
export interface Row {
  readonly what: string;
  /** Ours and the raw client's, in `unit`. */
  readonly ours: Spread | undefined;
  readonly raw: Spread | undefined;
  readonly unit: string;
  /** What counts: a ratio of the same round, or a difference. */
  readonly result: Spread;
  readonly resultUnit: "×" | "ms" | "MiB" | "%" | "events";
  readonly bar?: Bar;
}

/** What the result must not fall below, or exceed. */
export interface Bar {
  readonly kind: "at least" | "under";
  readonly value: number;
}

/** True when the median of the result keeps its bar, and where there is none. */
export function isMet({ bar, result }: Row): boolean {
  if (bar === undefined) return true;
  return bar.kind === "at least" ? result.median >= bar.value : result.median < bar.value;
}

/** One group of rows. */
export interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
}
