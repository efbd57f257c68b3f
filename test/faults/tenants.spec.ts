/** Two broker nodes with different tenants, on two vhosts and on one: nothing crosses. */
import assert from "node:assert/strict";
import { type ChannelModel, type ConfirmChannel, connect } from "amqplib";
import { brokerNode, tab } from "../nodes/flows";
import { sharedNodeRed } from "../support/shared-node-red";
import { type FreshVhost, freshVhost, needsPrivateBroker } from "../support/shared-rabbitmq";
import type { FlowNode, TestNodeRed } from "../support/test-node-red";
import { either } from "./form";
import { ORDERS } from "./stream";

const EACH = either(200, 5_000);
const TENANTS = ["project1", "project2"] as const;

describe("two tenants in one Node-RED", function () {
  this.timeout(either(30_000, 120_000));
  const vhosts: FreshVhost[] = [];
  const connections: ChannelModel[] = [];
  let nodeRed: TestNodeRed;

  before(async function () {
    needsPrivateBroker(this);
    nodeRed = await sharedNodeRed();
    vhosts.push(await freshVhost(), await freshVhost());
  });

  after(async () => {
    await nodeRed?.deploy([]);
    await Promise.all(connections.map((connection) => connection.close()));
    await Promise.all(vhosts.map((vhost) => vhost.drop()));
  });

  it("each gets its own events and nobody else's, whether they share a vhost or not", async () => {
    const channels = await Promise.all(vhosts.map(openChannel));
    // Both tenants listen on both vhosts: four in-nodes, each with its own queue and its own connection.
    const listeners = vhosts.flatMap((vhost, place) => TENANTS.map((tenant) => ({ vhost, place, tenant })));
    await nodeRed.deploy([tab, ...listeners.flatMap((each, index) => listener(each, index))]);
    for (const index of listeners.keys()) {
      await nodeRed.untilStatus(`in-${index}`, ({ code }) => code === "connected");
    }

    for (let number = 0; number < EACH; number += 1) {
      for (const [place, channel] of channels.entries()) {
        for (const tenant of TENANTS) {
          const event = { status: "GRANTED", orderId: number, correlationId: `${place} ${tenant}` };
          const headers = { "regards.tenant": tenant };
          channel.publish(ORDERS, "", Buffer.from(JSON.stringify(event)), { headers });
        }
      }
    }
    await Promise.all(channels.map((channel) => channel.waitForConfirms()));

    for (const [index, { place, tenant }] of listeners.entries()) {
      const messages = await nodeRed.untilMessages(`seen-${index}`, EACH, { timeout: 60_000 });
      const origins = messages.map(({ payload }) => (payload as { correlationId: string }).correlationId);
      assert.deepEqual([...new Set(origins)], [`${place} ${tenant}`]);
      assert.equal(messages.length, EACH);
    }
  });

  async function openChannel(vhost: FreshVhost): Promise<ConfirmChannel> {
    const connection = await connect(vhost.url);
    connections.push(connection);
    const channel = await connection.createConfirmChannel();
    await channel.assertExchange(ORDERS, "fanout", { durable: true });
    return channel;
  }

  function listener({ vhost, tenant }: { vhost: FreshVhost; tenant: string }, index: number): FlowNode[] {
    const properties = { queueType: "classic", maxInFlight: 100 };
    const wires = [[`seen-${index}`], [], [], [], [], []];
    return [
      { ...brokerNode(vhost, { tenant }), id: `broker-${index}` },
      {
        id: `in-${index}`,
        type: "regards-order-in",
        z: "tab",
        broker: `broker-${index}`,
        ...properties,
        wires,
      },
      { id: `seen-${index}`, type: "test-probe", z: "tab", wires: [] },
    ];
  }
});
