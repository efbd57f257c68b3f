/** The bench works, from its parts to its table; how fast anything is, it must not say here. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bench } from "./bench";
import type { Section } from "./result";

describe("the bench", function () {
  this.timeout(240_000);

  it("measures everything in its short form, and writes figures for every row", async () => {
    const directory = await mkdtemp(join(tmpdir(), "regards-bench-"));
    try {
      const out = join(directory, "bench.json");

      assert.equal(await bench(["--short", "--quiet", "--out", out]), 0);

      const { sections } = JSON.parse(await readFile(out, "utf8")) as { sections: Section[] };
      const rows = sections.flatMap((section) => section.rows);
      assert.ok(sections.length >= 10 && rows.length > sections.length);
      for (const { what, result } of rows) {
        assert.ok(Number.isFinite(result.median), what);
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
