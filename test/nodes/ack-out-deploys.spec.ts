/** What deploys do to acknowledgements that wait: nothing is lost, nothing is unsaid. */
import assert from "node:assert/strict";
import { type ChannelModel, type ConfirmChannel, connect } from "amqplib";
import { broadcastExchange, order } from "../../src/regards/services";
import { startNodeRed } from "../support/node-red";
import { startRabbitMq } from "../support/rabbitmq";
import { sharedNodeRed } from "../support/shared-node-red";
import { type FreshVhost, freshVhost } from "../support/shared-rabbitmq";
import type { FlowNode, TestNodeRed } from "../support/test-node-red";
import { until } from "../support/until";
import { brokerNode, tab } from "./flows";

const INGEST = "regards.broadcast.fr.cnes.regards.modules.ingest.dto.request.event.DisseminationAckEvent";
const ORDERS = broadcastExchange("regards", order.eventClass);
const variable = (name: string): string => ["$", `{${name}}`].join("");

/** The URN of one of many products. */
const product = (index: number): string =>
  `URN:AIP:DATA:project1:098f6bcd-4621-3373-8ade-${String(index).padStart(12, "0")}:V1`;

describe("regards-ack-out and deploys", function () {
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
    await channel.assertQueue("ingest");
    await makeExchange();
  });

  afterEach(async () => {
    await nodeRed.deploy([]);
    await connection.close();
    await vhost.drop();
  });

  it("answers on the outputs of now, after a deploy that only rewires", async () => {
    await nodeRed.deploy(flow());
    await connected("ack");

    await nodeRed.deploy([...flow({ ack: { wires: [["other"], []] } }), probe("other")], { type: "nodes" });
    await nodeRed.inject("ack", { payload: product(1) });
    await nodeRed.inject("ack", { payload: "hello" });

    await nodeRed.nextMessage("other");
    const caught = await nodeRed.nextMessage("caught");
    assert.equal((caught.error as { code: string }).code, "REGARDS_BAD_URN");
    assert.deepEqual([nodeRed.messages("published"), nodeRed.messages("refused")], [[], []]);
  });

  it("gives a refusal to Catch when its second output leads to a disabled node only", async () => {
    await nodeRed.deploy(flow({ refused: { d: true } }));

    await nodeRed.inject("ack", { payload: "hello" });

    const caught = await nodeRed.nextMessage("caught");
    assert.equal((caught.error as { code: string }).code, "REGARDS_BAD_URN");
  });

  for (const type of ["full", "nodes"] as const) {
    it(`publishes what waited for a wrong password once it is mended by a deploy of type "${type}", each once`, async () => {
      await nodeRed.deploy(flow({ broker: { credentials: { user: vhost.user, password: "wrong" } } }));
      await nodeRed.untilStatus("ack", ({ code }) => code === "login");
      for (let index = 0; index < 100; index += 1) {
        await nodeRed.inject("ack", { payload: product(index), index });
      }

      await nodeRed.deploy(flow(), { type });

      const published = await nodeRed.untilMessages("published", 100, { timeout: 20_000 });
      assert.deepEqual(
        published.map(({ index }) => index),
        Array.from({ length: 100 }, (_, index) => index),
      );
      assert.deepEqual(
        (await urns(100)).sort(),
        Array.from({ length: 100 }, (_, index) => product(index)).sort(),
      );
      assert.deepEqual([nodeRed.messages("refused").length, nodeRed.messages("caught").length], [0, 0]);
      // They complete too, at the new node.
      await nodeRed.untilMessages("completed", 100);
    });
  }

  it("passes on the way a message came by: a refusal after the deploy reaches the new output", async () => {
    await channel.deleteExchange(INGEST);
    await nodeRed.deploy(flow());
    await nodeRed.inject("ack", { payload: product(1), topic: "kept" });
    await nodeRed.untilStatus("ack", ({ code }) => code === "exchange-missing");

    await nodeRed.deploy(flow());
    // Nobody would receive it: the broker returns it.
    await channel.assertExchange(INGEST, "fanout", { durable: true });

    const refused = await nodeRed.nextMessage("refused", { timeout: 20_000 });
    assert.equal((refused.error as { code: string }).code, "REGARDS_UNROUTABLE");
    assert.equal(refused.topic, "kept");
  });

  for (const [title, type, wires] of [
    ["all nodes", "full", [["published"], ["refused"]]],
    ["it alone", "nodes", [["published"], ["refused"]]],
    ["all nodes, with nothing behind it", "full", [[], []]],
    ["it alone, with nothing behind it", "nodes", [[], []]],
  ] as const)
    it(`publishes what the event of a flow waits for through its successor, after a deploy of ${title}, and the event does not come again`, async () => {
      await channel.assertExchange(ORDERS, "fanout", { durable: true });
      await channel.deleteExchange(INGEST);
      const whole = flowFromEvents().map((node) => (node.id === "ack" ? { ...node, wires } : node));
      await nodeRed.deploy(whole);
      await connected("in");
      for (const orderId of [1, 2, 3]) {
        channel.publish(ORDERS, "", Buffer.from(JSON.stringify({ status: "GRANTED", orderId })), {
          contentType: "application/json",
          headers: { "regards.tenant": "project1" },
        });
      }
      await nodeRed.untilMessages("seen", 3);
      await nodeRed.untilStatus("ack", ({ code }) => code === "exchange-missing");

      await nodeRed.deploy(
        whole.map((node) => (node.id === "ack" ? { ...node, name: "new" } : node)),
        { type },
      );
      await makeExchange();

      assert.deepEqual((await urns(3)).sort(), [1, 2, 3].map(product));
      await nodeRed.untilStatus("in", ({ counters }) => {
        const { received, inFlight } = counters as { received: number; inFlight: number };
        return received === 3 && inFlight === 0;
      });
      assert.deepEqual(
        nodeRed.messages("seen").map(({ payload }) => (payload as { orderId: number }).orderId),
        [1, 2, 3],
      );
      assert.equal(await channel.get("ingest"), false);
    });

  for (const [title, properties] of [
    ["deleted", undefined],
    ["disabled", { d: true }],
  ] as const) {
    it(`names what was not confirmed when the node is ${title}`, async () => {
      await channel.deleteExchange(INGEST);
      await nodeRed.deploy(flow());
      await nodeRed.inject("ack", { payload: Array.from({ length: 12 }, (_, index) => product(index)) });
      await nodeRed.untilStatus("ack", ({ code }) => code === "exchange-missing");

      const without = flow().filter(({ id }) => id !== "ack");
      await nodeRed.deploy(properties === undefined ? without : flow({ ack: properties }));

      const { msg } = await nodeRed.untilLog(
        ({ id, msg: words }) => id === "ack" && /not confirmed/.test(words),
      );
      assert.match(msg, /: 12 \(/);
      assert.ok(msg.includes(product(9)) && !msg.includes(product(10)), msg);
    });
  }

  it("publishes a message of more URNs than the outbox holds, in order, with one verdict", async () => {
    await nodeRed.deploy(flow({ ack: { outboxLimit: 10 } }));
    await connected("ack");
    const all = Array.from({ length: 150 }, (_, index) => product(index));

    await nodeRed.inject("ack", { payload: all });

    const { regards } = await nodeRed.nextMessage("published");
    assert.deepEqual((regards as { urns: unknown }).urns, all);
    assert.deepEqual(await urns(150), all);
    assert.equal(nodeRed.messages("published").length, 1);
  });

  it("does not publish again, at a second try of a message, what the broker has of it", async () => {
    const feature = product(1).replace("AIP", "FEATURE");
    await channel.assertExchange(
      INGEST.replace("ingest.dto.request.event", "feature.dto.event.in"),
      "fanout",
      {
        durable: true,
      },
    );
    await nodeRed.deploy(flow());
    await connected("ack");

    await nodeRed.inject("ack", { _msgid: "m1", payload: [product(1), feature] });
    const refused = await nodeRed.nextMessage("refused");
    assert.deepEqual((refused.error as { urns: unknown }).urns, [feature]);
    await nodeRed.inject("ack", { _msgid: "m1", payload: [product(1), feature] });
    await nodeRed.untilMessages("refused", 2);

    assert.deepEqual(await urns(1), [product(1)]);
    assert.equal(await channel.get("ingest"), false);
  });

  for (const [title, users] of [
    [
      "a tab's environment",
      () => [{ ...tab, env: [{ name: "BROKER", value: "broker", type: "str" }] }, ackNode()],
    ],
    [
      "a property of its subflow",
      () => [
        tab,
        {
          id: "sub",
          type: "subflow",
          in: [{ wires: [{ id: "inner" }] }],
          out: [{ wires: [{ id: "inner", port: 0 }] }, { wires: [{ id: "inner", port: 1 }] }],
          env: [{ name: "BROKER", type: "conf-type", value: "" }],
        },
        { ...ackNode(), id: "inner", z: "sub", wires: [[], []] },
        {
          id: "ack",
          type: "subflow:sub",
          z: "tab",
          env: [{ name: "BROKER", value: "broker", type: "conf-type" }],
          wires: [["published"], ["refused"]],
        },
      ],
    ],
  ] as const) {
    it(`follows a broker node named by ${title} to its successor, and publishes what came meanwhile`, async () => {
      const deployed = (properties = {}): FlowNode[] => [
        ...(users() as FlowNode[]),
        brokerNode(vhost, { tenant: "project1", ...properties }),
        ...["published", "refused"].map(probe),
      ];
      await nodeRed.deploy(deployed({ credentials: { user: vhost.user, password: "wrong" } }));
      for (let index = 0; index < 20; index += 1) {
        await nodeRed.inject("ack", { payload: product(index), index });
      }
      const from = performance.now();

      await nodeRed.deploy(deployed(), { type: "nodes" });

      assert.ok(performance.now() - from < 5_000, "the broker did not wait for users that never come");
      const published = await nodeRed.untilMessages("published", 20, { timeout: 20_000 });
      assert.deepEqual(
        published.map(({ index }) => index),
        Array.from({ length: 20 }, (_, index) => index),
      );
      assert.equal((await urns(20)).length, 20);
      assert.equal(await channel.get("ingest"), false);
    });
  }

  it("says that it has no broker when the one its variable names is deleted, and goes on when it is back", async () => {
    const users = [{ ...tab, env: [{ name: "BROKER", value: "broker", type: "str" }] }, ackNode()];
    const probes = ["published", "refused", "caught"].map(probe);
    const broker = brokerNode(vhost, { tenant: "project1" });
    await nodeRed.deploy([...users, broker, ...probes, catcher]);
    await connected("ack");

    await nodeRed.deploy([...users, ...probes, catcher], { type: "nodes" });
    await nodeRed.untilStatus("ack", ({ code }) => code === "not-configured");
    await nodeRed.inject("ack", { payload: product(1) });
    const caught = await nodeRed.nextMessage("caught");
    assert.match((caught.error as { message: string }).message, /broker node is missing/);

    await nodeRed.deploy([...users, broker, ...probes, catcher], { type: "nodes" });
    await connected("ack");
    await nodeRed.inject("ack", { payload: product(2) });
    await nodeRed.nextMessage("published");
  });

  it("closes with everything else within Node-RED's limit while the broker is frozen, and says what it could not publish", async () => {
    const [broker, own] = await Promise.all([startRabbitMq(), startNodeRed()]);
    try {
      const direct = await connect(broker.url);
      const setUp = await direct.createChannel();
      await setUp.assertExchange(INGEST, "fanout", { durable: true });
      await setUp.assertQueue("ingest");
      await setUp.bindQueue("ingest", INGEST, "");
      await setUp.assertExchange(ORDERS, "fanout", { durable: true });
      // An event is in the flow's hands, and will stay there.
      const inNode: FlowNode = {
        ...{ id: "in", type: "regards-order-in", z: "tab", broker: "broker", queueType: "classic" },
        wires: [["held"], ["held"], ["held"], ["held"], ["held"], ["held"]],
      };
      await own.deploy([...flow({ broker: brokerNode(broker) }), inNode, { ...probe("held"), hold: true }]);
      await own.untilStatus("ack", ({ code }) => code === "connected");
      await own.untilStatus("in", ({ code }) => code === "connected");
      setUp.publish(ORDERS, "", Buffer.from(JSON.stringify({ status: "GRANTED", orderId: 1 })), {
        contentType: "application/json",
        headers: { "regards.tenant": "project1" },
      });
      await own.nextMessage("held");
      await direct.close();
      await own.inject("ack", { payload: product(0) });
      await own.nextMessage("published");
      broker.freeze();
      await own.inject("ack", { payload: product(1) });
      await own.untilStatus("ack", ({ code }) => code === "outbox");
      const from = performance.now();

      await own.deploy([tab], { timeout: 20_000 });

      const took = performance.now() - from;
      assert.ok(took < 13_000, `${took} ms`);
      const { msg } = await own.untilLog(({ id, level }) => id === "ack" && level === "warn");
      assert.ok(msg.includes(product(1)), msg);
      assert.deepEqual(own.errors(), []);
    } finally {
      broker.thaw();
      await own.stop();
      await broker.stop();
    }
  });

  it("names what was not confirmed when Node-RED itself ends", async () => {
    const own = await startNodeRed();
    try {
      await channel.deleteExchange(INGEST);
      await own.deploy(flow());
      await own.inject("ack", { payload: product(1) });
      await own.untilStatus("ack", ({ code }) => code === "exchange-missing");

      void own.evaluate(async (RED) => {
        await RED.stop();
        process.exit();
      });

      const { msg } = await own.untilLog(({ id, msg: words }) => id === "ack" && /not confirmed/.test(words));
      assert.ok(msg.includes(product(1)), msg);
    } finally {
      await own.stop();
    }
  });

  const catcher: FlowNode = {
    ...{ id: "catch", type: "catch", z: "tab", scope: null, uncaught: false },
    wires: [["caught"]],
  };

  function ackNode(): FlowNode {
    return {
      id: "ack",
      type: "regards-ack-out",
      z: "tab",
      broker: variable("BROKER"),
      recipientLabel: "external-system-1",
      wires: [["published"], ["refused"]],
    };
  }

  /** A broker node, an acknowledging node, and probes on everything that can come out. */
  function flow(changes: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {}): FlowNode[] {
    const complete: FlowNode = {
      ...{ id: "complete", type: "complete", z: "tab", scope: ["ack"], uncaught: false },
      wires: [["completed"]],
    };
    const nodes = [
      tab,
      brokerNode(vhost, { tenant: "project1" }),
      { ...ackNode(), broker: "broker" },
      catcher,
      complete,
      ...["published", "refused", "caught", "completed"].map(probe),
    ];
    return nodes.map((node) => ({ ...node, ...changes[node.id] }));
  }

  /** in → seen → a URN for each event → ack → published. */
  function flowFromEvents(): FlowNode[] {
    const func = `msg.payload = "${product(0).slice(0, -"0:V1".length)}" + msg.payload.orderId + ":V1"; return msg;`;
    return [
      ...flow(),
      {
        ...{ id: "in", type: "regards-order-in", z: "tab", broker: "broker", queueType: "classic" },
        wires: [["seen"], ["seen"], ["seen"], ["seen"], ["seen"], ["seen"]],
      },
      { ...probe("seen"), wires: [["urn"]] },
      { id: "urn", type: "function", z: "tab", func, outputs: 1, libs: [], wires: [["ack"]] },
    ];
  }

  function probe(id: string): FlowNode {
    return { id, type: "test-probe", z: "tab", wires: [] };
  }

  async function connected(id: string): Promise<void> {
    await nodeRed.untilStatus(id, ({ code }) => code === "connected");
  }

  async function makeExchange(): Promise<void> {
    await channel.assertExchange(INGEST, "fanout", { durable: true });
    await channel.bindQueue("ingest", INGEST, "");
  }

  /** The URNs that rs-ingest has got so far, at least so many. */
  async function urns(count: number): Promise<string[]> {
    const found: string[] = [];
    while (found.length < count) {
      const what = `acknowledgement ${found.length + 1} of ${count}`;
      const letter = await until(() => channel.get("ingest"), { what });
      channel.ack(letter);
      found.push(JSON.parse(letter.content.toString()).urn);
    }
    return found;
  }
});
