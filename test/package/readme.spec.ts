/** The README is short before its reference, its links and pictures lead somewhere, and every status has its remedy. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FIRST_FLOW } from "../editor/first-flow";
import { catalogue, files, ROOT, read } from "./sources";

const README = read("README.md");
const [START = "", REFERENCE = ""] = README.split(/^# Reference$/m);
const PICTURES = "https://raw.githubusercontent.com/regards-flow/node-red-regards/main/";
/** Of everything before the reference: tables, code and addresses included. */
const MOST_WORDS = 1_200;
/** Words that are said only within others, or by Test connection. */
const PARTS = new Set(["just-now", "minutes-ago", "hours-ago", "days-ago", "unrecognised", "the-flow"]);

/** A status of the table of remedies: what is shown, and the two columns beside it. */
interface Row {
  readonly statuses: readonly string[];
  readonly meaning: string;
  readonly remedy: string;
}

const [, REMEDIES = ""] = /^## When something is wrong$([\s\S]*?)^## /m.exec(REFERENCE) ?? [];

const ROWS: readonly Row[] = [...REMEDIES.matchAll(/^\| (\*[^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)].map(
  ([, first = "", meaning = "", remedy = ""]) => ({
    statuses: [...first.matchAll(/\*([^*]+)\*/g)].map(([, status = ""]) => status),
    meaning,
    remedy,
  }),
);

/** What a catalogue shows under a node, whatever is filled in. */
function shown(text: string): RegExp {
  const parts = text.split(/__\w+?__/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(parts.join(".+"));
}

describe("the README", () => {
  it("says in fewer than 1,200 words what is for everybody, before the reference", () => {
    const words = START.split(/\s+/).filter(Boolean);

    assert.ok(REFERENCE.length > START.length);
    assert.ok(words.length < MOST_WORDS, `${words.length} words`);
  });

  it("prints the first flow as the test of the editor walks it", () => {
    const [, list = ""] = /## The first flow\n\n((?:\d\. .+\n)+)/.exec(README) ?? [];
    const printed = list
      .trim()
      .split("\n")
      .map((line) => line.replace(/^\d\. /, "").replace(/\*/g, ""));

    assert.deepEqual(printed, FIRST_FLOW);
  });

  it("has a line for every example", () => {
    for (const file of files("examples", ".json")) {
      const [number] = /\d+/.exec(file) ?? [];
      assert.match(START, new RegExp(`^\\| ${number} [^|]+ \\|`, "m"), file);
    }
  });

  it("leads somewhere with each link and each picture", () => {
    const targets = [...README.matchAll(/\]\(([^)]+)\)/g)].map(([, target = ""]) => target);
    const anchors = [...README.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
      title
        .toLowerCase()
        .replace(/[^\w\s-]/g, "")
        .replace(/\s/g, "-"),
    );
    const lost = targets.filter((target) => {
      if (target.startsWith("#")) {
        return !anchors.includes(target.slice(1));
      }
      const path = target.startsWith(PICTURES) ? target.slice(PICTURES.length) : target;
      return !/^https?:/.test(path) && !existsSync(join(ROOT, path));
    });

    assert.deepEqual(lost, []);
  });

  it("has a remedy for every status a node can show", () => {
    const words = [...catalogue("regards-broker", "en-US"), ...catalogue("regards-download", "en-US")].filter(
      ([key]) => /^(?:status|progress)\.(?!unit|order|product|condition|pause|retry)/.test(key),
    );
    const statuses = words.filter(([key]) => !PARTS.has(key.replace(/^\w+\./, "")));
    const missing = statuses.filter(
      ([, text]) => !ROWS.some((row) => row.statuses.some((each) => shown(text).test(each))),
    );

    assert.ok(statuses.length > 40, String(statuses.length));
    assert.deepEqual(missing, []);
  });

  it("has a remedy for every part of a status: why it pauses, which condition nothing meets, what is missing", () => {
    const all = ROWS.flatMap((row) => row.statuses).join("\n");
    const parts = [...catalogue("regards-broker", "en-US")].filter(
      ([key]) => /^status\.(?:pause|condition)\./.test(key) || PARTS.has(key.replace("status.", "")),
    );

    assert.ok(parts.length >= 13, String(parts.length));
    assert.deepEqual(
      parts.filter(([, text]) => !shown(text).test(all)),
      [],
    );
  });

  it("says of each status what it means and what to do", () => {
    assert.deepEqual(
      ROWS.filter(({ meaning, remedy }) => meaning.trim() === "" || remedy.trim() === ""),
      [],
    );
  });
});
