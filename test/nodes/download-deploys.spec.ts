/** Several download nodes, many orders, and deploys while files are on their way, in a real Node-RED behind a real broker. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Stage, setStage } from "../simulator/stage";
import { startNodeRed } from "../support/node-red";
import { sharedNodeRed } from "../support/shared-node-red";
import type { FlowNode, TestNodeRed } from "../support/test-node-red";
import { until } from "../support/until";
import { filesIn } from "../web/stage";
import { brokerNode, tab } from "./flows";

/** The simulator's first id of a file. */
const FIRST_FILE = 501;

describe("regards-download, several and deployed", function () {
  this.timeout(120_000);
  let stage: Stage;
  let nodeRed: TestNodeRed;
  let folder: string;

  beforeEach(async () => {
    stage = await setStage();
    nodeRed = await sharedNodeRed();
    folder = await mkdtemp(join(tmpdir(), "regards-download-"));
  });
  afterEach(async () => {
    await nodeRed.deploy([]);
    await stage.strike();
    await rm(folder, { recursive: true, force: true });
  });

  const ground = (): FlowNode[] => [
    tab,
    brokerNode(stage.vhost, { tenant: "project1" }),
    {
      ...{ id: "web", type: "regards-web", address: stage.regards.address, tenant: "project1" },
      credentials: { user: stage.regards.user.login, password: stage.regards.user.password },
    },
    ...["saved", "nothing", "failed"].map((id) => ({ id, type: "test-probe", z: "tab" })),
  ];
  const orderIn = (id: string, to: string, properties: object = {}): FlowNode => ({
    ...{ id, type: "regards-order-in", z: "tab", broker: "broker", ...properties },
    wires: [[to], [to], [to], [to], [], []],
  });
  const download = (id: string, properties: object = {}): FlowNode => ({
    ...{ id, type: "regards-download", z: "tab", web: "web", folder, ...properties },
    wires: [["saved"], ["nothing"], ["failed"]],
  });
  const deploy = async (nodes: readonly FlowNode[], runtime = nodeRed): Promise<void> => {
    await runtime.deploy(nodes);
    for (const { id } of nodes.filter(({ type }) => type === "regards-order-in")) {
      await runtime.untilStatus(id, ({ text }) => text === "connected");
    }
  };
  const untilSettled = (): Promise<unknown> =>
    until(
      async () => {
        const queues = await stage.vhost.broker.console.queues(stage.vhost.vhost);
        const own = queues.filter(({ name }) => name.startsWith("nodered."));
        return own.every(({ ready, unacked }) => ready + unacked === 0);
      },
      { what: "every event to be accepted", timeout: 60_000 },
    );
  const told = (): string[] =>
    nodeRed
      .messages("saved")
      .flatMap(({ payload }) => (payload as { path: string }[]).map(({ path }) => path))
      .sort();
  const onDisk = async (of = folder): Promise<string[]> =>
    [...(await filesIn(of)).keys()].map((path) => join(of, path)).sort();
  /** The answer that was to stall has come, and what it has brought so far is in a file. */
  const untilStalled = (): Promise<unknown> =>
    until(
      async () => stage.regards.troublesLeft === 0 && (await onDisk()).some((path) => path.endsWith(".part")),
      { what: "a part of what stalls", timeout: 30_000 },
    );

  it("brings a hundred orders at once with one login, never more files at a time than set, all whole", async () => {
    await deploy([
      ...ground(),
      orderIn("in", "download", { maxInFlight: 200 }),
      download("download", { parallel: 2 }),
    ]);

    const orders = Array.from({ length: 100 }, () =>
      stage.regards.requestOrder({ queries: ["files:3 AND bytes:2000 AND slow:1"] }),
    );
    await Promise.all(orders);
    await until(async () => told().length === 300, { what: "300 files", timeout: 100_000 });
    await untilSettled();

    assert.deepEqual(told(), await onDisk());
    assert.equal(new Set(told()).size, 300);
    assert.equal(stage.regards.tokensIssued, 1);
    assert.equal(stage.regards.mostTransfers, 2);
    assert.ok(stage.regards.transfers.every(({ isWhole }) => isWhole));
    assert.equal(stage.regards.transfers.length, 300);
    assert.deepEqual(nodeRed.messages("failed"), []);
  });

  it("tells of each file once where two in-nodes bring the same order to two nodes with one folder", async () => {
    await deploy([
      ...ground(),
      ...[orderIn("in1", "one"), orderIn("in2", "two"), download("one"), download("two")],
    ]);

    await stage.regards.requestOrder({ queries: ["subOrders:2 AND files:3"] });
    // Two nodes are told of GRANTED, two sub-orders and the end.
    await until(async () => nodeRed.messages("saved").length + nodeRed.messages("nothing").length === 8, {
      what: "eight messages",
      timeout: 30_000,
    });
    await untilSettled();

    assert.equal(told().length, 6);
    assert.deepEqual(told(), await onDisk());
    assert.equal(stage.regards.transfers.length, 6);
    assert.deepEqual(nodeRed.messages("failed"), []);
  });

  it("brings the whole order to another folder that is set in the middle, also what was fetched already", async () => {
    await deploy([...ground(), orderIn("in", "download"), download("download")]);
    const other = join(folder, "other");
    stage.regards.ask({ on: "file", file: FIRST_FILE + 1, stalls: "in the body" });
    await stage.regards.requestOrder({ queries: ["files:3 AND bytes:300000"] });
    await untilStalled();

    await nodeRed.redeploy({ download: { folder: other } });
    await until(async () => told().length === 3, { what: "three files", timeout: 20_000 });
    await untilSettled();

    assert.deepEqual(told(), await onDisk(other));
    assert.equal((await onDisk()).length, 4, "the first one still stands in the folder before");
  });

  it("leaves no part and no transfer when it is deleted in the middle", async () => {
    const nodes = [...ground(), orderIn("in", "download"), download("download")];
    await deploy(nodes);
    stage.regards.ask({ on: "file", stalls: "in the body" });
    await stage.regards.requestOrder({ queries: ["files:1 AND bytes:300000"] });
    await untilStalled();

    await nodeRed.deploy(nodes.filter(({ id }) => id !== "download"));

    assert.deepEqual(await onDisk(), []);
    await until(async () => stage.regards.transfers.length === 1, { what: "the transfer to end" });
    assert.deepEqual(nodeRed.errors(), []);
  });

  it("goes on with another account that is set in the middle, and uses nothing of the one before", async () => {
    const jane = { user: "jane@cnes.fr", password: "the-password-of-jane" };
    await deploy([...ground(), orderIn("in", "download"), download("download")]);
    await stage.regards.requestOrder({ user: jane.user, queries: ["files:2 AND bytes:300000"] });
    // The order is another's: the list is not allowed, and the ZIP is taken.
    await nodeRed.nextMessage("saved");
    stage.regards.ask({ on: "file", stalls: "in the body" });
    await nodeRed.redeploy({ web: { credentials: jane } });
    await stage.regards.requestOrder({ user: jane.user, queries: ["files:2 AND bytes:300000"] });
    await untilStalled();

    await nodeRed.redeploy({ web: { credentials: { ...jane, client: "client" } } });

    await until(async () => told().length === 4, { what: "four files", timeout: 20_000 });
    await untilSettled();
    assert.deepEqual(told(), await onDisk());
    // The first account's, one more for its 403, and one for each time the second one was set.
    assert.equal(stage.regards.tokensIssued, 4);
  });

  it("says with a code that REGARDS put nothing but a notice into the ZIP", async () => {
    await deploy([...ground(), orderIn("in", "download"), download("download", { mode: "zip" })]);
    stage.regards.disturb("notice");
    await stage.regards.requestOrder({ user: "jane@cnes.fr", queries: ["files:1"] });

    const { error } = await nodeRed.nextMessage("failed");

    assert.equal((error as { code: string }).code, "REGARDS_NOTICE");
  });

  it("tells Node-RED's metrics of the bytes and milliseconds of each order, by its message", async () => {
    const measured = await startNodeRed({ settings: { metrics: true } });
    try {
      await deploy([...ground(), orderIn("in", "download"), download("download")], measured);
      await stage.regards.requestOrder({ queries: ["files:2 AND bytes:3000"] });
      await measured.nextMessage("saved");

      const { msg } = await measured.untilLog(
        ({ level, msg: line }) => level === "metric" && /\.bytes 6000$/.test(line),
      );
      assert.equal(msg, "node.regards-download.download.bytes 6000");
      await measured.untilLog(({ msg: line }) =>
        /^node\.regards-download\.download\.milliseconds \d+$/.test(line),
      );
    } finally {
      await measured.stop();
    }
  });
});
