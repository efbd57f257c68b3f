/** Submissions as the broker and a strict rs-lta-manager see them, and what a flow is told of each. */
import assert from "node:assert/strict";
import { type ChannelModel, connect, type GetMessage } from "amqplib";
import { type Stage, setStage } from "../simulator/stage";
import { exchangeOf } from "../simulator/wire";
import { sharedNodeRed } from "../support/shared-node-red";
import type { TestNodeRed } from "../support/test-node-red";
import { untilValue } from "../support/until";
import { brokerNode, tab } from "./flows";

const SEEN = "submissions-seen";
const FILE = {
  type: "RAWDATA",
  url: "file:///data/p1.tif",
  filename: "p1.tif",
  checksumMd5: "098f6bcd4621d373cade4e832627b4f6",
  mimeType: "image/tiff",
};
const BODY = { productId: "P1", datatype: "LANDSAT", files: [FILE] };

describe("regards-submission-out", function () {
  this.timeout(60_000);
  let stage: Stage;
  let nodeRed: TestNodeRed;
  let connection: ChannelModel;

  beforeEach(async () => {
    stage = await setStage();
    nodeRed = await sharedNodeRed();
    connection = await connect(stage.vhost.url);
    const channel = await connection.createChannel();
    await channel.assertQueue(SEEN);
    await channel.bindQueue(SEEN, exchangeOf("regards", "submissionRequest"), "");
    const probe = (id: string) => ({ id, type: "test-probe", z: "tab", wires: [] });
    await nodeRed.deploy([
      tab,
      brokerNode(stage.vhost, { tenant: "project1" }),
      {
        ...{ id: "submit", type: "regards-submission-out", z: "tab", broker: "broker" },
        ...{ owner: "john@cnes.fr", session: "day", sessionType: "msg", wires: [["published"], ["refused"]] },
      },
      probe("published"),
      probe("refused"),
    ]);
    await nodeRed.untilStatus("submit", ({ code }) => code === "connected");
  });

  afterEach(async () => {
    await nodeRed.deploy([]);
    await connection.close();
    await stage.strike();
  });

  it("publishes exactly what rs-lta-manager needs, says so after the confirm, and is answered", async () => {
    await nodeRed.inject("submit", { payload: BODY, day: "2025-01-23" });

    const published = await nodeRed.nextMessage("published");
    const { correlationId, messageId, ...regards } = published.regards as Record<string, unknown>;
    assert.match(String(correlationId), /^nodered-broker-/);
    assert.deepEqual(regards, {
      service: "submission",
      exchange: exchangeOf("regards", "submissionRequest"),
      tenant: "project1",
      ...{ owner: "john@cnes.fr", session: "2025-01-23", productId: "P1", datatype: "LANDSAT" },
    });
    const { content, properties } = await seen();
    assert.deepEqual(JSON.parse(content.toString()), { ...BODY, correlationId, session: "2025-01-23" });
    assert.deepEqual(
      Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined)),
      {
        ...{ contentType: "application/json", contentEncoding: "UTF-8", deliveryMode: 2, priority: 1 },
        ...{ appId: "node-red", correlationId, messageId },
        headers: { "regards.tenant": "project1", "regards.request.owner": "john@cnes.fr" },
      },
    );
    await stage.wire.untilAbout({ correlationId: String(correlationId), responseStatus: "SUCCESS" });
    assert.deepEqual(stage.regards.droppedRequests, []);
  });

  it("takes session and correlation id from the body where the dialog gives none", async () => {
    await nodeRed.inject("submit", { payload: { ...BODY, correlationId: "mine-1", session: "of the body" } });

    const { regards } = await nodeRed.nextMessage("published");
    const { correlationId, session } = regards as Record<string, unknown>;
    assert.deepEqual([correlationId, session], ["mine-1", "of the body"]);
    await stage.wire.untilAbout({ correlationId: "mine-1", responseStatus: "SUCCESS" });
  });

  it("refuses what REGARDS would drop in silence, and publishes nothing", async () => {
    const wrong = { ...BODY, files: [{ ...FILE, checksumMd5: "abc" }] };
    await nodeRed.inject("submit", { payload: wrong });

    const { error } = await nodeRed.nextMessage("refused");
    const { code, message } = error as Record<string, string>;
    assert.equal(code, "REGARDS_BAD_FIELD");
    assert.match(String(message), /files\[0\]\.checksumMd5 is "abc"; it must be 32 hexadecimal digits/);
    assert.equal(await get(), false);
  });

  async function get(): Promise<GetMessage | false> {
    const channel = await connection.createChannel();
    const message = await channel.get(SEEN, { noAck: true });
    await channel.close();
    return message;
  }

  async function seen(): Promise<GetMessage> {
    const message = await untilValue(get, (found) => found !== false, { what: "a submission" });
    assert.ok(message !== false);
    return message;
  }
});
