/** Worker requests as the broker and a strict rs-worker-manager see them, and what a flow is told of each. */
import assert from "node:assert/strict";
import type { GetMessage } from "amqplib";
import { type ChannelModel, connect } from "amqplib";
import { ConfirmThief } from "../faults/confirm-thief";
import { type Stage, setStage } from "../simulator/stage";
import { exchangeOf } from "../simulator/wire";
import { sharedNodeRed } from "../support/shared-node-red";
import { needsPrivateBroker } from "../support/shared-rabbitmq";
import type { FlowNode, TestNodeRed } from "../support/test-node-red";
import { untilValue } from "../support/until";
import { brokerNode, tab } from "./flows";

const SEEN = "requests-seen";

describe("regards-worker-out", function () {
  this.timeout(60_000);
  let stage: Stage;
  let nodeRed: TestNodeRed;
  let connection: ChannelModel;

  beforeEach(async () => {
    stage = await setStage();
    nodeRed = await sharedNodeRed();
    connection = await connect(stage.vhost.url);
    const channel = await connection.createChannel();
    await channel.assertQueue(SEEN);
    await channel.bindQueue(SEEN, exchangeOf("regards", "workerRequest"), "");
  });

  afterEach(async () => {
    await nodeRed.deploy([]);
    await connection.close();
    await stage.strike();
  });

  it("publishes exactly what rs-worker-manager needs, says so after the confirm, and is answered", async () => {
    await deploy();

    await nodeRed.inject("ask", { payload: { any: "é" }, topic: "kept" });

    const published = await nodeRed.nextMessage("published");
    const { correlationId, messageId, ...regards } = published.regards as Record<string, unknown>;
    assert.match(String(correlationId), /^nodered-broker-\d{8}T\d{6}Z-[0-9a-f]{12}$/);
    assert.deepEqual(regards, {
      service: "worker",
      exchange: exchangeOf("regards", "workerRequest"),
      tenant: "project1",
      owner: "me",
      session: "today",
      contentType: "count-bytes",
    });
    assert.equal(published.topic, "kept");
    assert.deepEqual(published.payload, { any: "é" });
    const { content, properties, fields } = await seen();
    assert.equal(content.toString(), '{"any":"é"}');
    assert.equal(fields.routingKey, "");
    assert.deepEqual(
      Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined)),
      {
        contentType: "application/json",
        contentEncoding: "UTF-8",
        deliveryMode: 2,
        priority: 1,
        appId: "node-red",
        correlationId,
        messageId,
        headers: {
          "regards.tenant": "project1",
          "regards.request.id": correlationId,
          "regards.request.owner": "me",
          "regards.request.session": "today",
          "regards.request.content_type": "count-bytes",
        },
      },
    );
    const answer = await stage.wire.untilAbout({ requestId: String(correlationId), state: "SUCCESS" });
    assert.equal(answer.body.requestOwner, "me");
  });

  it("takes owner, session, content type and correlation id from where the node is told to", async () => {
    const named = { ownerType: "msg", sessionType: "msg", contentTypeType: "msg", correlationIdType: "msg" };
    await deploy({ owner: "who", session: "day", contentType: "kind", correlationId: "id", ...named });

    await nodeRed.inject("ask", { payload: {}, who: "somebody", day: 20250123, kind: "touch", id: "r-1" });

    await nodeRed.nextMessage("published");
    assert.deepEqual((await seen()).properties.headers, {
      "regards.tenant": "project1",
      "regards.request.id": "r-1",
      "regards.request.owner": "somebody",
      "regards.request.session": "20250123",
      "regards.request.content_type": "touch",
    });
    await stage.wire.untilAbout({ requestId: "r-1", state: "SUCCESS" });
  });

  it("has no two requests with the same id, and none that REGARDS drops", async () => {
    await deploy();

    for (let index = 0; index < 50; index += 1) await nodeRed.inject("ask", { payload: { index } });

    const published = await nodeRed.untilMessages("published", 50);
    const ids = published.map(({ regards }) => (regards as { correlationId: string }).correlationId);
    assert.equal(new Set(ids).size, 50);
    for (const requestId of ids) await stage.wire.untilAbout({ requestId, state: "SUCCESS" });
    assert.deepEqual(stage.regards.droppedRequests, []);
  });

  for (const [title, message, properties, code] of [
    ["a text", { payload: "{}" }, {}, "REGARDS_BAD_BODY"],
    ["a Buffer", { payload: Buffer.from("{}") }, {}, "REGARDS_BAD_BODY"],
    ["an empty owner", { payload: {} }, { owner: "" }, "REGARDS_BAD_FIELD"],
    ["a correlation id too long", { payload: {} }, { correlationId: "x".repeat(101) }, "REGARDS_BAD_FIELD"],
  ] as const) {
    it(`refuses ${title} with ${code}, and publishes nothing`, async () => {
      await deploy(properties);

      await nodeRed.inject("ask", message);

      const { error } = await nodeRed.nextMessage("refused");
      assert.equal((error as { code: string }).code, code);
      assert.equal(await nothingSeen(), true);
    });
  }

  it("refuses every request where the broker node names no tenant", async () => {
    await deploy({}, { tenant: "" });

    await nodeRed.inject("ask", { payload: {} });

    const { error } = await nodeRed.nextMessage("refused");
    assert.equal((error as { code: string }).code, "REGARDS_NO_TENANT");
  });

  it("needs no other permission than write on the exchange its dialog names", async function () {
    needsPrivateBroker(this);
    const { broker, user, vhost } = stage.vhost;
    const nothing = "^$";
    // The other one is for the answers of the simulated REGARDS, which has the same user.
    const write =
      "^regards\\.broadcast\\..*\\.workermanager\\.amqp\\.events\\.(?:in\\.Request|out\\.Response)Event$";
    await broker.console.setPermissions(user, vhost, { configure: nothing, write, read: nothing });
    try {
      await deploy();
      await nodeRed.inject("ask", { payload: {} });
      await nodeRed.nextMessage("published");
    } finally {
      await broker.console.setPermissions(user, vhost);
    }
  });

  it("never asks twice: with its confirm lost it is uncertain, and named by its correlation id", async () => {
    const thief = await ConfirmThief.start(stage.vhost);
    try {
      const { host, port } = thief.address;
      await deploy({}, { hosts: `${host}:${port}` });
      thief.steals = true;
      await nodeRed.inject("ask", { payload: {} });
      await untilValue(
        () => thief.stolen,
        (stolen) => stolen === 1,
        { what: "the stolen confirm" },
      );
      thief.steals = false;

      thief.cut();

      const { error } = await nodeRed.nextMessage("refused");
      const { code, message, correlationId } = error as Record<string, string>;
      const { properties } = await seen();
      assert.equal(code, "REGARDS_UNCERTAIN");
      assert.equal(correlationId, properties.correlationId);
      assert.ok(message?.includes(String(correlationId)), message);
      await nodeRed.untilStatus("ask", ({ code }) => code === "connected", { timeout: 20_000 });
      await nodeRed.inject("ask", { payload: { next: true } });
      await nodeRed.nextMessage("published");
      assert.equal((await seen()).content.toString(), '{"next":true}');
    } finally {
      await nodeRed.deploy([]);
      await thief.close();
    }
  });

  async function deploy(properties: Readonly<Record<string, unknown>> = {}, broker: object = {}) {
    const ask: FlowNode = {
      ...{ id: "ask", type: "regards-worker-out", z: "tab", broker: "broker" },
      ...{ owner: "me", session: "today", contentType: "count-bytes" },
      wires: [["published"], ["refused"]],
      ...properties,
    };
    const config = brokerNode(stage.vhost, { tenant: "project1", ...broker });
    await nodeRed.deploy([tab, config, ask, probe("published"), probe("refused")]);
    await nodeRed.untilStatus("ask", ({ code }) => code === "connected");
  }

  async function get(): Promise<GetMessage | false> {
    const channel = await connection.createChannel();
    const message = await channel.get(SEEN, { noAck: true });
    await channel.close();
    return message;
  }

  async function seen(): Promise<GetMessage> {
    const message = await untilValue(get, (found) => found !== false, { what: "a request" });
    assert.ok(message !== false);
    return message;
  }

  async function nothingSeen(): Promise<boolean> {
    return (await get()) === false;
  }
});

function probe(id: string): FlowNode {
  return { id, type: "test-probe", z: "tab", wires: [] };
}
