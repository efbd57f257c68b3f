/** The package as users get it: packed, installed into an empty Node-RED, loaded without an error. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { connect } from "amqplib";
import { brokerNode, tab } from "../nodes/flows";
import { startNodeRed } from "../support/node-red";
import { freshVhost } from "../support/shared-rabbitmq";
import type { TestNodeRed } from "../support/test-node-red";
import { files, ROOT, TYPES } from "./sources";

const run = promisify(execFile);
/** What npm says of a package it has packed. */
interface Packed {
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

const EXCHANGE = "regards.broadcast.fr.cnes.regards.modules.order.amqp.output.OrderResponseDtoEvent";
const MODULE = "@regards-flow/node-red-regards";

describe("the packed package", function () {
  this.timeout(180_000);
  let directory: string;
  let packed: Packed;
  let tarball: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "regards-pack-"));
    // In a copy: packing cleans and compiles anew, under the feet of the other tests.
    const copy = join(directory, "copy");
    await cp(ROOT, copy, {
      recursive: true,
      filter: (path) => !/\/(?:node_modules|\.git|pictures)$/.test(path),
    });
    await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));
    // What was compiled from a source that is gone: a work tree that somebody works in has such files.
    for (const name of ["gone.js", "gone.js.map"]) await writeFile(join(copy, "src/amqp", name), "");
    const { stdout } = await run("npm", ["pack", "--json", "--silent", "--pack-destination", directory], {
      cwd: copy,
    });
    [packed] = JSON.parse(stdout.slice(stdout.indexOf("["))) as [Packed];
    tarball = join(directory, packed.filename);
  });

  after(() => rm(directory, { recursive: true, force: true }));

  it("holds what runs and nothing else", () => {
    const paths = packed.files.map(({ path }) => path);
    assert.deepEqual(
      paths.filter((path) => /\.ts$|\.map$|^test\//.test(path)),
      [],
    );
    assert.ok(paths.includes("LICENSE") && paths.includes("README.md"));
    // Every program in it has a source here, so that a clean clone would pack the same.
    const sources = new Set(["src", "nodes"].flatMap((folder) => files(folder, ".ts")));
    assert.deepEqual(
      paths.filter((path) => path.endsWith(".js") && !sources.has(path.replace(/js$/, "ts"))),
      [],
    );
  });

  for (const version of [5, 4] as const) {
    it(`loads all types in an empty Node-RED ${version} with no error in the log, and brings an event`, async () => {
      const userDir = await mkdtemp(join(directory, "user-"));
      await writeFile(join(userDir, "package.json"), '{"name":"user","private":true}');
      await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", tarball], { cwd: userDir });

      const nodeRed = await startNodeRed({ version, userDir, nodesDir: [] });
      try {
        const sets = (await nodeRed.nodes()).filter(({ module }) => module === MODULE);

        assert.deepEqual(sets.flatMap(({ types }) => types).sort(), [...TYPES].sort());
        assert.deepEqual(
          sets.filter(({ err }) => err !== undefined),
          [],
        );
        await bringsAnEvent(nodeRed);
        assert.deepEqual(nodeRed.errors(), []);
      } finally {
        await nodeRed.stop();
      }
    });
  }

  /** The packed files went through one more hand than the tested ones. */
  async function bringsAnEvent(nodeRed: TestNodeRed): Promise<void> {
    const vhost = await freshVhost();
    const connection = await connect(vhost.url);
    const channel = await connection.createConfirmChannel();
    await channel.assertExchange(EXCHANGE, "fanout", { durable: true });
    const wires = [["debug"], [], [], [], [], []];
    await nodeRed.deploy([
      tab,
      brokerNode(vhost),
      { id: "in", type: "regards-order-in", z: "tab", broker: "broker", queue: "packed", wires },
      { id: "debug", type: "debug", z: "tab", active: true, complete: "topic", targetType: "msg", wires: [] },
    ]);
    await nodeRed.untilStatus("in", ({ code }) => code === "connected");
    channel.publish(EXCHANGE, "", Buffer.from('{"status":"GRANTED"}'));
    await nodeRed.untilStatus("in", (status) => JSON.stringify(status).includes('"accepted":1'));
    await nodeRed.deploy([]);
    await connection.close();
    await vhost.drop();
  }
});
