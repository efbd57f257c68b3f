/**
 * Tells whether the process before this one ended without a word: killed, out of memory, or brought down by an
 * event. What it had in hand may then be the cause of it. A file in Node-RED's user directory is there as long as
 * a process runs, and taken away when it ends in order. Enters: Node-RED's API. Leaves: one answer a process.
 */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NodeAPI } from "node-red";

const FILE = ".regards-running";

const answers = new Map<string, boolean>();

/** True where the process before this one did not end in order; also where that cannot be told. */
export function hasDied(RED: Pick<NodeAPI, "settings">): boolean {
  const directory = String(RED.settings.userDir ?? "");
  let answer = answers.get(directory);
  if (answer === undefined) {
    answer = begin(join(directory, FILE));
    answers.set(directory, answer);
  }
  return answer;
}

function begin(file: string): boolean {
  try {
    const wasThere = existsSync(file);
    writeFileSync(file, `${process.pid}\n`);
    process.once("exit", (code) => {
      if (code === 0) {
        rmSync(file, { force: true });
      }
    });
    return wasThere;
  } catch {
    // A read-only user directory: what comes again is counted every time, which only a careful reader notices.
    return true;
  }
}
