/** Disseminated products through a real RabbitMQ: received, and acknowledged with nothing between the two nodes. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type Simulator, startSimulator } from "../simulator/simulator";
import { amqpOf } from "../simulator/stage";
import { notificationExchange, notificationQueue } from "../simulator/wire";
import type { Message } from "../support/node-red-wire";
import type { RabbitMqAddress } from "../support/rabbitmq";
import { sharedNodeRed } from "../support/shared-node-red";
import { type FreshVhost, freshVhost, needsPrivateBroker } from "../support/shared-rabbitmq";
import type { FlowNode, TestNodeRed } from "../support/test-node-red";
import { until } from "../support/until";
import { brokerNode, tab } from "./flows";

const EXCHANGE = notificationExchange("regards");
const QUEUE = "q.disseminations";
const OUTPUTS = ["new", "changed", "disseminated", "deleted", "unrecognised"] as const;

/** The message at a probe, as the node sends it. */
interface Event extends Message {
  readonly topic: string;
  readonly payload: unknown;
  readonly regards: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: string };
}

for (const version of [5, 4] as const) {
  describe(`disseminations on Node-RED ${version}`, function () {
    this.timeout(60_000);
    let vhost: FreshVhost;
    let nodeRed: TestNodeRed;
    let regards: Simulator;

    beforeEach(async () => {
      vhost = await freshVhost();
      nodeRed = await sharedNodeRed(version);
      regards = await startSimulator({ amqp: amqpOf(vhost), pace: 5 });
    });

    afterEach(async () => {
      await nodeRed.deploy([]);
      await regards.stop();
      await vhost.drop();
    });

    const flow = (
      properties: object,
      wires: readonly (readonly string[])[],
      account: RabbitMqAddress = vhost,
    ): FlowNode[] => {
      return [
        tab,
        brokerNode(account, { tenant: "project1" }),
        {
          ...{ id: "in", type: "regards-dissemination-in", z: "tab", broker: "broker", exchange: EXCHANGE },
          ...{ queue: QUEUE, queueType: "classic", wires, ...properties },
        },
        {
          ...{ id: "ack", type: "regards-ack-out", z: "tab", broker: "broker" },
          ...{
            recipientLabel: "external-system-1",
            recipientLabelType: "str",
            wires: [["published"], ["refused"]],
          },
        },
        ...[...OUTPUTS, "published", "refused"].map((id) => ({
          id,
          type: "test-probe",
          z: "tab",
          wires: [],
        })),
      ];
    };
    const deploy = async (...settings: Parameters<typeof flow>): Promise<void> => {
      await nodeRed.deploy(flow(...settings));
      await nodeRed.untilStatus("in", ({ code }) => code === "connected");
    };
    const outputs = OUTPUTS.map((id) => [id]);
    const next = async (probe: string): Promise<Event> => (await nodeRed.nextMessage(probe)) as Event;

    it("are acknowledged by ack out alone, those of rs-ingest and of rs-fem, from the very first on", async () => {
      // Nothing has been disseminated yet: the node makes the exchange as REGARDS would.
      await deploy({}, [["ack"], [], ["ack"], [], []]);
      const acknowledged = [];
      for (const service of ["ingest", "fem"] as const) {
        const taken = once(regards.events, "acknowledged");
        const { urn } = await regards.disseminate({ service });
        await taken;
        acknowledged.push({ service, urn, awaited: true });
      }

      const { accepted, dropped } = regards.acknowledgements;
      assert.deepEqual(
        accepted.map(({ service, urn, awaited }) => ({ service, urn, awaited })),
        acknowledged,
      );
      assert.deepEqual([dropped, regards.droppedRequests, nodeRed.errors()], [[], [], []]);
      await nodeRed.untilStatus("in", ({ code }) => code === "connected");
    });

    it("leave by what has become of the product, with what a flow needs of it", async () => {
      await deploy({}, outputs);

      const product = await regards.disseminate({ action: "INGEST" });
      const feature = await regards.disseminate({ service: "fem", action: "ALREADY_DELETED" });
      await regards.disseminate({ tenant: "project2", action: "INGEST" });
      await regards.disseminate({ service: "fem", action: "MOVED" });

      const created = await next("new");
      const { aip } = product.notification.payload as {
        aip: {
          providerId: string;
          properties: { contentInformations: readonly { dataObject: { checksum: string } }[] };
        };
      };
      const [
        {
          dataObject: { checksum },
        } = { dataObject: { checksum: "" } },
      ] = aip.properties.contentInformations;
      assert.equal(created.topic, "INGEST");
      assert.deepEqual(created.payload, product.notification);
      assert.equal(created.regards.service, "dissemination");
      assert.equal(created.regards.exchange, EXCHANGE);
      assert.equal(created.regards.urn, product.urn);
      assert.equal(created.regards.keeper, "ingest");
      assert.equal(created.regards.productId, aip.providerId);
      assert.equal(created.regards.version, 1);
      assert.deepEqual(created.regards.files, [
        {
          ...{ name: `${aip.providerId}.dat`, size: 190, checksum },
          ...{ algorithm: "MD5", dataType: "RAWDATA", mimeType: "application/octet-stream" },
        },
      ]);
      const deleted = await next("deleted");
      assert.deepEqual(
        [deleted.topic, deleted.regards.urn, deleted.regards.keeper, deleted.regards.final],
        ["ALREADY_DELETED", feature.urn, "fem", true],
      );
      assert.equal((await next("unrecognised")).error?.code, "REGARDS_UNKNOWN_STATUS");
      assert.equal(nodeRed.messages("new").length, 1, "the other tenant's stays away");
    });

    it("that rs-notifier sends twice come twice, with the same notificationId", async () => {
      await deploy({}, outputs);
      const dissemination = await regards.disseminate();
      await regards.notifyAgain(dissemination);
      await regards.disseminate({ urn: dissemination.urn, action: "NOTIFIED" });

      const [first, again, another] = [
        await next("disseminated"),
        await next("disseminated"),
        await next("disseminated"),
      ].map(({ regards: { notificationId } }) => notificationId);

      assert.equal(typeof first, "string");
      assert.equal(again, first);
      assert.notEqual(another, first);
    });

    it("are read from the queue that REGARDS made for its recipient, without the exchange's name", async () => {
      const { urn } = await regards.disseminate();

      await deploy({ queueMode: "existing", queue: notificationQueue("regards"), exchange: "" }, outputs);

      assert.equal((await next("disseminated")).regards.urn, urn);
    });

    it("come by another exchange once another is named, and by the first no more", async function () {
      needsPrivateBroker(this);
      await deploy({ exchange: "the.first" }, outputs);
      const bound = async (exchange: string): Promise<boolean> => {
        const bindings = await vhost.broker.console.bindings(vhost.vhost);
        return bindings.some(
          ({ source_name, destination_name }) => source_name === exchange && destination_name === QUEUE,
        );
      };
      assert.ok(await bound("the.first"));

      await deploy({}, outputs);

      await until(async () => !(await bound("the.first")), { what: "the queue to be unbound" });
      assert.ok(await bound(EXCHANGE));
      await regards.disseminate();
      await next("disseminated");
    });

    it("are waited for where the node may not make their exchange: it comes with the first, which is missed", async function () {
      needsPrivateBroker(this);
      const { console } = vhost.broker;
      const account = { ...vhost, user: `${vhost.user}-reader`, password: "the-password-of-a-reader" };
      await console.addUser(account.user, account.password);
      try {
        await console.setPermissions(account.user, vhost.vhost, { configure: "^q\\.disseminations" });
        await nodeRed.deploy(flow({}, outputs, account));
        await nodeRed.untilStatus("in", ({ text }) => text === `waiting for exchange ${EXCHANGE}`);

        await regards.disseminate({ action: "INGEST" });
        await nodeRed.untilStatus("in", ({ code }) => code === "connected", { timeout: 30_000 });
        const second = await regards.disseminate({ action: "INGEST" });

        assert.equal((await next("new")).regards.urn, second.urn);
      } finally {
        await console.deleteUser(account.user);
      }
    });

    it("are not waited for without an exchange: the node says what is missing", async () => {
      await nodeRed.deploy([
        tab,
        brokerNode(vhost),
        { id: "in", type: "regards-dissemination-in", z: "tab", broker: "broker", wires: outputs },
      ]);

      await nodeRed.untilLog(({ msg }) => /property "exchange" is empty/.test(msg));
      assert.equal(nodeRed.status("in").fill, "red");
    });
  });
}
