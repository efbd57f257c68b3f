import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "amqplib";
import { type Stage, setStage } from "./stage";
import { EVENT_CLASS, type Headers, notificationQueue, type WireEvent } from "./wire";

const URN = "URN:AIP:DATA:project1:098f6bcd-4621-3373-8ade-4e832627b4f6:V1";
const ACKNOWLEDGEMENT = { urn: URN, recipientLabel: "external-system-1" };
const HEADERS = { "regards.tenant": "project1", "regards.type": EVENT_CLASS.ingestAcknowledgement };
const { "regards.type": _, ...WITHOUT_TYPE } = HEADERS;
const { "regards.tenant": __, ...WITHOUT_TENANT } = HEADERS;

const REFUSED: readonly { title: string; body?: unknown; headers?: Headers; reason: string }[] = [
  { title: "without regards.type", headers: WITHOUT_TYPE, reason: "no type" },
  {
    title: "of the other service's type",
    headers: { ...HEADERS, "regards.type": EVENT_CLASS.femAcknowledgement },
    reason: "unknown type",
  },
  { title: "without a tenant", headers: WITHOUT_TENANT, reason: "no tenant" },
  { title: "with an empty tenant", headers: { ...HEADERS, "regards.tenant": "" }, reason: "no tenant" },
  { title: "of an unknown tenant", headers: { ...HEADERS, "regards.tenant": "x" }, reason: "unknown tenant" },
  { title: "that is not JSON", body: "<urn/>", reason: "unreadable" },
  { title: "without a URN", body: { recipientLabel: "x" }, reason: "poison" },
  { title: "with something that is no URN", body: { ...ACKNOWLEDGEMENT, urn: "URN:AIP" }, reason: "poison" },
  { title: "without a label", body: { urn: URN }, reason: "poison" },
];

describe("the simulated rs-ingest and rs-fem", () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await setStage();
  });
  afterEach(() => stage.strike());

  const acknowledge = async (event: WireEvent, body: unknown, headers: Headers) => {
    const taken = Promise.race([
      once(stage.regards.events, "acknowledged"),
      once(stage.regards.events, "acknowledgementDropped"),
    ]);
    await stage.regards.send(event, body, { headers });
    return await taken;
  };

  for (const { title, body = ACKNOWLEDGEMENT, headers = HEADERS, reason } of REFUSED) {
    it(`drops an acknowledgement ${title}`, async () => {
      await acknowledge("ingestAcknowledgement", body, headers);

      assert.deepEqual(stage.regards.acknowledgements.accepted, []);
      assert.deepEqual(
        stage.regards.acknowledgements.dropped.map((drop) => drop.reason),
        [reason],
      );
    });
  }

  it("accept a dissemination's acknowledgement, each on its own exchange", async () => {
    const aip = await stage.regards.disseminate();
    const feature = await stage.regards.disseminate({
      service: "fem",
      tenant: "project2",
      recipientLabel: "r2",
    });

    await acknowledge(
      "ingestAcknowledgement",
      { urn: aip.urn, recipientLabel: "external-system-1" },
      HEADERS,
    );
    await acknowledge(
      "femAcknowledgement",
      { urn: feature.urn, recipientLabel: "r2" },
      { "regards.tenant": "project2", "regards.type": EVENT_CLASS.femAcknowledgement },
    );

    const accepted = stage.regards.acknowledgements.accepted;
    assert.deepEqual(
      accepted.map(({ service, tenant, urn, awaited }) => ({ service, tenant, urn, awaited })),
      [
        { service: "ingest", tenant: "project1", urn: aip.urn, awaited: true },
        { service: "fem", tenant: "project2", urn: feature.urn, awaited: true },
      ],
    );
  });

  it("accept a wrong label too, which leaves the real recipient pending", async () => {
    const { urn } = await stage.regards.disseminate({ recipientLabel: "the-real-label" });

    await acknowledge("ingestAcknowledgement", { urn, recipientLabel: "another" }, HEADERS);
    await acknowledge("ingestAcknowledgement", { urn, recipientLabel: "the-real-label" }, HEADERS);

    assert.deepEqual(
      stage.regards.acknowledgements.accepted.map(({ awaited }) => awaited),
      [false, true],
    );
  });

  it("are preceded by a notification that carries neither label nor request id", async () => {
    const { urn, notification } = await stage.regards.disseminate();

    const connection = await connect({ protocol: "amqp", ...stage.amqp });
    const channel = await connection.createChannel();
    const message = await channel.get(notificationQueue("regards"), { noAck: true });
    await connection.close();
    if (message === false) assert.fail("no notification was sent");
    assert.deepEqual(JSON.parse(message.content.toString()), notification);
    assert.deepEqual(message.properties.headers, {
      "regards.tenant": "project1",
      "regards.converter": "GSON",
      "regards.type": "fr.cnes.regards.modules.notifier.plugins.RabbitMQSender$NotificationEvent",
    });
    assert.equal(message.properties.priority, 0);
    assert.ok(JSON.stringify(notification.payload).includes(`"aipId":"${urn}"`));
  });
});
