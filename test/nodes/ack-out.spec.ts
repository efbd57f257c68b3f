/** Acknowledgements as the broker and a strict rs-ingest see them, and what a flow is told of each. */
import assert from "node:assert/strict";
import { type ChannelModel, type ConfirmChannel, connect, type GetMessage } from "amqplib";
import { sharedNodeRed } from "../support/shared-node-red";
import { type FreshVhost, freshVhost } from "../support/shared-rabbitmq";
import type { FlowNode, TestNodeRed } from "../support/test-node-red";
import { untilValue } from "../support/until";
import { brokerNode, tab } from "./flows";

/** Written out, not imported: what REGARDS expects must not follow a mistake of ours. */
const INGEST_TYPE = "fr.cnes.regards.modules.ingest.dto.request.event.DisseminationAckEvent";
const FEM_TYPE = "fr.cnes.regards.modules.feature.dto.event.in.DisseminationAckEvent";
const INGEST = `regards.broadcast.${INGEST_TYPE}`;
const FEM = `regards.broadcast.${FEM_TYPE}`;

const AIP = "URN:AIP:DATA:project1:098f6bcd-4621-3373-8ade-4e832627b4f6:V1";
const OTHER_AIP = "URN:AIP:DATA:project1:198f6bcd-4621-3373-8ade-4e832627b4f6:V2";
const FEATURE = "URN:FEATURE:DATA:project1:098f6bcd-4621-3373-8ade-4e832627b4f6:V1";

