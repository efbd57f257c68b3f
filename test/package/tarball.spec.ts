/** The package as users get it: packed, installed into an empty Node-RED, loaded without an error. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startNodeRed } from "../support/node-red";
import { ROOT } from "./sources";

const run = promisify(execFile);
const MODULE = "@regards-flow/node-red-regards";

describe("the packed package", function () {
  this.timeout(180_000);
  let directory: string;
  let tarball: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "regards-pack-"));
    // Without scripts: prepack would clean away the very files these tests run.
    const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", directory];
    const { stdout } = await run("npm", pack, { cwd: ROOT });
    const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
    tarball = join(directory, filename);
  });

  after(() => rm(directory, { recursive: true, force: true }));

  for (const version of [5, 4] as const) {
    it(`loads all five types in an empty Node-RED ${version} with no error in the log`, async () => {
      const userDir = await mkdtemp(join(directory, "user-"));
      await writeFile(join(userDir, "package.json"), '{"name":"user","private":true}');
      await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", tarball], { cwd: userDir });

      const nodeRed = await startNodeRed({ version, userDir, nodesDir: [] });
      try {
        const sets = (await nodeRed.nodes()).filter(({ module }) => module === MODULE);

        assert.deepEqual(sets.flatMap(({ types }) => types).sort(), [
          "regards-ack-out",
          "regards-broker",
          "regards-order-in",
          "regards-submission-in",
          "regards-worker-in",
        ]);
        assert.deepEqual(
          sets.filter(({ err }) => err !== undefined),
          [],
        );
        assert.deepEqual(nodeRed.errors(), []);
      } finally {
        await nodeRed.stop();
      }
    });
  }
});
