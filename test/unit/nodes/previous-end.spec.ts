/** Whether the process before ended in order: asked in real processes, for only those end. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MODULE = join(__dirname, "../../../src/nodes/previous-end.js");

describe("the end of the process before", () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "previous-end-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** A process asks, twice, and ends like that; returns what it was told. */
  function ask(end: string, userDir = directory): string {
    const program = `
      const { hasDied } = require(${JSON.stringify(MODULE)});
      const RED = { settings: { userDir: ${JSON.stringify(userDir)} } };
      require("node:fs").writeSync(1, hasDied(RED) + " " + hasDied(RED));
      ${end}`;
    return spawnSync(process.execPath, ["-e", program], { encoding: "utf8" }).stdout;
  }

  it("was in order where nobody was there before, or the one before has said goodbye", () => {
    assert.equal(ask("process.exit(0)"), "false false");
    assert.equal(ask(""), "false false");
    assert.equal(ask(""), "false false");
  });

  it("was a death where it was killed or brought down", () => {
    ask("process.kill(process.pid, 'SIGKILL')");
    assert.equal(ask("process.exit(1)"), "true true");
    assert.equal(ask("process.exit(0)"), "true true");
    assert.equal(ask("process.exit(0)"), "false false");
  });

  it("counts as a death where it cannot be told", () => {
    assert.equal(ask("", join(directory, "missing")), "true true");
  });
});
