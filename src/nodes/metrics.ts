/**
 * Writes what nodes tell in Prometheus' text format. Enters: what they tell. Leaves: text. Pure. Nothing is labelled by
 * what comes and goes without end, as orders do.
 */
import type { TellingNode } from "./telling";

/** What Prometheus wants the answer to be called. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

interface Metric {
  /** Its name among a node's counters. */
  readonly counter: string;
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
}

const METRICS: readonly Metric[] = [
  ...counters({
    received: ["received", "Deliveries taken from the queue, those the broker repeated included."],
    redelivered: ["redelivered", "Deliveries that the broker marked as given out before."],
    filtered: ["filtered", "Events that the filter of the node did not let through."],
    unrecognised: ["unrecognised", "Events of an unknown status, or that cannot be read."],
    accepted: ["accepted", "Events that have ended well."],
    retried: ["retried", "Failed attempts after which an event is tried again."],
    rejected: ["given_up", "Events given up after their last attempt."],
    published: ["published", "Messages that the broker has confirmed."],
    refused: ["refused", "Messages not published, or not known to be."],
    uncertain: ["uncertain", "Of those refused, the ones REGARDS may have: their confirm was lost."],
    fetchedBytes: ["fetched_bytes", "Bytes fetched from REGARDS."],
    fetchedFiles: ["fetched_files", "Files fetched from REGARDS."],
  }),
  ...gauges({
    inFlight: ["in_flight", "Events in hand."],
    heldSeconds: ["held_seconds", "How long the flow has had the event it has had longest."],
    deadLetters: ["dead_letters", "Events in the dead-letter queue, as last seen."],
    waiting: ["waiting", "Messages that wait in the outbox for the broker."],
  }),
];

/** The figures of all nodes. */
export function metricsText(nodes: readonly TellingNode[]): string {
  const lines = head("regards_healthy", "gauge", "1 while the node does what it is there for.");
  for (const node of nodes) {
    lines.push(`regards_healthy${labels(node)} ${node.isHealthy ? 1 : 0}`);
  }
  for (const { counter, name, type, help } of METRICS) {
    const values = nodes.flatMap((node) => {
      const value = node.counters[counter];
      return value === undefined ? [] : [`${name}${labels(node)} ${value}`];
    });
    if (values.length > 0) {
      lines.push(...head(name, type, help), ...values);
    }
  }
  return `${lines.join("\n")}\n`;
}

function head(name: string, type: Metric["type"], help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function labels({ id, name, type, uses = "" }: TellingNode): string {
  const pairs = Object.entries({ node: id, name, type, broker: uses });
  return `{${pairs.map(([key, value]) => `${key}="${escaped(value)}"`).join(",")}}`;
}

function escaped(value: string): string {
  return value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}

function counters(rows: Readonly<Record<string, readonly [string, string]>>): Metric[] {
  return Object.entries(rows).map(([counter, [name, help]]) => {
    return { counter, name: `regards_${name}_total`, type: "counter", help };
  });
}

function gauges(rows: Readonly<Record<string, readonly [string, string]>>): Metric[] {
  return Object.entries(rows).map(([counter, [name, help]]) => {
    return { counter, name: `regards_${name}`, type: "gauge", help };
  });
}
