import assert from "node:assert/strict";
import { shortcomings, table } from "../../demo/summary";

const GOOD = { what: "orders granted", expected: "2", seen: "2", ok: true };
const BAD = { what: "HEAD requests", expected: "0", seen: "1", ok: false };

describe("the summary of the demo", () => {
  it("is a table with one line for each fact", () => {
    assert.deepEqual(table([GOOD, BAD]).split("\n"), [
      "what            expected  seen  ok",
      "--------------  --------  ----  ---",
      "orders granted  2         2     yes",
      "HEAD requests   0         1     NO",
    ]);
  });

  it("keeps every fact on its line", () => {
    const wordy = { ...GOOD, seen: `two\n${"o".repeat(80)}` };

    const [, , line] = table([wordy]).split("\n");

    assert.match(String(line), /^orders granted {2}2 {9}two o+\.\.\. {2}yes$/);
  });

  it("names what did not happen, and nothing when all did", () => {
    assert.equal(shortcomings([GOOD]), undefined);
    assert.equal(shortcomings([GOOD, BAD]), "HEAD requests: expected 0, saw 1");
  });
});
