/**
 * Gives the runtime its words: every text a user sees comes from the catalogue of `regards-broker`, in the
 * language of the Node-RED server. Enters: Node-RED's API and a node. Leaves: ways to speak.
 */
import type { Node, NodeAPI } from "node-red";
import type { NodeLog, Values } from "../amqp/log";
import { SettingsError } from "./settings";
import { CATALOGUE, light, type Translate, wordsOnly } from "./status";

const DOWNLOAD_CATALOGUE = "@regards-flow/node-red-regards/regards-download";

/** Looks words up under one section of the shared catalogue. */
export function translator(RED: NodeAPI, section: "status" | "runtime"): Translate {
  return (key, values = {}) => RED._(`${CATALOGUE}:${section}.${key}`, { ...values });
}

/** The same of the download node's own catalogue. */
export function downloadTranslator(RED: NodeAPI, section: "trouble" | "again" | "progress"): Translate {
  return (key, values = {}) => RED._(`${DOWNLOAD_CATALOGUE}:${section}.${key}`, { ...values });
}

/** Lets a node speak in Node-RED's log: one line when something breaks, one when it is mended. */
export function logOf(RED: NodeAPI, node: Node): NodeLog {
  const words = translator(RED, "runtime");
  const causes = translator(RED, "status");
  const line = (key: string, values: Values = {}): string => {
    // Only a line that stands for others too says how many: "0 more" helps nobody.
    const name = Number(values.also ?? 0) > 0 ? `${key}-also` : key;
    // Why a node pauses, or what a fault is, is a code, so that the status and the log say it in the same words.
    const cause = values.cause === undefined ? {} : { cause: begun(causes(`pause.${values.cause}`)) };
    const fault = values.fault === undefined ? {} : { fault: begun(causes(`fault.${values.fault}`)) };
    return words(name, { ...values, ...cause, ...fault });
  };
  return {
    warn: (key, values) => node.warn(line(key, values)),
    info: (key, values) => node.log(line(key, values)),
  };
}

/** As a sentence begins. */
function begun(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Says what is wrong with a setting, in the log and under the node. */
export function reportSettings(RED: NodeAPI, node: Node, error: unknown): void {
  const words = translator(RED, "runtime");
  const isSetting = error instanceof SettingsError;
  const sentence = isSetting ? words(`setting.${error.key}`, error.values) : String(error);
  const property = isSetting ? (error.values.property ?? "") : "";
  const text = translator(RED, "status")("bad-setting", { property });
  node.error(sentence);
  node.status(light("red", "ring", text, "bad-setting"));
}

/** The status of a node whose broker node is missing, disabled or wrongly set. */
export function notConfigured(node: Node): void {
  node.status(wordsOnly("grey", "ring", "not-configured"));
}
