/** The results of all faults as one table, in Markdown so that it can go into the README of this folder. */
import type { Balance } from "./account";
import type { PlainOutcome } from "./plain-client";

/** One fault's line. */
export interface Result {
  readonly title: string;
  readonly balance: Pick<Balance, "events" | "lost" | "duplicates" | "requests">;
  /** Seconds each recovery took; none where nothing has to recover. */
  readonly recoveries: readonly number[];
  readonly plain?: PlainOutcome;
}

const results: Result[] = [];

/** Keeps a result for the table. */
export function record(result: Result): void {
  results.push(result);
}

/** The table so far. */
export function table(): string {
  const head = ["fault", "events", "lost", "came twice", "recovery, median", "worst", "a plain client"];
  const rows = results.map(({ title, balance, recoveries, plain }) => [
    title,
    String(balance.events),
    String(balance.lost.length),
    String(balance.duplicates),
    seconds(median(recoveries)),
    seconds(recoveries.length === 0 ? undefined : Math.max(...recoveries)),
    plain === undefined ? "" : words(plain),
  ]);
  return markdown(head, rows);
}

/** The same of the orders, where a flow asked for some. */
export function requestTable(): string {
  const head = ["fault", "orders", "confirmed", "uncertain", "refused", "came twice"];
  const rows = results.flatMap(({ title, balance: { requests } }) => {
    if (requests === undefined) return [];
    const { asked, uncertain, refused, twice } = requests;
    return [[title, ...[asked, asked - uncertain - refused, uncertain, refused, twice.length].map(String)]];
  });
  return rows.length === 0 ? "" : markdown(head, rows);
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map((_, column) => (column === 0 ? "---" : "---:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function words({ cameBack, missing, lostAnswers }: PlainOutcome): string {
  const back = cameBack ? "carries on" : `never comes back, ${missing} events left waiting`;
  return lostAnswers === 0 ? back : `${back}, ${lostAnswers} answers lost`;
}

function seconds(value: number | undefined): string {
  return value === undefined ? "" : `${value.toFixed(1)} s`;
}

function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  const lower = sorted[middle - 1];
  return upper === undefined || lower === undefined || sorted.length % 2 === 1 ? upper : (lower + upper) / 2;
}

after("the table of faults", () => {
  const version = process.env.REGARDS_RABBITMQ;
  const broker = version ? `RabbitMQ ${version}\n\n` : "";
  if (results.length > 0) console.log(`\n${broker}${table()}\n\n${requestTable()}\n`);
});
