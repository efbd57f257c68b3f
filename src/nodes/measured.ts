/**
 * Measures into Node-RED's log, where its settings ask for metrics, as the core nodes do. Enters: a node, what was
 * measured, of which message. Leaves: a log entry, or nothing at all.
 */
import type { Node } from "node-red";

/** `metric` exists at run time and is missing from the published types. */
type Measuring = Node & { metric?(name?: string, message?: object, value?: number): boolean | undefined };

/** @param name follows `node.<type>.` in the log */
export function measured(node: Node, name: string, messageId?: string, value?: number): void {
  const measuring = node as Measuring;
  if (measuring.metric?.() === true) {
    measuring.metric(name, { _msgid: messageId }, value);
  }
}
