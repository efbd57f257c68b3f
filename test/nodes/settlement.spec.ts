/** How an event ends: accepted, tried again, in the dead-letter queue with its reason, or back with the broker. */
import assert from "node:assert/strict";
import { type ChannelModel, type ConfirmChannel, connect, type GetMessage } from "amqplib";
import { broadcastExchange, order } from "../../src/regards/services";
import type { Message } from "../support/node-red-wire";
import { sharedNodeRed } from "../support/shared-node-red";
import { type FreshVhost, freshVhost } from "../support/shared-rabbitmq";
import type { FlowNode, TestNodeRed } from "../support/test-node-red";
import { untilValue } from "../support/until";
import { brokerNode, tab } from "./flows";

const EXCHANGE = broadcastExchange("regards", order.eventClass);
const QUEUE = "nodered.mine";
const DEAD = `${QUEUE}.dead`;

describe("settling an event", function () {
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
    await channel.assertExchange(EXCHANGE, "fanout", { durable: true });
  });

  afterEach(async () => {
    await nodeRed.deploy([]);
    await connection.close();
    await vhost.drop();
  });

  for (const queueType of ["quorum", "classic"] as const) {
    describe(`from a ${queueType} queue`, () => {
      it("tries an uncaught error again, marks each attempt, and then keeps the event with its reason", async () => {
        await deploy([inNode({ queueType, retryDelay: 0.2 }), thrower("first"), ...watchers]);

        await publish({ status: "GRANTED", orderId: 7 });

        const attempts = [
          await nodeRed.nextMessage("probe"),
          await nodeRed.nextMessage("probe"),
          await nodeRed.nextMessage("probe"),
        ];
        assert.deepEqual(attempts.map(attemptOf), [
          [1, false],
          [2, false],
          [3, false],
        ]);
        const letter = await deadLetter();
        assert.deepEqual(JSON.parse(letter.content.toString()), { status: "GRANTED", orderId: 7 });
        const headers = letter.properties.headers ?? {};
        assert.match(String(headers["regards-flow.reason"]), /^(?:Error: )?boom/);
        assert.match(String(headers["regards-flow.node"]), /function "breaks"/);
        assert.equal(headers["regards-flow.attempts"], 3);
        assert.equal(headers["regards.tenant"], "project1");
        assert.equal(headers["regards-flow.exchange"], EXCHANGE);
        assert.match(String(headers["regards-flow.given-up-at"]), /^\d{4}-\d\d-\d\dT.*Z$/);
        await settled();
      });

      it("does not count an error that a Catch node took", async () => {
        const catcher = {
          id: "catch",
          type: "catch",
          z: "tab",
          scope: null,
          uncaught: false,
          wires: [["after"]],
        };
        await deploy([
          inNode({ queueType, attempts: 1 }),
          thrower("first"),
          catcher,
          probe("after"),
          ...watchers,
        ]);

        await publish({ status: "GRANTED" });

        await nodeRed.nextMessage("after");
        await settled();
        assert.equal((await vhost.broker.console.queue(DEAD, vhost.vhost))?.ready, 0);
      });

      it("makes a dead-letter queue that somebody has deleted again, before it gives an event up", async () => {
        await deploy([inNode({ queueType, attempts: 1 }), thrower("first"), ...watchers]);
        await channel.deleteQueue(DEAD);

        await publish({ status: "GRANTED", orderId: 8 });

        await nodeRed.nextMessage("probe");
        await untilDead(1);
      });

      it("takes an event back that was sent back from the dead-letter queue", async () => {
        await deploy([inNode({ queueType, attempts: 1 }), thrower("first"), ...watchers]);
        await publish({ status: "GRANTED" });
        await nodeRed.nextMessage("probe");
        await untilDead(1);

        await deploy([inNode({ queueType, attempts: 1 }), probe("first"), ...watchers]);
        const letter = await channel.get(DEAD);
        assert.ok(letter);
        channel.reject(letter, false);

        const again = await nodeRed.nextMessage("first");
        assert.equal(again.topic, "GRANTED");
        await settled();
      });
    });
  }

  for (const queueType of ["quorum", "classic"]) {
    it(`counts attempts across a deploy and a wait, which no deploy shortens (${queueType})`, async () => {
      await deploy([inNode({ queueType, retryDelay: 3 }), thrower("first"), ...watchers]);
      await publish({ status: "GRANTED" });
      await nodeRed.nextMessage("probe");
      const failedAt = Date.now();
      await untilValue(
        () => vhost.broker.console.queue(`${QUEUE}.retry`, vhost.vhost),
        (queue) => queue?.ready === 1,
        { what: "the event to wait for its next attempt" },
      );

      await deploy([inNode({ queueType, retryDelay: 0, attempts: 2 }), thrower("first"), ...watchers]);

      const again = await nodeRed.nextMessage("probe");
      assert.deepEqual(attemptOf(again), [2, false]);
      assert.ok(Date.now() - failedAt >= 2_900, "it has waited");
      await untilDead(1);
    });
  }

  it("rejects an unrecognised event whose output is not wired, with a warning", async () => {
    await deploy([inNode({ wires: [["probe"], [], [], [], [], []] }), ...watchers]);

    await publish("no JSON");

    const letter = await deadLetter();
    assert.match(String(letter.properties.headers?.["regards-flow.reason"]), /REGARDS_BAD_JSON/);
    await nodeRed.untilLog(({ level, msg }) => level === "warn" && /last output is not wired/.test(msg));
  });

  it("accepts an event whose output is not wired", async () => {
    await deploy([inNode({ wires: [[], [], [], [], [], []] })]);

    await publish({ status: "GRANTED" });

    await settled();
  });

  it("says before the first rejection from an existing queue that its own dead-letter exchange decides", async () => {
    await channel.assertQueue("admins", { durable: true });
    await deploy([
      inNode({ queueMode: "existing", queue: "admins", attempts: 1 }),
      thrower("first"),
      ...watchers,
    ]);

    channel.sendToQueue("admins", Buffer.from('{"status":"GRANTED"}'));

    await nodeRed.untilLog(
      ({ level, msg }) => level === "warn" && /its own dead-letter exchange decides/i.test(msg),
    );
  });

  describe("by hand", () => {
    const decide = (settle: string | undefined) =>
      ({
        id: "verdict",
        type: "function",
        z: "tab",
        func: `msg.settle = ${JSON.stringify(settle)}; return msg;`,
        outputs: 1,
        libs: [],
        wires: [["in"]],
      }) as FlowNode;
    const byHand = (properties = {}) => inNode({ settle: "manual", queueType: "classic", ...properties });

    for (const verdict of ["accept", undefined]) {
      it(`${verdict ?? "any message wired back"} accepts, once`, async () => {
        await deploy([byHand(), probe("first"), decide(verdict)]);
        await publish({ status: "GRANTED" });
        const message = await nodeRed.nextMessage("first");
        assert.deepEqual(await counts(), { ready: 0, unacked: 1 });

        await nodeRed.inject("verdict", message);
        await settled();
        await nodeRed.inject("verdict", message);

        await nodeRed.untilLog(
          ({ level, msg }) => level === "debug" && /the verdict changes nothing/.test(msg),
        );
        await nodeRed.untilStatus("in", ({ code }) => code === "connected");
      });
    }

    it("reject sends it to the dead-letter queue", async () => {
      await deploy([byHand(), probe("first"), decide("reject")]);
      await publish({ status: "GRANTED" });

      await nodeRed.inject("verdict", await nodeRed.nextMessage("first"));

      const letter = await deadLetter();
      assert.match(String(letter.properties.headers?.["regards-flow.reason"]), /rejected by the flow/);
    });

    it("retry brings it again, until the attempts are used up", async () => {
      await deploy([byHand({ attempts: 2, retryDelay: 0.1 }), probe("first"), decide("retry")]);
      await publish({ status: "GRANTED" });

      await nodeRed.inject("verdict", await nodeRed.nextMessage("first"));
      const second = await nodeRed.nextMessage("first");
      assert.deepEqual(attemptOf(second), [2, false]);
      await nodeRed.inject("verdict", second);

      await untilDead(1);
    });

    it("one message joined from several events settles them all, and no other", async () => {
      const join = {
        ...{ id: "first", type: "join", z: "tab", mode: "custom", build: "array", count: "3" },
        ...{ property: "payload", propertyType: "msg", wires: [["alone", "in"]] },
      } as unknown as FlowNode;
      await deploy([byHand({ wires: [["first"], [], ["alone"], [], [], []] }), join, probe("alone")]);
      await publish({ status: "DONE", orderId: 9 });
      for (const orderId of [1, 2, 3]) await publish({ status: "GRANTED", orderId });

      await nodeRed.untilMessages("alone", 2);

      await untilValue(counts, ({ ready, unacked }) => ready === 0 && unacked === 1, {
        what: "all but one to be settled",
      });
    });

    it("a message made anew in the flow settles the event it was made from", async () => {
      const anew = { ...decide("accept"), id: "first", func: "return { settle: 'accept' };" };
      await deploy([byHand(), anew]);

      await publish({ status: "GRANTED" });

      await settled();
    });

    it("an error that nobody catches is a failed attempt", async () => {
      await deploy([byHand({ attempts: 2, retryDelay: 0.1 }), thrower("first"), probe("probe")]);

      await publish({ status: "GRANTED" });

      await nodeRed.untilMessages("probe", 2);
      await untilDead(1);
    });

    it("warns of a verdict it does not know, and takes one for a delivery that has come again meanwhile", async () => {
      await deploy([byHand(), probe("first"), decide("perhaps"), { ...decide("accept"), id: "accept" }]);
      await publish({ status: "GRANTED" });
      const message = await nodeRed.nextMessage("first");

      await nodeRed.inject("verdict", message);
      await nodeRed.untilLog(
        ({ level, msg }) => level === "warn" && /must be accept, retry or reject/.test(msg),
      );
      assert.deepEqual(await counts(), { ready: 0, unacked: 1 });

      await vhost.broker.console.closeConnections(
        "test",
        ({ name }) => name?.startsWith("Node-RED") ?? false,
      );
      await nodeRed.untilStatus("in", (status) => JSON.stringify(status).includes('"received":2'));
      await untilValue(counts, ({ unacked }) => unacked === 1, { what: "the event to be delivered again" });
      await nodeRed.inject("accept", message);
      await settled();
      assert.equal(nodeRed.messages("first").length, 1);
    });
  });

  it("when handed to the flow accepts at once, whatever the flow does", async () => {
    await deploy([inNode({ settle: "handed" }), { ...probe("first"), hold: true }]);

    await publish({ status: "GRANTED" });

    await nodeRed.nextMessage("first");
    await settled();
  });

  it("gives an event back before the broker's own deadline and takes it up again, names who holds it, and shows it", async () => {
    // 0.02 min = 1.2 s.
    await deploy([inNode({ deadline: 0.02 }), { ...probe("first"), hold: true, name: "gate keeper" }]);
    await publish({ status: "GRANTED" });
    await nodeRed.nextMessage("first");

    await nodeRed.untilStatus("in", ({ text = "" }) => /held \d+ min by test-probe "gate keeper"/.test(text));
    await nodeRed.untilLog(
      ({ level, msg }) => level === "warn" && /held for \d+ min by test-probe "gate keeper"/.test(msg),
    );
    await untilValue(
      () => vhost.broker.console.queue(QUEUE, vhost.vhost),
      (queue) => queue?.unacked === 1,
      { what: "the event to be in hand" },
    );
    await nodeRed.release("first", 1);

    await settled();
    assert.equal(nodeRed.messages("first").length, 1);
  });

  it("warns once of a function that sends after it had completed", async () => {
    const func = "setTimeout(() => node.send({ payload: 1 }), 300);";
    const late = { id: "first", type: "function", z: "tab", func, outputs: 1, libs: [], wires: [["probe"]] };
    await deploy([inNode(), late, ...watchers]);

    await publish({ status: "GRANTED" });
    await publish({ status: "GRANTED" });

    await nodeRed.untilMessages("probe", 2);
    const lines = nodeRed.logs.filter(({ level, id }) => level === "warn" && id === "first");
    assert.equal(lines.length, 1, JSON.stringify(lines));
    assert.match(lines[0]?.msg ?? "", /node\.done\(\)/);
  });

  it("gives an event back when the node that held it is redeployed alone", async () => {
    const flow = (name: string) => [
      tab,
      brokerNode(vhost),
      inNode(),
      { ...probe("first"), hold: true, name },
    ];
    await nodeRed.deploy(flow("before"));
    await connected();
    await publish({ status: "GRANTED" });
    await nodeRed.nextMessage("first");

    await nodeRed.deploy(flow("after"), { type: "nodes" });

    const again = await nodeRed.nextMessage("first");
    // This process knows that nobody else has had it.
    assert.deepEqual(attemptOf(again), [1, false]);
    await nodeRed.release("first", 1);
    await settled();
  });

  it("has its hooks in place only while a node needs them", async () => {
    assert.equal(await hasHooks(), false);
    await deploy([inNode({ settle: "handed" })]);
    assert.equal(await hasHooks(), false);
    await deploy([inNode()]);
    assert.equal(await hasHooks(), true);
    await deploy([inNode()]);
    assert.equal(await hasHooks(), true);
    await nodeRed.deploy([]);
    assert.equal(await hasHooks(), false);
  });

  it("deletes its own queues with the node when nothing waits in them, and says so when it cannot", async () => {
    await deploy([inNode({ queueType: "quorum" })]);
    await nodeRed.deploy([tab]);
    await untilValue(
      () => vhost.broker.console.queues(vhost.vhost),
      ({ length }) => length === 0,
      { what: "no queue" },
    );

    await deploy([inNode({ attempts: 1 }), thrower("first"), ...watchers]);
    await publish({ status: "GRANTED" });
    await untilDead(1);
    await nodeRed.deploy([tab]);

    await nodeRed.untilLog(({ level, msg }) => level === "info" && /\(1\): it was not deleted/.test(msg));
    assert.equal((await vhost.broker.console.queues(vhost.vhost)).length, 2);
  });

  it("keeps the queue of a node that is only disabled: its events wait for it", async () => {
    await deploy([inNode()]);

    await nodeRed.deploy([tab, brokerNode(vhost), { ...inNode(), d: true }]);
    await publish({ status: "GRANTED" });

    assert.deepEqual(await counts(), { ready: 1, unacked: 0 });
  });

  const watchers: readonly FlowNode[] = [probe("probe")];

  async function deploy(nodes: readonly FlowNode[]): Promise<void> {
    await nodeRed.deploy([tab, brokerNode(vhost), ...nodes]);
    await connected();
  }

  async function connected(): Promise<void> {
    await nodeRed.untilStatus("in", ({ text = "" }) => /connected|in progress|ago|now|given up/.test(text), {
      timeout: 20_000,
    });
  }

  async function publish(body: object | string): Promise<void> {
    const content = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
    channel.publish(EXCHANGE, "", content, { persistent: true, headers: { "regards.tenant": "project1" } });
    await channel.waitForConfirms();
  }

  async function counts() {
    const { ready, unacked } = (await vhost.broker.console.queue(QUEUE, vhost.vhost)) ?? {};
    return { ready, unacked };
  }

  async function settled(): Promise<void> {
    const isEmpty = ({ ready, unacked }: Awaited<ReturnType<typeof counts>>) => ready === 0 && unacked === 0;
    await untilValue(counts, isEmpty, { what: "the event to be settled" });
  }

  async function untilDead(count: number): Promise<void> {
    const dead = () => vhost.broker.console.queue(DEAD, vhost.vhost);
    await untilValue(dead, (queue) => queue?.ready === count, { what: `${count} in the dead-letter queue` });
  }

  async function deadLetter(): Promise<GetMessage> {
    await untilDead(1);
    const letter = await channel.get(DEAD, { noAck: true });
    assert.ok(letter);
    return letter;
  }

  function hasHooks(): Promise<boolean> {
    return nodeRed.evaluate((RED) => RED.hooks.has("preDeliver.regards-flow") as boolean);
  }
});

function attemptOf({ regards }: Message): [unknown, unknown] {
  const { attempt, redelivered } = regards as { attempt?: unknown; redelivered?: unknown };
  return [attempt, redelivered];
}

function inNode(properties: Readonly<Record<string, unknown>> = {}): FlowNode {
  return {
    id: "in",
    type: "regards-order-in",
    z: "tab",
    broker: "broker",
    queue: QUEUE,
    queueType: "classic",
    wires: [["first"], [], [], [], [], []],
    ...properties,
  };
}

/** A function that passes the message to the probe and then fails. */
function thrower(id: string): FlowNode {
  const func = "node.send(msg); throw new Error('boom');";
  return { id, name: "breaks", type: "function", z: "tab", func, outputs: 1, libs: [], wires: [["probe"]] };
}

function probe(id: string): FlowNode {
  return { id, type: "test-probe", z: "tab", wires: [] };
}
