/** What reaches a flow and what does not: filters, tenants, the three kinds of queue, and how much at once. */
import assert from "node:assert/strict";
import { type ChannelModel, type ConfirmChannel, connect } from "amqplib";
import { broadcastExchange, order, worker } from "../../src/regards/services";
import { sharedNodeRed } from "../support/shared-node-red";
import { type FreshVhost, freshVhost } from "../support/shared-rabbitmq";
import type { FlowNode, TestNodeRed } from "../support/test-node-red";
import { untilValue } from "../support/until";
import { brokerNode, ownQueue, tab } from "./flows";

const ORDERS = broadcastExchange("regards", order.eventClass);
const WORKERS = broadcastExchange("regards", worker.eventClass);

describe("an in-node", function () {
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
    await channel.assertExchange(ORDERS, "fanout", { durable: true });
    await channel.assertExchange(WORKERS, "fanout", { durable: true });
  });

  afterEach(async () => {
    await nodeRed.deploy([]);
    await connection.close();
    await vhost.drop();
  });

  it("works with nothing but its type, its broker and its wires: a quorum queue of its own, bound and dead-lettered", async () => {
    await deploy({}, { tenant: "project1" });

    await publish("c-1");

    assert.equal((await nodeRed.nextMessage("granted")).topic, "GRANTED");
    const queues = await vhost.broker.console.queues(vhost.vhost);
    const queue = await ownQueue(nodeRed, "nodered.project1.order", "in");
    assert.deepEqual(queues.map(({ name, type }) => [name, type]).sort(), [
      [queue, "quorum"],
      [`${queue}.dead`, "quorum"],
    ]);
  });

  it("accepts and counts another tenant's events without sending them on", async () => {
    await deploy({}, { tenant: "project1" });

    await publish("other", { "regards.tenant": "project2" });
    await publish("mine");

    const { regards } = await nodeRed.nextMessage("granted");
    assert.equal((regards as Regards).correlationId, "mine");
    assert.equal(nodeRed.messages("unrecognised").length, 0);
    await nodeRed.untilStatus("in", (status) => countersOf(status).filtered === 1);
  });

  it("never skips a dead letter, whoever's it is: accepting it would destroy it", async () => {
    await deploy({}, { tenant: "project1" });

    // As a letter comes back from the dead-letter queue; on REGARDS' exchange the header would be an invention.
    const queue = await ownQueue(nodeRed, "nodered.project1.order", "in");
    const died = [{ queue, reason: "rejected", count: 1 }];
    const headers = { "regards.tenant": "project2", "regards-flow.reason": "boom", "x-death": died };
    await publish("c-1", headers, `${queue}.dead`, "back");

    await nodeRed.nextMessage("granted");
  });

  it("sends every tenant's events on when the broker node names none", async () => {
    await deploy();

    await publish("one", { "regards.tenant": "project1" });
    await publish("two", { "regards.tenant": "project2" });

    const messages = await nodeRed.untilMessages("granted", 2);
    assert.deepEqual(
      messages.map(({ regards }) => (regards as Regards).tenant),
      ["project1", "project2"],
    );
  });

  it("cannot tell whose an event without a tenant is, and says so on its last output", async () => {
    await deploy({}, { tenant: "project1" });

    await publish("c-1", {});

    const message = await nodeRed.nextMessage("unrecognised");
    assert.equal((message.error as { code: string }).code, "REGARDS_NO_TENANT");
    assert.deepEqual((message.payload as { correlationId: string }).correlationId, "c-1");
  });

  for (const [correlationType, correlation, passes, fails] of [
    [
      "mine",
      "",
      "nodered-broker-20260314T150926Z-9f86d081884c",
      "nodered-other-20260314T150926Z-9f86d081884c",
    ],
    ["prefix", "mine-", "mine-1", "auto-correlation-id-1"],
    ["regex", "^m.*\\d$", "mine-1", "mine-x"],
  ] as const) {
    it(`sends on only what its correlation ${correlationType} lets through`, async () => {
      await deploy({ correlationType, correlation });

      await publish(fails);
      await publish(passes);

      const { regards } = await nodeRed.nextMessage("granted");
      assert.equal((regards as Regards).correlationId, passes);
      assert.equal(nodeRed.messages("granted").length, 1);
    });
  }

  it("still shows what it cannot read when a correlation is asked for", async () => {
    await deploy({ correlationType: "prefix", correlation: "mine-" });

    channel.publish(ORDERS, "", Buffer.from("no JSON"));

    await nodeRed.nextMessage("unrecognised");
  });

  it("for workers filters by request owner and content type", async () => {
    const node: FlowNode = {
      id: "in",
      type: "regards-worker-in",
      z: "tab",
      broker: "broker",
      owner: "me",
      contentType: "sentinel",
      wires: [["granted"], [], [], [], [], [], []],
    };
    await nodeRed.deploy([tab, brokerNode(vhost), node, probe("granted")]);
    await connected();

    for (const [requestId, owner, contentType] of [
      ["r-1", "somebody", "sentinel"],
      ["r-2", "me", "lta-request"],
      ["r-3", "me", null],
      ["r-4", "me", "sentinel"],
    ] as const) {
      const headers = { "regards.tenant": "project1", "regards.request.content_type": contentType };
      const body = { state: "GRANTED", requestId, requestOwner: owner, messages: [] };
      channel.publish(WORKERS, "", Buffer.from(JSON.stringify(body)), { headers });
    }

    const { regards } = await nodeRed.nextMessage("granted");
    assert.equal((regards as Regards).correlationId, "r-4");
    await nodeRed.untilStatus("in", (status) => countersOf(status).filtered === 3);
  });

  it("hands the flow no more than it may hold at once", async () => {
    await deploy({ maxInFlight: 3 }, {}, { hold: true });

    for (let index = 0; index < 10; index += 1) {
      await publish(`c-${index}`);
    }

    await nodeRed.untilMessages("granted", 3);
    await nodeRed.untilStatus("in", ({ text }) => text === "3 in progress");
    const name = await ownQueue(nodeRed, "nodered.all.order", "in");
    const queue = await vhost.broker.console.queue(name, vhost.vhost);
    assert.deepEqual([queue?.ready, queue?.unacked], [7, 3]);
    await nodeRed.release("granted", 1);
    await nodeRed.untilMessages("granted", 4);
  });

  it("reads a queue the administrator made and declares nothing", async () => {
    await channel.assertQueue("admins", { durable: true, arguments: { "x-max-priority": 255 } });
    await channel.bindQueue("admins", ORDERS, "");
    await vhost.broker.console.setPermissions(vhost.user, vhost.vhost, {
      configure: "",
      write: "",
      read: "^admins$",
    });
    await deploy({ queueMode: "existing", queue: "admins" });
    await vhost.broker.console.setPermissions(vhost.user, vhost.vhost);

    await publish("c-1");

    await nodeRed.nextMessage("granted");
    assert.deepEqual(
      (await vhost.broker.console.queues(vhost.vhost)).map(({ name }) => name),
      ["admins"],
    );
  });

  it("looks around with a temporary queue that leaves nothing behind", async () => {
    await deploy({ queueMode: "temporary" });
    await publish("c-1");
    const { regards } = await nodeRed.nextMessage("granted");
    assert.match(String((regards as Regards).queue), /^nodered\.all\.order\.[0-9a-f]{8}\.in\./);

    await nodeRed.deploy([tab]);

    await untilValue(
      () => vhost.broker.console.queues(vhost.vhost),
      ({ length }) => length === 0,
      { what: "no queue" },
    );
  });

  it("needs no more than the permissions the README names for a queue of its own", async () => {
    await vhost.broker.console.setPermissions(vhost.user, vhost.vhost, {
      configure: "^nodered\\.",
      write: "^nodered\\.",
      read: "^(nodered|regards\\.broadcast)\\.",
    });
    await deploy({ attempts: 1 }, {}, {});

    assert.equal(nodeRed.status("in").text, "connected");
  });

  it("rebuilds the address to download from on the REGARDS address", async () => {
    await deploy({}, { address: "https://regards.example/sub/" }, { event: true });

    const body = {
      status: "SUBORDER_DONE",
      orderId: 12,
      downloadLink: "null/api/v1/rs-order/user/orders/12/download",
    };
    channel.publish(ORDERS, "", Buffer.from(JSON.stringify(body)), { headers: { "regards.tenant": "p" } });

    const { regards } = await nodeRed.nextMessage("granted");
    assert.equal(
      (regards as Regards).downloadUrl,
      "https://regards.example/sub/api/v1/rs-order/user/orders/12/download",
    );
  });

  it("warns once when a link cannot be used and no address is set", async () => {
    await deploy({}, {}, { event: true });
    const body = { status: "SUBORDER_DONE", orderId: 12, downloadLink: "null/api/v1/x" };

    for (let index = 0; index < 3; index += 1) {
      channel.publish(ORDERS, "", Buffer.from(JSON.stringify(body)));
    }

    await nodeRed.untilMessages("granted", 3);
    assert.equal(nodeRed.logs.filter(({ level, id }) => level === "warn" && id === "in").length, 1);
  });

  it("sends messages that two branches can change without seeing each other", async () => {
    const func = "msg.payload.orderId = 0; msg.regards.headers = {}; return null;";
    const meddler = { id: "meddler", type: "function", z: "tab", func, outputs: 1, libs: [], wires: [[]] };
    await deploy({ wires: [["meddler", "granted"], [], [], [], [], []] }, {}, {}, [meddler]);

    await publish("c-1");

    const message = await nodeRed.nextMessage("granted");
    assert.equal((message.payload as { orderId: number }).orderId, 1);
    assert.equal((message.regards as Regards).headers["regards.tenant"], "project1");
  });

  for (const property of ["headers", "url", "req", "res"]) {
    it(`never sets msg.${property}, which other nodes act on`, async () => {
      await deploy();
      await publish("c-1");
      assert.equal(property in (await nodeRed.nextMessage("granted")), false);
    });
  }

  async function deploy(
    properties: Readonly<Record<string, unknown>> = {},
    broker: Readonly<Record<string, unknown>> = {},
    { hold = false, event = false }: { readonly hold?: boolean; readonly event?: boolean } = {},
    more: readonly FlowNode[] = [],
  ): Promise<void> {
    const wires = [["granted"], event ? ["granted"] : [], [], [], [], ["unrecognised"]];
    const node = { id: "in", type: "regards-order-in", z: "tab", broker: "broker", wires, ...properties };
    const probes = [{ ...probe("granted"), hold }, probe("unrecognised")];
    await nodeRed.deploy([tab, brokerNode(vhost, broker), node, ...probes, ...more]);
    await connected();
  }

  async function connected(): Promise<void> {
    await nodeRed.untilStatus("in", ({ code }) => code === "connected");
  }

  async function publish(
    correlationId: string,
    headers: object = { "regards.tenant": "project1" },
    exchange = ORDERS,
    routingKey = "",
  ): Promise<void> {
    const body = { status: "GRANTED", orderId: 1, correlationId };
    channel.publish(exchange, routingKey, Buffer.from(JSON.stringify(body)), { headers, correlationId });
    await channel.waitForConfirms();
  }
});

interface Regards {
  readonly correlationId: unknown;
  readonly tenant: unknown;
  readonly queue: unknown;
  readonly downloadUrl: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

function countersOf(status: object): Readonly<Record<string, number>> {
  return (status as { counters?: Readonly<Record<string, number>> }).counters ?? {};
}

function probe(id: string): FlowNode {
  return { id, type: "test-probe", z: "tab", wires: [] };
}
