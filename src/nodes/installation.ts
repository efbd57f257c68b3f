/**
 * Tells one Node-RED from another, so that the same flow on two machines never shares a queue by accident.
 * Enters: Node-RED's API. Leaves: a short digest, the same after every restart. It never gives the instance
 * id itself away: the digest is part of queue names, which administrators read.
 */
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import type { NodeAPI } from "node-red";

/** So many hexadecimal digits: two of a thousand installations share them once in ten thousand platforms. */
const LENGTH = 8;

/** What is asked of Node-RED; `get` exists at run time and is missing from the published types. */
interface Settings {
  get?(name: string): unknown;
  readonly userDir?: string;
}

/** The digest of this Node-RED's instance id; where it has none, of the machine's name and the user directory. */
export function installationOf(RED: Pick<NodeAPI, "settings">): string {
  const settings = RED.settings as unknown as Settings;
  const identity = instanceId(settings) ?? `${hostname()}${settings.userDir ?? ""}`;
  return createHash("sha256").update(identity).digest("hex").slice(0, LENGTH);
}

function instanceId(settings: Settings): string | undefined {
  try {
    const id = settings.get?.("instanceId");
    return typeof id === "string" && id !== "" ? id : undefined;
  } catch {
    // Node-RED throws where it cannot keep settings at all; the machine's name has to do then.
    return undefined;
  }
}
