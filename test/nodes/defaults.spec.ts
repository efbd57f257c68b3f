/**
 * The nodes in Node-RED's own test helper, in this very process: what a flow that stores next to nothing turns
 * into. The helper has no messaging hooks, so events are settled when handed to the flow; whatever needs more
 * of a runtime is tested in a real one.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "amqplib";
import helper, { type TestFlows } from "node-red-node-test-helper";
import ackOut from "../../nodes/regards-ack-out";
import broker from "../../nodes/regards-broker";
import orderIn from "../../nodes/regards-order-in";
import { placed } from "../support/node-red-admin";
import { type FreshVhost, freshVhost } from "../support/shared-rabbitmq";
import { until } from "../support/until";
import { brokerNode, tab } from "./flows";

helper.init(require.resolve("node-red"));

const ORDERS = "regards.broadcast.fr.cnes.regards.modules.order.amqp.output.OrderResponseDtoEvent";

describe("nodes stored with hardly more than type, id, broker and wires", function () {
  this.timeout(30_000);
  let vhost: FreshVhost;

  before(async () => {
    await helper.startServer();
    vhost = await freshVhost();
  });

  after(async () => {
    await helper.stopServer();
    await vhost.drop();
  });

  afterEach(() => helper.unload());

  it("receive events and acknowledge products with the defaults of the contract", async () => {
    const { credentials, ...definition } = brokerNode(vhost);
    const connection = await connect(vhost.url);
    connection.on("error", () => undefined);
    const channel = await connection.createConfirmChannel();
    await channel.assertExchange(ORDERS, "fanout", { durable: true });
    const flow = [
      tab,
      definition,
      {
        id: "in",
        type: "regards-order-in",
        z: "tab",
        broker: "broker",
        settle: "handed",
        wires: [["out"], [], [], [], [], []],
      },
      { id: "out", type: "helper", z: "tab" },
      { id: "ack", type: "regards-ack-out", z: "tab", broker: "broker", wires: [[], ["refused"]] },
      { id: "refused", type: "helper", z: "tab" },
    ];
    const nodes = flow.map((node) => placed(node));
    await helper.load([broker, orderIn, ackOut], nodes as unknown as TestFlows, { broker: credentials });
    const received = once(helper.getNode("out"), "input");
    const refused = once(helper.getNode("refused"), "input");

    const isBound = async () =>
      (await vhost.broker.console.bindings(vhost.vhost)).some(({ source_name: source }) => source === ORDERS);
    await until(isBound, { what: "the queue to be bound" });
    channel.publish(ORDERS, "", Buffer.from('{"status":"GRANTED"}'));
    const [message] = await received;
    helper.getNode("ack").receive({ payload: "URN:AIP:DATA:p:098f6bcd-4621-3373-8ade-4e832627b4f6:V1" });
    const [refusal] = await refused;

    assert.equal(message.topic, "GRANTED");
    assert.match(message.regards.queue, /^nodered\.all\.order\.[0-9a-f]{8}\.in$/);
    assert.equal(refusal.error.code, "REGARDS_NO_LABEL");
    await connection.close();
  });
});
