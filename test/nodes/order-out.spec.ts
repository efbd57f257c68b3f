/** Orders and cancellings as the broker and a strict rs-order see them, and what a flow is told of each. */
import assert from "node:assert/strict";
import { type ChannelModel, connect, type GetMessage } from "amqplib";
import { type Stage, setStage } from "../simulator/stage";
import { exchangeOf } from "../simulator/wire";
import { sharedNodeRed } from "../support/shared-node-red";
import type { TestNodeRed } from "../support/test-node-red";
import { untilValue } from "../support/until";
import { brokerNode, tab } from "./flows";

describe("regards-order-out", function () {
  this.timeout(60_000);
  let stage: Stage;
  let nodeRed: TestNodeRed;
  let connection: ChannelModel;

  beforeEach(async () => {
    stage = await setStage();
    nodeRed = await sharedNodeRed();
    connection = await connect(stage.vhost.url);
    const channel = await connection.createChannel();
    for (const event of ["orderRequest", "orderCancel"] as const) {
      await channel.assertQueue(event);
      await channel.bindQueue(event, exchangeOf("regards", event), "");
    }
  });

  afterEach(async () => {
    await nodeRed.deploy([]);
    await connection.close();
    await stage.strike();
  });

  it("orders products: exactly what rs-order needs, confirmed, and answered to the end", async () => {
    await deploy({ user: "who", userType: "msg", dataTypes: "RAWDATA", sizeLimit: "1000000" });

    await nodeRed.inject("order", { payload: ["P1", "P2"], who: stage.regards.user.login });

    const published = await nodeRed.nextMessage("published");
    const { correlationId, messageId, ...regards } = published.regards as Record<string, unknown>;
    assert.match(String(correlationId), /^nodered-broker-/);
    const user = stage.regards.user.login;
    assert.deepEqual(regards, {
      ...{ service: "order", exchange: exchangeOf("regards", "orderRequest"), tenant: "project1" },
      ...{ action: "order", user },
    });
    const { content, properties } = await seen("orderRequest");
    assert.deepEqual(JSON.parse(content.toString()), {
      correlationId,
      user,
      queries: ['providerId:("P1" OR "P2") AND last:true'],
      filters: { dataTypes: ["RAWDATA"] },
      sizeLimitInBytes: 1_000_000,
    });
    assert.deepEqual(
      Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined)),
      {
        ...{ contentType: "application/json", contentEncoding: "UTF-8", deliveryMode: 2, priority: 1 },
        ...{ appId: "node-red", correlationId, messageId, headers: { "regards.tenant": "project1" } },
      },
    );
    await stage.wire.untilAbout({ correlationId: String(correlationId), status: "DONE" });
    assert.deepEqual(stage.regards.droppedRequests, []);
  });

  it("cancels the order of an event of REGARDS, on the other exchange", async () => {
    await deploy({ action: "cancel" });

    await nodeRed.inject("order", { payload: { orderId: 1234, status: "FAILED" } });

    const { regards } = await nodeRed.nextMessage("published");
    const { exchange, orderId, correlationId } = regards as Record<string, unknown>;
    assert.deepEqual([exchange, orderId], [exchangeOf("regards", "orderCancel"), 1234]);
    const { content } = await seen("orderCancel");
    assert.deepEqual(JSON.parse(content.toString()), { orderId: 1234, correlationId });
  });

  it("refuses a blank query, which would order the whole catalogue, and publishes nothing", async () => {
    await deploy({ ask: "queries", user: "me" });

    await nodeRed.inject("order", { payload: ["a", ""] });

    const { error } = await nodeRed.nextMessage("refused");
    assert.equal((error as { code: string }).code, "REGARDS_BAD_FIELD");
    assert.equal(await get("orderRequest"), false);
  });

  async function deploy(properties: Readonly<Record<string, unknown>>): Promise<void> {
    const probe = (id: string) => ({ id, type: "test-probe", z: "tab", wires: [] });
    const order = { id: "order", type: "regards-order-out", z: "tab", broker: "broker" };
    await nodeRed.deploy([
      tab,
      brokerNode(stage.vhost, { tenant: "project1" }),
      { ...order, wires: [["published"], ["refused"]], ...properties },
      probe("published"),
      probe("refused"),
    ]);
    await nodeRed.untilStatus("order", ({ code }) => code === "connected");
  }

  async function get(queue: string): Promise<GetMessage | false> {
    const channel = await connection.createChannel();
    const message = await channel.get(queue, { noAck: true });
    await channel.close();
    return message;
  }

  async function seen(queue: string): Promise<GetMessage> {
    const message = await untilValue(
      () => get(queue),
      (found) => found !== false,
      { what: `one in ${queue}` },
    );
    assert.ok(message !== false);
    return message;
  }
});
