/** The bench works, from its parts to its table; how fast anything is, it must not say here. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bench, MEASURES } from "./bench";
import type { Section } from "./result";

describe("the bench", function () {
  this.timeout(240_000);

  /** What is measured; half of it a test, so that one that hangs is soon told. */
  const names = Object.keys(MEASURES);
  const half = names.length / 2;
  for (const some of [names.slice(0, half), names.slice(half)])
    it(`measures ${some.join(", ")} in its short form, and writes figures for every row`, async () => {
      const directory = await mkdtemp(join(tmpdir(), "regards-bench-"));
      try {
        const out = join(directory, "bench.json");

        assert.equal(await bench(["--short", "--quiet", "--only", some.join(), "--out", out]), 0);

        const { sections } = JSON.parse(await readFile(out, "utf8")) as { sections: Section[] };
        const rows = sections.flatMap((section) => section.rows);
        assert.ok(sections.length === some.length && rows.length > sections.length);
        for (const { what, result } of rows) {
          assert.ok(Number.isFinite(result.median), what);
        }
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    });
});
