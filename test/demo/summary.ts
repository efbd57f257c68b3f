/** The table at the end of the demo. */
import type { Fact } from "./facts";

const HEADINGS = ["what", "expected", "seen", "ok"] as const;
const WIDEST = 52;

/** The facts as a table, one line each. */
export function table(facts: readonly Fact[]): string {
  const rows = facts.map(({ what, expected, seen, ok }) => [
    what,
    expected,
    shortened(seen),
    ok ? "yes" : "NO",
  ]);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(HEADINGS), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

/** What did not happen, in a sentence; undefined when everything did. */
export function shortcomings(facts: readonly Fact[]): string | undefined {
  const missing = facts.filter(({ ok }) => !ok);
  if (missing.length === 0) return undefined;
  return missing.map(({ what, expected, seen }) => `${what}: expected ${expected}, saw ${seen}`).join("; ");
}

function shortened(seen: string): string {
  const text = seen.replace(/\s+/g, " ");
  return text.length <= WIDEST ? text : `${text.slice(0, WIDEST - 3)}...`;
}
