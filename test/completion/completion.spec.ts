/**
 * When a flow has finished, seen from the broker: an event is unacknowledged until its last node lets go. The gate
 * behind the node under test lets each message go before it takes the next, so that it never holds the event for
 * another.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type ChannelModel, type ConfirmChannel, connect } from "amqplib";
import { broadcastExchange, order } from "../../src/regards/services";
import { brokerNode, tab } from "../nodes/flows";
import { freePort } from "../support/free-port";
import { startNodeRed } from "../support/node-red";
import { sharedNodeRed } from "../support/shared-node-red";
import { type FreshVhost, freshVhost } from "../support/shared-rabbitmq";
import type { FlowNode, TestNodeRed } from "../support/test-node-red";
import { untilValue } from "../support/until";
import { completionCases } from "./cases";

const EXCHANGE = broadcastExchange("regards", order.eventClass);

for (const version of [5, 4] as const) {
  describe(`a flow has finished with an event, Node-RED ${version}`, function () {
    this.timeout(30_000);
    let vhost: FreshVhost;
    let nodeRed: TestNodeRed;
    let connection: ChannelModel;
    let channel: ConfirmChannel;
    let web: Server;
    let queue = "";
    let cases: ReturnType<typeof completionCases>;

    before(async () => {
      vhost = await freshVhost();
      nodeRed = await sharedNodeRed(version);
      connection = await connect(vhost.url);
      channel = await connection.createConfirmChannel();
      await channel.assertExchange(EXCHANGE, "fanout", { durable: true });
      web = createServer((request, response) => {
        if (request.url === "/") {
          response.end("hello");
        }
      }).listen(0, "127.0.0.1");
      await once(web, "listening");
      const { port } = web.address() as AddressInfo;
      cases = completionCases(`http://127.0.0.1:${port}`, `http://127.0.0.1:${await freePort()}`);
    });

    after(async () => {
      await nodeRed.deploy([]);
      await connection.close();
      web.closeAllConnections();
      web.close();
      await vhost.drop();
    });

    for (const [index, { title }] of completionCases("", "").entries()) {
      it(`after ${title}`, async () => {
        const { nodes, arrive } = cases.find((each) => each.title === title) ?? { nodes: [], arrive: 0 };
        queue = `completion-${index}`;
        await deploy(nodes);

        publish();
        for (let index = 0; index < arrive; index += 1) {
          await nodeRed.nextMessage("gate");
          assert.deepEqual(await counts(), { ready: 0, unacked: 1 }, "while only the gate holds");
          await nodeRed.release("gate", 1);
        }
        if (arrive === 0) {
          await untilReceived();
        }

        await untilEmpty();
        assert.equal(await openRuns(), 0);
      });
    }

    it("and not before: killed while a trigger has it, Node-RED has lost nothing", async () => {
      queue = "killed";
      const doomed = await startNodeRed({ version });
      try {
        const properties = { op1type: "nul", op2type: "payl", duration: "60000", units: "ms", extend: true };
        await deploy(
          [
            {
              id: "first",
              type: "trigger",
              z: "tab",
              ...properties,
              bytopic: "all",
              outputs: 1,
              wires: [["gate"]],
            },
          ],
          10,
          doomed,
        );
        publish();
        await doomed.untilStatus("first", ({ fill }) => fill === "blue");
        await doomed.evaluate(() => undefined);
        assert.deepEqual(await counts(), { ready: 0, unacked: 1 }, "while the trigger has it");

        await doomed.kill();

        const isBack = ({ ready, unacked }: Awaited<ReturnType<typeof counts>>) =>
          ready === 1 && unacked === 0;
        await untilValue(counts, isBack, { what: "the event to be with the broker" });
      } finally {
        await doomed.stop();
      }
    });

    it("with all the events that were joined into one message, when that message has ended", async () => {
      queue = "joined";
      const properties = {
        mode: "custom",
        build: "array",
        property: "payload",
        propertyType: "msg",
        count: "3",
      };
      const join = {
        id: "first",
        type: "join",
        z: "tab",
        ...properties,
        joinerType: "str",
        accumulate: false,
      };
      await deploy([{ ...join, timeout: "", key: "topic", joiner: "", useparts: false, wires: [["gate"]] }]);

      for (let index = 0; index < 3; index += 1) {
        publish();
      }

      await nodeRed.nextMessage("gate");
      assert.deepEqual(await counts(), { ready: 0, unacked: 3 }, "while the gate holds");
      await nodeRed.release("gate", 1);
      await untilEmpty();
      assert.equal(await openRuns(), 0);
    });

    for (const [title, rule] of [
      ["a switch", { t: "eq", v: "GRANTED", vt: "str" }],
      ["a switch with a JSONata rule", { t: "jsonata_exp", v: "topic = 'GRANTED'", vt: "jsonata" }],
    ] as const) {
      it(`only after ${title} has dealt with all of a burst`, async () => {
        const burst = 200;
        queue = `burst-${rule.t}`;
        const properties = {
          property: "topic",
          propertyType: "msg",
          rules: [rule],
          checkall: "true",
          outputs: 1,
        };
        await deploy([{ id: "first", type: "switch", z: "tab", ...properties, wires: [["gate"]] }], burst);

        for (let index = 0; index < burst; index += 1) {
          publish();
        }

        await nodeRed.untilMessages("gate", burst);
        assert.deepEqual(await counts(), { ready: 0, unacked: burst }, "while the gate holds");
        await nodeRed.release("gate", burst);
        await untilEmpty();
      });
    }

    async function deploy(
      nodes: readonly FlowNode[],
      maxInFlight = 10,
      target: TestNodeRed = nodeRed,
    ): Promise<void> {
      await target.deploy([
        tab,
        brokerNode(vhost),
        {
          id: "in",
          type: "regards-order-in",
          z: "tab",
          broker: "broker",
          queue,
          queueType: "classic",
          maxInFlight,
          retryDelay: 0,
          wires: [["first"], [], [], [], [], []],
        },
        ...nodes,
        { id: "gate", type: "test-probe", z: "tab", hold: true, wires: [] },
      ]);
      target.forget();
      await target.untilStatus("in", ({ code }) => code === "connected");
    }

    function publish(): void {
      const headers = { "regards.tenant": "project1" };
      channel.publish(EXCHANGE, "", Buffer.from('{"status":"GRANTED","orderId":1}'), { headers });
    }

    async function counts() {
      const { ready, unacked } = (await vhost.broker.console.queue(queue, vhost.vhost)) ?? {};
      return { ready, unacked };
    }

    async function untilReceived(): Promise<void> {
      await channel.waitForConfirms();
    }

    async function untilEmpty(): Promise<void> {
      const isEmpty = ({ ready, unacked }: Awaited<ReturnType<typeof counts>>) =>
        ready === 0 && unacked === 0;
      await untilValue(counts, isEmpty, { what: "the event to be accepted", timeout: 5_000 });
    }

    /** The tracker is found through the module cache of the process under test. */
    async function openRuns(): Promise<number> {
      return nodeRed.evaluate((RED) => {
        const { _cache } = process.getBuiltinModule("node:module") as unknown as {
          _cache: NodeJS.Require["cache"];
        };
        const file = Object.keys(_cache).find((each) => each.endsWith("src/completion/tracker.js")) ?? "";
        return _cache[file]?.exports.trackerOf(RED).size as number;
      });
    }
  });
}