describe("regards-ack-out", function () {
  this.timeout(60_000);
  let vhost: FreshVhost;
  let nodeRed: TestNodeRed;
  let connection: ChannelModel;
  let channel: ConfirmChannel;

  beforeEach(async () => {
    vhost = await freshVhost();
    nodeRed = await sharedNodeRed();
    connection = await connect(vhost.url);
    channel = await connection.createConfirmChannel();
    for (const [exchange, queue] of [
      [INGEST, "ingest"],
      [FEM, "fem"],
    ] as const) {
      await channel.assertExchange(exchange, "fanout", { durable: true });
      await channel.assertQueue(queue);
      await channel.bindQueue(queue, exchange, "");
    }
  });

  afterEach(async () => {
    await nodeRed.deploy([]);
    await connection.close();
    await vhost.drop();
  });

  it("publishes to rs-ingest exactly what rs-ingest needs, and says so after the confirm", async () => {
    await deploy();

    await nodeRed.inject("ack", { payload: AIP, topic: "kept" });

    const published = await nodeRed.nextMessage("published");
    const { content, properties, fields } = await arrived("ingest");
    assert.deepEqual(JSON.parse(content.toString()), { urn: AIP, recipientLabel: "external-system-1" });
    assert.equal(fields.exchange, INGEST);
    assert.equal(fields.routingKey, "");
    assert.deepEqual(properties.headers, {
      "regards.tenant": "project1",
      "regards.type": INGEST_TYPE,
      "regards.converter": "GSON",
    });
    const { messageId, headers: _, ...others } = properties;
    assert.deepEqual(set(others), {
      contentType: "application/json",
      contentEncoding: "UTF-8",
      deliveryMode: 2,
      priority: 1,
      appId: "node-red",
    });
    assert.equal(published.topic, "kept");
    assert.deepEqual(published.regards, {
      service: "ingest",
      exchange: INGEST,
      messageId,
      urns: [AIP],
      recipientLabel: "external-system-1",
      tenant: "project1",
    });
  });

  it("publishes to rs-fem what is a feature", async () => {
    await deploy();

    await nodeRed.inject("ack", { payload: { urn: FEATURE } });

    const { content, properties } = await arrived("fem");
    assert.equal(JSON.parse(content.toString()).urn, FEATURE);
    assert.equal(properties.headers?.["regards.type"], FEM_TYPE);
  });

  for (const [title, payload, urns] of [
    ["an object", { urn: AIP }, [AIP]],
    ["a notification of rs-ingest", { payload: { aipId: AIP, originUrn: OTHER_AIP }, metadata: {} }, [AIP]],
    ["a notification of rs-fem", { payload: { urn: FEATURE, id: "x" }, metadata: {} }, [FEATURE]],
    ["an array of all of these, each product once", [AIP, { urn: OTHER_AIP }, AIP], [AIP, OTHER_AIP]],
  ] as const) {
    it(`finds the URN in ${title}`, async () => {
      await deploy();

      await nodeRed.inject("ack", { payload });

      const { regards } = await nodeRed.nextMessage("published");
      assert.deepEqual((regards as { urns: unknown }).urns, urns);
    });
  }

  it("takes the URN and the label from where the node is told to", async () => {
    await deploy({
      urn: "product.id",
      urnType: "msg",
      recipientLabel: "who",
      recipientLabelType: "msg",
    });

    await nodeRed.inject("ack", { product: { id: AIP }, who: "somebody" });

    const { content } = await arrived("ingest");
    assert.equal(JSON.parse(content.toString()).recipientLabel, "somebody");
  });

  for (const [title, message, properties, code] of [
    ["no URN", {}, {}, "REGARDS_NO_URN"],
    ["a number", { payload: 42 }, {}, "REGARDS_NO_URN"],
    ["an empty array", { payload: [] }, {}, "REGARDS_NO_URN"],
    ["a string that is no URN", { payload: "hello" }, {}, "REGARDS_BAD_URN"],
    ["a URN without a UUID", { payload: "URN:AIP:DATA:project1:x:V1" }, {}, "REGARDS_BAD_URN"],
    ["a URN of neither service", { payload: AIP.replace("AIP", "SIP") }, {}, "REGARDS_BAD_URN"],
    ["a feature sent to rs-ingest", { payload: FEATURE }, { target: "ingest" }, "REGARDS_BAD_URN"],
    ["a URN of another tenant", { payload: AIP.replace("project1", "project2") }, {}, "REGARDS_URN_TENANT"],
    ["an empty label", { payload: AIP }, { recipientLabel: "  " }, "REGARDS_NO_LABEL"],
    ["one bad URN among good ones", { payload: [AIP, "bad"] }, {}, "REGARDS_BAD_URN"],
  ] as const) {
    it(`refuses ${title} with ${code}, and publishes nothing`, async () => {
      await deploy(properties);

      await nodeRed.inject("ack", message);

      const refused = await nodeRed.nextMessage("refused");
      const { code: found, message: words } = refused.error as { code: string; message: string };
      assert.equal(found, code);
      assert.ok(words.length > 10);
      assert.equal(await channel.get("ingest"), false);
      assert.equal(await channel.get("fem"), false);
    });
  }

  it("refuses what nobody would receive", async () => {
    await channel.unbindQueue("ingest", INGEST, "");
    await deploy();

    await nodeRed.inject("ack", { payload: AIP });

    const refused = await nodeRed.nextMessage("refused");
    assert.equal((refused.error as { code: string }).code, "REGARDS_UNROUTABLE");
  });

  it("refuses what the broker does not take", async () => {
    await channel.assertQueue("full", { maxLength: 0, arguments: { "x-overflow": "reject-publish" } });
    await channel.bindQueue("full", INGEST, "");
    await deploy();

    await nodeRed.inject("ack", { payload: AIP });

    const refused = await nodeRed.nextMessage("refused");
    assert.equal((refused.error as { code: string }).code, "REGARDS_NACKED");
  });

  it("gives a refusal to Catch when its second output is not wired", async () => {
    const catcher = {
      id: "catch",
      type: "catch",
      z: "tab",
      scope: null,
      uncaught: false,
      wires: [["refused"]],
    };
    await deploy({ wires: [["published"], []] }, [catcher]);

    await nodeRed.inject("ack", { payload: "hello" });

    const caught = await nodeRed.nextMessage("refused");
    assert.equal((caught.error as { code: string }).code, "REGARDS_BAD_URN");
  });

  it("completes only after the verdict", async () => {
    await channel.deleteExchange(INGEST);
    const complete = {
      id: "complete",
      type: "complete",
      z: "tab",
      scope: ["ack"],
      uncaught: false,
      wires: [["done"]],
    };
    await deploy({}, [complete, probe("done")]);

    await nodeRed.inject("ack", { payload: AIP });
    await nodeRed.untilStatus("ack", ({ text = "" }) =>
      /waiting for exchange DisseminationAckEvent/.test(text),
    );
    assert.equal(nodeRed.messages("done").length, 0);
    await restoreIngest();

    await nodeRed.nextMessage("done", { timeout: 20_000 });
    await arrived("ingest");
  });

  it("does not let a missing exchange hold up the other one", async () => {
    await channel.deleteExchange(INGEST);
    await deploy();

    await nodeRed.inject("ack", { payload: AIP });
    await nodeRed.inject("ack", { payload: FEATURE });

    const first = await nodeRed.nextMessage("published");
    assert.equal((first.regards as { service: string }).service, "fem");
    await restoreIngest();
    const second = await nodeRed.nextMessage("published", { timeout: 20_000 });
    assert.equal((second.regards as { service: string }).service, "ingest");
  });

  it("keeps what it cannot publish in a bounded outbox, refuses what does not fit, and publishes the rest later", async () => {
    await channel.deleteExchange(INGEST);
    await deploy({ outboxLimit: 3 });

    for (let index = 0; index < 5; index += 1) {
      await nodeRed.inject("ack", { payload: AIP, index });
    }

    const refused = await nodeRed.untilMessages("refused", 2);
    assert.deepEqual(
      refused.map(({ error }) => (error as { code: string }).code),
      ["REGARDS_OUTBOX_FULL", "REGARDS_OUTBOX_FULL"],
    );
    await restoreIngest();
    const published = await nodeRed.untilMessages("published", 3, { timeout: 20_000 });
    assert.deepEqual(
      published.map(({ index }) => index),
      [0, 1, 2],
    );
  });

  it("publishes what came while the connection was lost, each once for rs-ingest to count", async () => {
    await deploy();
    await nodeRed.inject("ack", { payload: AIP });
    await nodeRed.nextMessage("published");

    await vhost.broker.console.closeConnections("test", isOurs);
    for (let index = 0; index < 20; index += 1) {
      await nodeRed.inject("ack", { payload: AIP, index });
    }

    await nodeRed.untilMessages("published", 21, { timeout: 20_000 });
    const ids = new Set<unknown>();
    for (let letter = await channel.get("ingest"); letter; letter = await channel.get("ingest")) {
      ids.add(letter.properties.messageId);
    }
    assert.equal(ids.size, 21);
  });

  it("reports what was not confirmed when it is closed", async () => {
    await channel.deleteExchange(INGEST);
    const catcher = {
      id: "catch",
      type: "catch",
      z: "tab",
      scope: null,
      uncaught: false,
      wires: [["refused"]],
    };
    await deploy({ wires: [["published"], []] }, [catcher]);
    await nodeRed.inject("ack", { payload: AIP });

    await nodeRed.deploy([tab]);

    await nodeRed.untilLog(
      ({ level, msg }) =>
        level === "warn" && /not confirmed before the node went: 1 \(URN:AIP:DATA:project1:098f/.test(msg),
    );
  });

  it("acknowledges an event settled by hand without losing its delivery", async () => {
    await deploy();

    await nodeRed.inject("ack", { payload: AIP, regards: { deliveryId: "d-1" } });

    const { regards } = await nodeRed.nextMessage("published");
    assert.equal((regards as { deliveryId: string }).deliveryId, "d-1");
  });

  async function deploy(properties: Readonly<Record<string, unknown>> = {}, more: readonly FlowNode[] = []) {
    const ack: FlowNode = {
      id: "ack",
      type: "regards-ack-out",
      z: "tab",
      broker: "broker",
      recipientLabel: "external-system-1",
      wires: [["published"], ["refused"]],
      ...properties,
    };
    const broker = brokerNode(vhost, { tenant: "project1" });
    await nodeRed.deploy([tab, broker, ack, probe("published"), probe("refused"), ...more]);
    await nodeRed.untilStatus("ack", ({ code }) => code === "connected");
  }

  /** Node-RED stands still meanwhile: an exchange without its queue would make acknowledgements unroutable. */
  async function restoreIngest(): Promise<void> {
    nodeRed.freeze();
    try {
      await channel.assertExchange(INGEST, "fanout", { durable: true });
      await channel.bindQueue("ingest", INGEST, "");
    } finally {
      nodeRed.thaw();
    }
  }

  async function arrived(queue: string): Promise<GetMessage> {
    const get = () => channel.get(queue, { noAck: true });
    return (await untilValue(get, (message) => message !== false, {
      what: `a message in ${queue}`,
    })) as GetMessage;
  }
});

function isOurs({ name }: { readonly name?: string | null }): boolean {
  return name?.startsWith("Node-RED") ?? false;
}

function set(properties: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
}

function probe(id: string): FlowNode {
  return { id, type: "test-probe", z: "tab", wires: [] };
}
