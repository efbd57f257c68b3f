/** Events that wait in a switch together stay strangers: each is settled by what became of itself. */
import assert from "node:assert/strict";
import { type ChannelModel, type ConfirmChannel, connect } from "amqplib";
import { broadcastExchange, order } from "../../src/regards/services";
import { brokerNode, tab } from "../nodes/flows";
import { sharedNodeRed } from "../support/shared-node-red";
import { type FreshVhost, freshVhost } from "../support/shared-rabbitmq";
import type { FlowNode } from "../support/test-node-red";
import { untilValue } from "../support/until";

const EVENTS = 60;
const EXCHANGE = broadcastExchange("regards", order.eventClass);
const QUEUE = "nodered.neighbours";
const STRANGERS = 300;
const DEAD = `${QUEUE}.dead`;

describe("events that are in the same switch at the same time", function () {
  this.timeout(60_000);
  let vhost: FreshVhost;
  let connection: ChannelModel;
  let channel: ConfirmChannel;

  beforeEach(async () => {
    vhost = await freshVhost();
    connection = await connect(vhost.url);
    channel = await connection.createConfirmChannel();
    await channel.assertExchange(EXCHANGE, "fanout", { durable: true });
  });

  afterEach(async () => {
    await connection.close();
    await vhost.drop();
  });

  /** An in-node and a switch behind it. */
  function untilSorted(rule: object, next: string): FlowNode[] {
    const intake = { queue: QUEUE, queueType: "classic", maxInFlight: EVENTS, attempts: 1 };
    const wires = [["sorts"], [], [], [], [], []];
    const sorts = { property: "topic", propertyType: "msg", rules: [rule], checkall: "true", outputs: 1 };
    return [
      tab,
      brokerNode(vhost),
      { id: "in", type: "regards-order-in", z: "tab", broker: "broker", ...intake, wires },
      { id: "sorts", type: "switch", z: "tab", ...sorts, wires: [[next]] },
    ];
  }

  it("wait their turn behind strangers", async () => {
    const nodeRed = await sharedNodeRed();
    // Slow enough for a queue of strangers to last until the event has come.
    const rule = { t: "jsonata_exp", v: '$sum([1..5000]) > 0 and topic = "GRANTED"', vt: "jsonata" };
    await nodeRed.deploy([
      ...untilSorted(rule, "holds"),
      { id: "holds", type: "test-probe", z: "tab", hold: true, wires: [] },
    ]);
    try {
      await nodeRed.untilStatus("in", ({ code }) => code === "connected");
      const waiting = nodeRed.evaluate((RED, strangers) => {
        const { getNode } = RED.nodes as unknown as { getNode(id: string): { receive(msg: object): void } };
        for (let each = 0; each < strangers; each += 1) getNode("sorts").receive({ topic: "stranger" });
      }, STRANGERS);
      const body = Buffer.from(JSON.stringify({ status: "GRANTED", orderId: 1 }));
      channel.publish(EXCHANGE, "", body, { headers: { "regards.tenant": "project1" } });
      await Promise.all([waiting, nodeRed.nextMessage("holds", { timeout: 20_000 })]);

      const queue = await vhost.broker.console.queue(QUEUE, vhost.vhost);
      assert.equal(queue?.unacked, 1, "settled before the switch had dealt with it");
    } finally {
      await nodeRed.deploy([]);
    }
  });

  it("fail alone: an error behind the switch concerns the event it happened to", async () => {
    const nodeRed = await sharedNodeRed();
    await nodeRed.deploy([
      ...untilSorted({ t: "eq", v: "GRANTED", vt: "str" }, "fails"),
      {
        id: "fails",
        type: "function",
        z: "tab",
        func: "if (msg.payload.orderId % 2 === 1) { throw new Error('odd'); } return msg;",
        outputs: 1,
        libs: [],
        wires: [["probe"]],
      },
      { id: "probe", type: "test-probe", z: "tab", wires: [] },
    ]);
    try {
      await nodeRed.untilStatus("in", ({ code }) => code === "connected");
      for (let id = 0; id < EVENTS; id += 1) {
        const body = Buffer.from(
          JSON.stringify({ status: "GRANTED", orderId: id, correlationId: `c-${id}` }),
        );
        channel.publish(EXCHANGE, "", body, { persistent: true, headers: { "regards.tenant": "project1" } });
      }
      await channel.waitForConfirms();
      await untilValue(
        () => vhost.broker.console.queue(QUEUE, vhost.vhost),
        (queue) => queue?.ready === 0 && queue.unacked === 0 && nodeRed.messages("probe").length > 0,
        { what: "the queue to be empty", timeout: 20_000 },
      );

      const dead: number[] = [];
      for (let letter = await channel.get(DEAD); letter; letter = await channel.get(DEAD)) {
        dead.push(JSON.parse(letter.content.toString()).orderId);
      }
      const odd = Array.from({ length: EVENTS / 2 }, (_, index) => 2 * index + 1);
      assert.deepEqual(
        dead.sort((one, other) => one - other),
        odd,
      );
    } finally {
      await nodeRed.deploy([]);
    }
  });
});
