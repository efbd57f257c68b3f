/** Headers that RabbitMQ carries and the AMQP library cannot decode: they must not be redelivered for ever. */
import assert from "node:assert/strict";
import { broadcastExchange, order } from "../../src/regards/services";
import { brokerNode, tab } from "../nodes/flows";
import { sharedNodeRed } from "../support/shared-node-red";
import { type FreshVhost, freshVhost } from "../support/shared-rabbitmq";
import type { FlowNode, Message, TestNodeRed } from "../support/test-node-red";
import { untilValue } from "../support/until";
import { header, nestedArrays, nestedTables, RawPublisher } from "./raw-publisher";

const EXCHANGE = broadcastExchange("regards", order.eventClass);
const TENANT = header("regards.tenant", "S", Buffer.from("\0\0\0\x08project1", "latin1"));
/** An unsigned long. */
const UNKNOWN = header("big", "L", Buffer.alloc(8));
/** Twice what the library's stack bears. RabbitMQ 4.0 takes four times as long for twice as deep: 20 000 need 4 s. */
const DEEP = 10_000;
const EVENT = Buffer.from('{"status":"GRANTED","orderId":7}');

describe("an event with headers that cannot be decoded", function () {
  this.timeout(30_000);
  let vhost: FreshVhost;
  let nodeRed: TestNodeRed;
  let publisher: RawPublisher;

  beforeEach(async () => {
    vhost = await freshVhost();
    nodeRed = await sharedNodeRed();
  });

  afterEach(async () => {
    publisher.close();
    await nodeRed.deploy([]);
    await vhost.drop();
  });

  for (const [title, headers] of [
    ["a type amqplib does not know", Buffer.concat([TENANT, UNKNOWN])],
    ["arrays nested 10 000 deep", Buffer.concat([TENANT, nestedArrays(DEEP)])],
    ["tables nested 10 000 deep", Buffer.concat([nestedTables(DEEP), TENANT])],
  ] as const) {
    it(`leaves by the last output with its body, and its neighbours notice nothing: ${title}`, async () => {
      await deploy([["granted"], [], [], [], [], ["unrecognised"]]);
      if (headers.includes(UNKNOWN) && rewritesHeaders(vhost.broker.version)) {
        // No such header arrives: the event is one like any other.
        await publisher.publish(EXCHANGE, headers, EVENT);
        const { regards } = await nodeRed.nextMessage("granted");
        assert.equal((regards as { headers: { big: unknown } }).headers.big, 0);
        return;
      }
      const before = await connections();

      await publisher.publish(EXCHANGE, headers, EVENT);
      await publisher.publish(EXCHANGE, TENANT, EVENT);

      const message = await nodeRed.nextMessage("unrecognised");
      const { code } = message.error as { readonly code: string };
      assert.equal(code, "REGARDS_BAD_HEADERS");
      assert.deepEqual(message.payload, { status: "GRANTED", orderId: 7 });
      assert.equal(redelivered(message), false);
      assert.equal(redelivered(await nodeRed.nextMessage("granted")), false);
      await untilQueueHolds(0, "in");
      assert.deepEqual(await connections(), before);
    });
  }

  it("goes to the dead-letter queue when that output is not wired", async () => {
    await deploy([["granted"], [], [], [], [], []]);

    await publisher.publish(EXCHANGE, nestedArrays(DEEP), EVENT);

    await untilQueueHolds(1, "in.dead");
    await untilQueueHolds(0, "in");
  });

  async function deploy(wires: readonly (readonly string[])[]): Promise<void> {
    const flow: FlowNode[] = [
      tab,
      brokerNode(vhost, { tenant: "project1" }),
      // Before RabbitMQ 3.13 a classic queue leaves the headers it carries as they are.
      {
        id: "in",
        type: "regards-order-in",
        z: "tab",
        broker: "broker",
        queue: "in",
        queueType: "classic",
        wires,
      },
      { id: "granted", type: "test-probe", z: "tab", wires: [] },
      { id: "unrecognised", type: "test-probe", z: "tab", wires: [] },
    ];
    publisher = await RawPublisher.connect(vhost);
    await publisher.declareExchange(EXCHANGE);
    await nodeRed.deploy(flow);
    await nodeRed.untilStatus("in", ({ code }) => code === "connected");
  }

  async function connections(): Promise<string[]> {
    return (await vhost.broker.console.connections(vhost.vhost)).map(({ pid }) => pid).sort();
  }

  async function untilQueueHolds(count: number, name: string): Promise<void> {
    const read = async () => await vhost.broker.console.queue(name, vhost.vhost);
    await untilValue(read, (queue) => queue !== undefined && queue.ready + queue.unacked === count, {
      what: `${count} messages in ${name}`,
    });
  }
});

/** From 3.13 on every queue writes headers anew, before that only a quorum queue: an "L" becomes an "l". */
function rewritesHeaders(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 3 || minor >= 13;
}

function redelivered({ regards }: Message): boolean {
  return (regards as { readonly redelivered: boolean }).redelivered;
}
