/** How the runtime's words are chosen before Node-RED translates them. */
import assert from "node:assert/strict";
import type { Node, NodeAPI } from "node-red";
import { logOf } from "../../../src/nodes/words";

describe("a node's lines in the log", () => {
  /** Node-RED's translator, which here only shows what it was asked for. */
  const RED = {
    _: (key: string, values: object) =>
      `${key.replace(/^.*:/, "")} ${Object.values(values).map(String).join(" ")}`.trim(),
  } as unknown as NodeAPI;
  let lines: string[];
  const node = {
    warn: (text: string) => lines.push(`warn: ${text}`),
    log: (text: string) => lines.push(`info: ${text}`),
  } as unknown as Node;

  beforeEach(() => {
    lines = [];
  });

  it("say nothing of others while there are none", () => {
    logOf(RED, node).warn("rejected", { also: 0 });
    logOf(RED, node).warn("rejected", { also: 3 });

    assert.deepEqual(lines, ["warn: runtime.rejected 0", "warn: runtime.rejected-also 3"]);
  });

  it("name the cause of a pause in the words of the status", () => {
    logOf(RED, node).warn("paused", { cause: "missing-type" });

    assert.deepEqual(lines, ["warn: runtime.paused Status.pause.missing-type"]);
  });

  it("name a fault in the words of the status", () => {
    logOf(RED, node).warn("broken", { fault: "login" });

    assert.deepEqual(lines, ["warn: runtime.broken Status.fault.login"]);
  });

  it("are as they were asked for otherwise", () => {
    logOf(RED, node).info("mended", { host: "rabbit", seconds: 8 });

    assert.deepEqual(lines, ["info: runtime.mended rabbit 8"]);
  });
});
