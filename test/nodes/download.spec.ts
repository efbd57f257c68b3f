/** regards-download in a real Node-RED behind a real broker: when an event is accepted, what a deploy leaves, what is said. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Line } from "../../src/diagnosis/connection-report";
import { type Stage, setStage } from "../simulator/stage";
import { sharedNodeRed } from "../support/shared-node-red";
import type { FlowNode, Message, TestNodeRed } from "../support/test-node-red";
import { until } from "../support/until";
import { filesIn } from "../web/stage";
import { brokerNode, tab } from "./flows";

describe("regards-download", function () {
  this.timeout(60_000);
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

  const webNode = (properties: object = {}): FlowNode => ({
    ...{ id: "web", type: "regards-web", address: stage.regards.address, tenant: "project1" },
    credentials: { user: stage.regards.user.login, password: stage.regards.user.password },
    ...properties,
  });
  const probe = (id: string): FlowNode => ({ id, type: "test-probe", z: "tab" });
  const flow = (
    download: object = {},
    wires: string[][] = [["saved"], ["nothing"], ["failed"]],
  ): FlowNode[] => [
    tab,
    brokerNode(stage.vhost, { tenant: "project1" }),
    webNode(),
    {
      ...{ id: "in", type: "regards-order-in", z: "tab", broker: "broker", attempts: 2, retryDelay: 0.1 },
      wires: [["download"], ["download"], ["download"], ["download"], [], []],
    },
    { id: "download", type: "regards-download", z: "tab", web: "web", folder, ...download, wires },
    ...["saved", "nothing", "failed"].map(probe),
  ];
  const deploy = async (nodes: readonly FlowNode[] = flow()): Promise<void> => {
    await nodeRed.deploy(nodes);
    await nodeRed.untilStatus("in", ({ text }) => text === "connected");
  };
  /** Events that are waiting or with the flow. */
  const waiting = async (): Promise<number> => {
    const queues = await stage.vhost.broker.console.queues(stage.vhost.vhost);
    const own = queues.find(({ name }) => name.startsWith("nodered.") && name.endsWith(".in"));
    return own === undefined ? 0 : own.ready + own.unacked;
  };

  it("saves what each event brings, tells of it once, and of nothing where nothing is left", async () => {
    await deploy();
    await stage.regards.requestOrder({ queries: ["subOrders:2 AND files:3"] });

    const first = await nodeRed.nextMessage("saved");
    // GRANTED, which announces nothing, and DONE, which brings nothing new.
    await nodeRed.untilMessages("nothing", 2);
    await until(async () => (await waiting()) === 0, { what: "every event to be accepted" });

    const told = nodeRed.messages("saved").flatMap(({ payload }) => payload as { path: string }[]);
    assert.equal(told.length, 6);
    assert.deepEqual(
      [...(await filesIn(folder)).keys()].map((path) => join(folder, path)).sort(),
      told.map(({ path }) => path).sort(),
    );
    assert.match(String(first.filename), new RegExp(`^${folder}/\\d+$`));
    assert.equal((first.regards as { status: string }).status, "SUBORDER_DONE");
    assert.equal(stage.regards.tokensIssued, 1);
    assert.deepEqual(nodeRed.messages("failed"), []);
    const metrics = await (await nodeRed.fetch("/regards/metrics")).text();
    assert.match(metrics, /^regards_fetched_files_total\{[^}]*type="regards-download"[^}]*\} 6$/m);
  });

  it("lets the event be accepted only when its files are there", async () => {
    await deploy();
    const slow = { on: "file", stalls: "before the answer" } as const;
    stage.regards.ask(slow);
    await stage.regards.requestOrder({ queries: ["files:1"] });
    await nodeRed.untilStatus("download", ({ code }) => code === "downloading");
    await nodeRed.untilMessages("nothing", 1);

    // SUBORDER_DONE is being fetched, and DONE waits for it: both are with the flow.
    await until(async () => (await waiting()) === 2, { what: "two events to be with the flow" });
    assert.deepEqual(nodeRed.messages("saved"), []);
    await nodeRed.redeploy({ download: { name: "another" } });

    const saved = await nodeRed.nextMessage("saved");
    assert.equal((saved.payload as unknown[]).length, 1);
    await until(async () => (await waiting()) === 0, { what: "every event to be accepted" });
  });

  it("gives the event another attempt when it fails, tells Catch, and then the dead-letter queue", async () => {
    await deploy(flow({}, [["saved"], ["nothing"], []]));
    stage.regards.ask({ on: "file", answers: 422, times: 100 });
    await stage.regards.requestOrder({ queries: ["files:1"] });

    const { msg } = await nodeRed.untilLog(({ level, id }) => level === "error" && id === "download");
    assert.match(msg, /1 of 1 files could not be fetched; the first is product-001\.tif: The storage/);
    await nodeRed.untilLog(
      ({ level, msg: line }) => level === "warn" && /an event was given up after 2/.test(line),
    );
  });

  it("sends what failed to its third output, with a code and the files that are there", async () => {
    await deploy();
    stage.regards.ask({ on: "file", answers: 422 });
    await stage.regards.requestOrder({ queries: ["files:2"] });

    const failed = await nodeRed.nextMessage("failed");

    const error = failed.error as { code: string; failed: { name: string; code: string }[] };
    assert.equal(error.code, "REGARDS_STORAGE_ERROR");
    assert.deepEqual(
      error.failed.map(({ name }) => name),
      ["product-001.tif"],
    );
    assert.equal((failed.payload as unknown[]).length, 1);
  });

  it("goes on where it was when it is deployed in the middle, and leaves no transfer behind", async () => {
    await deploy();
    stage.regards.ask({ on: "file", stalls: "in the body", times: 1 });
    await stage.regards.requestOrder({ queries: ["files:3 AND bytes:100000"] });
    const isBegun = async () => stage.regards.troublesLeft === 0 && (await filesIn(folder)).size > 0;
    await until(isBegun, { what: "a part of what stalls" });

    await nodeRed.redeploy({ web: { name: "another" } });

    const told: Message[] = [...(await nodeRed.untilMessages("saved", 1))];
    assert.equal((told[0]?.payload as unknown[] | undefined)?.length, 3);
    const names = [...(await filesIn(folder)).keys()];
    assert.equal(names.length, 3);
    assert.ok(names.every((name) => name.endsWith(".tif")));
  });

  it("takes an order id from any message, and says so when there is none", async () => {
    await deploy();
    await nodeRed.inject("download", { payload: { orderId: "../1" } });
    assert.equal(((await nodeRed.nextMessage("failed")).error as { code: string }).code, "REGARDS_NO_ORDER");
    await nodeRed.inject("download", { payload: { orderId: 1 } });
    assert.equal(((await nodeRed.nextMessage("failed")).error as { code: string }).code, "REGARDS_GONE");
  });

  it("fetches a disseminated product", async () => {
    const { regards } = stage;
    const { notification, urn } = await regards.disseminate();
    const { aip } = notification.payload as { aip: { providerId: string } };
    await deploy();
    const [{ dataObject } = { dataObject: {} }] = (
      aip as unknown as { properties: { contentInformations: { dataObject: Record<string, unknown> }[] } }
    ).properties.contentInformations;
    const { filename: name, checksum, fileSize: size, algorithm } = dataObject as Record<string, unknown>;
    const message = { service: "dissemination", urn, productId: aip.providerId, version: 1 };

    await nodeRed.inject("download", {
      regards: { ...message, notificationId: "n", files: [{ name, checksum, size, algorithm }] },
    });

    const saved = await nodeRed.nextMessage("saved");
    assert.match(String(saved.filename), new RegExp(`^${folder}/URN_AIP_DATA_.*/${aip.providerId}_v1/`));
  });

  it("shows no token and no password, whatever goes wrong", async () => {
    await deploy();
    for (const on of ["token", "list", "file"] as const) {
      stage.regards.ask({ on, answers: 500, text: "secret-of-the-server" });
    }
    await stage.regards.requestOrder({ queries: ["files:1"] });
    await nodeRed.nextMessage("saved");

    const everything = JSON.stringify([
      nodeRed.logs,
      nodeRed.messages("saved"),
      [...(await filesIn(folder))],
    ]);
    assert.ok(!everything.includes(stage.regards.user.password));
    assert.doesNotMatch(everything, /Bearer|secret-of-the-server/);
  });

  it("is configured only with a web node that is", async () => {
    await nodeRed.deploy([tab, { id: "d", type: "regards-download", z: "tab", folder, wires: [[], [], []] }]);
    await nodeRed.untilStatus("d", ({ code }) => code === "not-configured");
  });

  describe("Test connection of its web node", () => {
    const ask = async (form: object, id = "unsaved"): Promise<string[]> => {
      const response = await nodeRed.fetch(`regards-web/${id}/test`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(form),
      });
      const text = await response.text();
      assert.ok(!text.includes(stage.regards.user.password));
      const { lines } = JSON.parse(text) as { lines: Line[] };
      return lines.map(({ ok, text: said }) => `${ok ? "+" : "-"} ${said}`);
    };
    const form = (changes: object = {}): object => {
      const { login: user, password } = stage.regards.user;
      return {
        address: stage.regards.address,
        tenant: "project1",
        login: "body",
        user,
        password,
        ...changes,
      };
    };

    for (const [what, changes, last] of [
      ["nothing", {}, "+ test.tenant"],
      ["the address", { address: "http://127.0.0.1:1" }, "- test.web.unreachable"],
      ["the prefix of the address", { prefix: "/elsewhere" }, "- test.web.not-regards"],
      ["the client", { client: "x" }, "- test.web.login-client"],
      ["the account", { password: "x" }, "- test.web.login-account"],
      ["the tenant", { tenant: "x" }, "- test.web.login-tenant"],
      ["the lack of an address", { address: "" }, "- runtime.setting.required"],
    ] as const) {
      it(`finds ${what} wrong`, async () => {
        const { prefix = "", ...rest } = changes as { prefix?: string };
        const address = `${stage.regards.address}${prefix}`;
        assert.equal((await ask({ ...form(), address, ...rest })).at(-1), last);
      });
    }

    it("sends a stored password only to the address it was stored with", async () => {
      await deploy();
      const unseen = { password: "__PWRD__", secret: undefined };
      assert.equal((await ask(form(unseen), "web")).at(-1), "+ test.tenant");
      const elsewhere = form({ ...unseen, address: "http://127.0.0.1:1" });
      assert.deepEqual(await ask(elsewhere, "web"), ["- test.web.retype"]);
      assert.deepEqual(await ask(form(unseen), "broker"), ["- test.web.retype"]);
    });
  });
});
