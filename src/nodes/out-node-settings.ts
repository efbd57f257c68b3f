/**
 * The settings of an out-node. Enters: its definition, and what its kind of request asks for. Leaves: where in a
 * message each value is, what was chosen, and how much may wait for the broker.
 */
import type { OutSettings } from "../publish/settings";
import type { RequestKind } from "../regards/requests";
import { choice, type Definition, number, refuseUnset, text, whole } from "./settings";

/** A month, in minutes: longer than that no request is remembered. */
const LONGEST_SILENCE = 44_640;

/** @throws SettingsError */
export function outSettings(definition: Definition, { inputs, choices }: RequestKind): OutSettings {
  const typed = Object.keys(inputs).flatMap((name) => [name, `${name}Type`]);
  refuseUnset(definition, [...typed, ...Object.keys(choices), "noAnswerAfter", "store", "outboxLimit"]);
  return {
    inputs: mapped(inputs, (name, [value, type]) => ({
      value: text(definition, name, value),
      type: text(definition, `${name}Type`, type),
    })),
    choices: mapped(choices, (name, words) => choice(definition, name, words)),
    noAnswerAfter: 60_000 * number(definition, "noAnswerAfter", 0, 0, LONGEST_SILENCE),
    store: text(definition, "store", "") || undefined,
    outboxLimit: whole(definition, "outboxLimit", 1_000, 1, 1_000_000),
  };
}

function mapped<From, To>(
  record: Readonly<Record<string, From>>,
  map: (name: string, from: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, from]) => [name, map(name, from)]));
}
