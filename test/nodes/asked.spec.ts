/** Answers find their requests again, over a death of Node-RED too, and a missing one is noticed, once. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ChannelModel, type ConfirmChannel, connect, type GetMessage } from "amqplib";
import { exchangeOf } from "../simulator/wire";
import { startNodeRed } from "../support/node-red";
import { type FreshVhost, freshVhost, needsPrivateBroker } from "../support/shared-rabbitmq";
import { type Target, TcpProxy } from "../support/tcp-proxy";
import type { FlowNode, TestNodeRed } from "../support/test-node-red";
import { untilValue } from "../support/until";
import { brokerNode, tab } from "./flows";

const REQUESTS = exchangeOf("regards", "workerRequest");
const ANSWERS = exchangeOf("regards", "worker");

const probe = (id: string): FlowNode => ({ id, type: "test-probe", z: "tab", wires: [] });

/** Contexts that are on the disk before a request goes out. */
const ON_DISK = { contextStorage: { disk: { module: "localfilesystem", config: { cache: false } } } };

describe("what was asked", function () {
  this.timeout(120_000);
  let vhost: FreshVhost;
  let connection: ChannelModel;
  let channel: ConfirmChannel;
  let nodeRed: TestNodeRed;
  let userDir: string;

  before(function () {
    needsPrivateBroker(this);
  });

  beforeEach(async () => {
    userDir = await mkdtemp(join(tmpdir(), "regards-asked-"));
    vhost = await freshVhost();
    connection = await connect(vhost.url);
    channel = await connection.createConfirmChannel();
    await channel.assertExchange(REQUESTS, "fanout");
    await channel.assertQueue("requests");
    await channel.bindQueue("requests", REQUESTS, "");
    nodeRed = await start();
  });

  afterEach(async () => {
    await nodeRed.stop();
    await connection.close();
    await vhost.drop();
    await rm(userDir, { recursive: true, force: true });
  });

  const start = () => startNodeRed({ userDir, settings: ON_DISK });

  it("comes back as msg.request with every answer, and the answers to others do not come", async () => {
    await deploy({ remember: "ticket", rememberType: "msg" });

    await nodeRed.inject("ask", { payload: {}, ticket: { number: 7 } });
    const correlationId = idOf(await request());
    await answer("somebody-else", "SUCCESS");
    await answer(correlationId, "GRANTED");
    await answer(correlationId, "SUCCESS");

    const [granted, success] = await nodeRed.untilMessages("answers", 2);
    assert.deepEqual([granted?.topic, granted?.request], ["GRANTED", { number: 7 }]);
    assert.deepEqual([success?.topic, success?.request], ["SUCCESS", { number: 7 }]);
    assert.equal(nodeRed.messages("answers").length, 2);
  });

  it("is known by a correlation id of the flow's own, too", async () => {
    await deploy({ remember: "7", rememberType: "json", correlationId: "ticket-1" });

    await nodeRed.inject("ask", { payload: {} });
    await request();
    await answer("ticket-1", "SUCCESS");

    assert.equal((await nodeRed.nextMessage("answers")).request, 7);
  });

  it("is still known when Node-RED was killed between request and answer, and is not asked again", async () => {
    await deploy({ remember: "ticket", rememberType: "msg", noAnswerAfter: 0.02 });
    await nodeRed.inject("ask", { payload: {}, ticket: "answered" });
    const answered = idOf(await request());
    await nodeRed.inject("ask", { payload: {}, ticket: "never answered" });
    const silent = idOf(await request());

    await nodeRed.kill();
    await nodeRed.stop();
    await answer(answered, "SUCCESS");
    nodeRed = await start();

    const success = await nodeRed.nextMessage("answers", { timeout: 30_000 });
    assert.equal(success.request, "answered");
    const missed = await nodeRed.nextMessage("missed", { timeout: 30_000 });
    assert.equal(missed.request, "never answered");
    assert.equal((missed.payload as { correlationId: string }).correlationId, silent);
    await nodeRed.stop();
    nodeRed = await start();
    await nodeRed.untilStatus("ask", ({ text }) => text === "connected");
    await nodeRed.shiftClock(60_000);
    await nodeRed.inject("ask", { payload: {}, ticket: "the last" });
    await request();
    await nodeRed.shiftClock(120_000);
    const next = await nodeRed.nextMessage("missed", { timeout: 30_000 });
    assert.equal(next.request, "the last", "what was said before is not said again");
    assert.equal(await channel.get("requests", { noAck: true }), false);
  });

  it("is refused in words where settings.js has no such context store", async () => {
    await deploy({ store: "cloud" }, {}, ({ code }) => code === "bad-setting");

    assert.match(
      nodeRed
        .errors()
        .map(({ msg }) => msg)
        .join(),
      /"cloud".*disk/,
    );
  });

  it("is confirmed, refused or uncertain over ten lost connections, and nothing is asked twice", async () => {
    const proxy = await TcpProxy.start(vhost);
    try {
      await deploy({ remember: "number", rememberType: "msg" }, { target: proxy });
      const count = 1_000;
      for (let number = 0; number < count; number += 1) {
        await nodeRed.inject("ask", { payload: { number }, number });
        if (number % 100 === 50) proxy.cut();
      }
      const told = () => nodeRed.messages("published").length + nodeRed.messages("refused").length;
      await untilValue(told, (all) => all === count, { what: "a verdict for each", timeout: 60_000 });

      const numbers: number[] = [];
      for (;;) {
        const message = await channel.get("requests", { noAck: true });
        if (message === false) break;
        numbers.push(JSON.parse(message.content.toString()).number);
      }
      const codes = nodeRed.messages("refused").map(({ error }) => (error as { code: string }).code);
      assert.deepEqual(
        codes,
        codes.map(() => "REGARDS_UNCERTAIN"),
      );
      assert.equal(new Set(numbers).size, numbers.length, "none twice");
      const published = nodeRed.messages("published").map(({ number }) => Number(number));
      assert.deepEqual(
        published.filter((number) => !numbers.includes(number)),
        [],
        "what is confirmed is there",
      );
    } finally {
      await nodeRed.deploy([]).finally(() => proxy.close());
    }
  });

  interface Where {
    readonly target?: Target;
  }

  async function deploy(
    properties: Readonly<Record<string, unknown>>,
    { target = vhost }: Where = {},
    isThere: (status: { code?: string }) => boolean = ({ code }) => code === "connected",
  ): Promise<void> {
    const { host, port } = target;
    const ask = {
      id: "ask",
      type: "regards-worker-out",
      z: "tab",
      broker: "broker",
      owner: "me",
      session: "s",
    };
    await nodeRed.deploy([
      tab,
      brokerNode({ ...vhost, host, port }, { tenant: "project1" }),
      { ...ask, contentType: "any", wires: [["published"], ["refused"], ["missed"]], ...properties },
      {
        ...{ id: "in", type: "regards-worker-in", z: "tab", broker: "broker", correlationType: "mine" },
        wires: Array<string[]>(7).fill(["answers"]),
      },
      ...["published", "refused", "missed", "answers"].map(probe),
    ]);
    await nodeRed.untilStatus("ask", isThere);
    await nodeRed.untilStatus("in", ({ code }) => code === "connected");
  }

  function request(): Promise<GetMessage> {
    return untilValue(
      () => channel.get("requests", { noAck: true }),
      (found) => found !== false,
      { what: "a request" },
    ) as Promise<GetMessage>;
  }

  const idOf = ({ properties }: GetMessage): string => String(properties.headers?.["regards.request.id"]);

  async function answer(requestId: string, state: string): Promise<void> {
    const headers = { "regards.tenant": "project1", "regards.request.id": requestId };
    channel.publish(ANSWERS, "", Buffer.from(JSON.stringify({ state, requestId })), { headers });
    await channel.waitForConfirms();
  }
});
