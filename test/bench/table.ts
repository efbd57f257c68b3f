/** The table of a bench run, as Markdown, and the machine it ran on. */
import { availableParallelism, cpus, totalmem } from "node:os";
import { isMet, type Row, type Section } from "./result";
import type { Spread } from "./statistics";

/** What the figures depend on. */
export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${availableParallelism()} × ${model}, ${memory} GiB, ${process.platform}`;
}

export function table(sections: readonly Section[]): string {
  return sections
    .map(({ title, rows }) =>
      [
        `### ${title}`,
        "",
        "| | ours | raw | result (median, each round) | bar | |",
        "|---|---:|---:|---:|---:|---|",
        ...rows.map(line),
      ].join("\n"),
    )
    .join("\n\n");
}

function line(row: Row): string {
  const { what, ours, raw, unit, result, resultUnit, bar } = row;
  const each = result.values.map(figure).join(", ");
  const measured = `**${figure(result.median)} ${resultUnit}** (${each})`;
  const wanted = bar === undefined ? "" : `${bar.kind} ${bar.value} ${resultUnit}`;
  const verdict = bar === undefined ? "" : isMet(row) ? "met" : "**not met**";
  return `| ${what} | ${side(ours, unit)} | ${side(raw, unit)} | ${measured} | ${wanted} | ${verdict} |`;
}

function side(spread: Spread | undefined, unit: string): string {
  return spread === undefined ? "" : `${figure(spread.median)} ${unit}`;
}

function figure(value: number): string {
  if (Math.abs(value) >= 1_000) return String(Math.round(value)).replace(/(?<=\d)(?=(?:\d{3})+$)/g, " ");
  return value.toFixed(Math.abs(value) >= 100 ? 0 : 2);
}
