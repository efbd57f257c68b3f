import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inside, subflow } from "./flow-edits";
import { type FlowNode, startNodeRed, type TestNodeRed } from "./node-red";
import { until } from "./until";

const tab: FlowNode = { id: "tab", type: "tab", label: "test" };

const node = (id: string, type: string, more: object = {}): FlowNode => ({
  id,
  type,
  z: "tab",
  wires: [],
  ...more,
});

const sending = (bytes: string): FlowNode[] => [
  tab,
  node("inject-1", "inject", {
    props: [{ p: "payload" }],
    payload: bytes,
    payloadType: "bin",
    wires: [["probe"]],
  }),
  node("probe", "test-probe"),
];

for (const version of [4, 5] as const) {
  describe(`an embedded Node-RED ${version}`, function () {
    this.timeout(60_000);

    let nodeRed: TestNodeRed;

    before(async () => {
      nodeRed = await startNodeRed({ version, nodesDir: [] });
    });

    after(() => nodeRed.stop());

    it("is the version asked for", async () => {
      const running = await nodeRed.evaluate((RED) => (RED as unknown as { version(): string }).version());

      assert.equal(Number.parseInt(running, 10), version);
    });

    it("runs a deployed flow and reports the message, bytes included", async () => {
      await nodeRed.deploy(sending("[1,2,3]"));

      await nodeRed.inject("inject-1", {});
      const { payload } = await nodeRed.nextMessage("probe");

      assert.deepEqual(payload, Buffer.from([1, 2, 3]));
      assert.deepEqual(nodeRed.errors(), []);
    });

    it("gives each message out once", async () => {
      await nodeRed.deploy([tab, node("probe", "test-probe")]);
      nodeRed.forget();
      await nodeRed.inject("probe", { payload: 1 });
      await nodeRed.inject("probe", { payload: 2 });

      const second = await nodeRed.nextMessage("probe", { where: ({ payload }) => payload === 2 });
      const first = await nodeRed.nextMessage("probe");

      assert.deepEqual([second.payload, first.payload], [2, 1]);
      await assert.rejects(nodeRed.nextMessage("probe", { timeout: 50 }), /a message at probe.*received 2/);
    });

    it("names the types a flow misses", async () => {
      await assert.rejects(nodeRed.deploy([tab, node("who", "no-such-type")]), /missing-types.*no-such-type/);
    });

    it("deploys what misses a type all the same when told so, and runs again without it", async () => {
      await nodeRed.deploy([tab, node("probe", "test-probe"), node("who", "no-such-type")], {
        incomplete: true,
      });
      await assert.rejects(nodeRed.inject("probe", {}), /no node probe running/);

      await nodeRed.redeploy({ who: undefined }, { type: "full" });

      await nodeRed.inject("probe", { payload: "again" });
      await nodeRed.nextMessage("probe", { where: ({ payload }) => payload === "again" });
    });

    it("rewires a node that goes on running", async () => {
      const passing = node("passing", "function", { func: "return msg;", wires: [["a"]] });
      await nodeRed.deploy([tab, passing, node("a", "test-probe"), node("b", "test-probe")]);
      const isSame = (RED: unknown) => {
        const { nodes } = RED as { nodes: { getNode(id: string): { seen?: boolean } } };
        const running = nodes.getNode("passing");
        const before = running.seen === true;
        running.seen = true;
        return before;
      };
      await nodeRed.evaluate(isSame);

      await nodeRed.redeploy({ passing: { wires: [["b"]] } });
      await nodeRed.inject("passing", { payload: 1 });

      assert.equal((await nodeRed.nextMessage("b")).payload, 1);
      assert.equal(await nodeRed.evaluate(isSame), true);
    });

    it("reaches the nodes inside a subflow's instance", async () => {
      const func = 'node.status({ text: "seen" }); return msg;';
      await nodeRed.deploy([
        tab,
        ...subflow("sub", [node("inner", "function", { func })], { in: ["inner"], out: [{ id: "inner" }] }),
        node("instance", "subflow:sub", { wires: [["probe"]] }),
        node("probe", "test-probe"),
      ]);

      await nodeRed.inject("instance", { payload: "outside" });
      await nodeRed.nextMessage("probe", { where: ({ payload }) => payload === "outside" });
      await nodeRed.inject(inside("instance", "inner"), { payload: "inside" });
      await nodeRed.nextMessage("probe", { where: ({ payload }) => payload === "inside" });

      await nodeRed.untilStatus(inside("instance", "inner"), ({ text }) => text === "seen");
    });

    it("has a clock that can be set back", async () => {
      await nodeRed.shiftClock(-3_600_000);
      const back = await nodeRed.evaluate(() => Date.now());
      await nodeRed.shiftClock(0);

      assert.ok(back < Date.now() - 3_000_000);
      assert.ok((await nodeRed.evaluate(() => Date.now())) > back + 3_000_000);
    });

    it("sees statuses and log lines with the node they are about", async () => {
      const func = 'node.status({ fill: "green", shape: "dot", text: msg.payload }); node.error("oh", msg);';
      await nodeRed.deploy([tab, node("function-1", "function", { func, outputs: 0 })]);

      await nodeRed.inject("function-1", { payload: "ready" });
      const status = await nodeRed.untilStatus("function-1", ({ text }) => text === "ready");
      const line = await nodeRed.untilLog(({ level }) => level === "error");

      assert.deepEqual(status, { fill: "green", shape: "dot", text: "ready" });
      assert.deepEqual([line.id, line.type, line.msg], ["function-1", "function", "oh"]);
    });

    it("holds messages at a probe until they are released", async () => {
      const flow = [
        tab,
        node("probe", "test-probe", { hold: true }),
        node("complete-1", "complete", { scope: ["probe"], wires: [["completed"]] }),
        node("completed", "test-probe"),
      ];
      await nodeRed.deploy(flow);
      nodeRed.forget();

      await nodeRed.inject("probe", { payload: "held" });
      await nodeRed.nextMessage("probe");
      const before = nodeRed.messages("completed").length;
      const released = await nodeRed.release("probe");
      await nodeRed.nextMessage("completed");

      assert.deepEqual([before, released], [0, 1]);
    });

    it("keeps its own output off the terminal", () => {
      assert.equal(nodeRed.output, "");
    });
  });
}

describe("a Node-RED that is killed", () => {
  it("tells those who wait for it, and leaves nothing behind", async () => {
    const nodeRed = await startNodeRed({ version: 4, nodesDir: [] });
    const waiting = assert.rejects(nodeRed.nextMessage("probe"), /Node-RED is gone, it ended with SIGKILL/);

    await nodeRed.kill();
    await waiting;
    await nodeRed.stop();

    assert.equal(existsSync(nodeRed.userDir), false);
  });

  it("does not outlive the process that started it", async () => {
    const directory = await mkdtemp(join(tmpdir(), "regards-orphan-"));
    const program = `require("./node-red").startNodeRed({ version: 4, nodesDir: [] })
      .then(({ url }) => console.log(url))`;
    const parent = spawn(process.execPath, ["-e", program], {
      cwd: __dirname,
      env: { ...process.env, TMPDIR: directory },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [url] = await once(parent.stdout.setEncoding("utf8"), "data");

    parent.kill("SIGKILL");

    const isEmpty = async () => (await readdir(directory)).length === 0;
    await until(isEmpty, { what: "its user directory to be gone" });
    const isGone = () =>
      fetch(String(url).trim()).then(
        () => false,
        () => true,
      );
    await until(isGone, { what: "Node-RED to be gone" });
    await rmdir(directory);
  });
});
