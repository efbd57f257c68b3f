import assert from "node:assert/strict";
import { once } from "node:events";
import { type Stage, setStage } from "./stage";

const FILE = {
  type: "RAWDATA",
  url: "file:///data/p1.tif",
  filename: "p1.tif",
  checksumMd5: "098f6bcd4621d373cade4e832627b4f6",
  mimeType: "image/tiff",
};
const REQUEST = { correlationId: "l-1", productId: "p1", datatype: "LANDSAT", files: [FILE] };
const HEADERS = { "regards.tenant": "project1", "regards.request.owner": "john@cnes.fr" };
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/;

describe("the simulated rs-lta-manager", () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await setStage();
  });
  afterEach(() => stage.strike());

  it("grants a submission and tells that the product is archived", async () => {
    await stage.regards.send("submissionRequest", REQUEST, { headers: HEADERS });

    const { body, properties } = await stage.wire.untilAbout({ responseStatus: "SUCCESS" });

    const { expires, session, ...rest } = body;
    assert.deepEqual(rest, { correlationId: "l-1", responseStatus: "SUCCESS", productId: "p1" });
    assert.match(String(expires), DATE);
    assert.match(String(session), /^john-\d{8}$/);
    assert.equal(properties.correlationId, "l-1");
    assert.deepEqual(
      stage.wire.about({ correlationId: "l-1" }).map((message) => message.body.responseStatus),
      ["GRANTED", "SUCCESS"],
    );
  });

  it("ends in ERROR when ingest cannot fetch the file", async () => {
    const correlationId = await stage.regards.submit({ url: "http://nowhere.invalid/p.tif" });

    const { body } = await stage.wire.untilAbout({ correlationId, responseStatus: "ERROR" });

    assert.equal(body.message, "Unable to access file http://nowhere.invalid/p.tif  \\n");
  });

  it("denies an unknown datatype, a missing owner and an id used twice", async () => {
    const unknown = await stage.regards.submit({ datatype: "X" });
    const denied = await stage.wire.untilAbout({ correlationId: unknown });
    const { "regards.tenant": tenant } = HEADERS;
    await stage.regards.send("submissionRequest", REQUEST, { headers: { "regards.tenant": tenant } });
    const ownerless = await stage.wire.untilAbout({ correlationId: "l-1" });
    await stage.regards.send("submissionRequest", REQUEST, { headers: HEADERS });
    const twice = await stage.wire.until(({ body }) => String(body.message).includes("already exists"));

    assert.deepEqual(Object.keys(denied.body), ["correlationId", "responseStatus", "productId", "message"]);
    assert.match(
      String(denied.body.message),
      /^The datatype "X" was not found in the datatypes configuration\.\n/,
    );
    assert.equal(ownerless.body.responseStatus, "DENIED");
    assert.equal(twice.body.responseStatus, "DENIED");
  });

  it("stays silent on what bean validation refuses", async () => {
    const wrong = [
      { ...REQUEST, files: [] },
      { ...REQUEST, productId: "p".repeat(256) },
      { ...REQUEST, files: [{ ...FILE, url: "ftp://host/p1.tif" }] },
      { ...REQUEST, files: [{ ...FILE, checksumMd5: "not a checksum" }] },
      { ...REQUEST, storePath: "a b" },
      { ...REQUEST, storePath: "a".repeat(256) },
      { ...REQUEST, correlationId: " " },
      { ...REQUEST, datatype: undefined },
      { ...REQUEST, session: "x".repeat(129) },
      { ...REQUEST, files: ["p1.tif"] },
      { ...REQUEST, files: [{ ...FILE, type: "DATA" }] },
      { ...REQUEST, files: [{ ...FILE, url: "file:/a b" }] },
      { ...REQUEST, files: [{ ...FILE, filename: undefined }] },
      { ...REQUEST, files: [{ ...FILE, mimeType: "tiff" }] },
    ];
    for (const body of wrong) {
      const drop = once(stage.regards.events, "requestDropped");
      await stage.regards.send("submissionRequest", body, { headers: HEADERS });
      await drop;
    }

    assert.deepEqual(
      stage.regards.droppedRequests.map(({ reason }) => reason),
      wrong.map(() => "invalid"),
    );
    assert.equal(stage.wire.heard.length, 0);
  });

  it("drops what Jackson cannot convert", async () => {
    const wrong = [
      { ...REQUEST, geometry: { type: "Circle" } },
      { ...REQUEST, geometry: "POINT(1 2)" },
      { ...REQUEST, properties: [] },
      { ...REQUEST, tags: "swot" },
      { ...REQUEST, replaceMode: "true" },
    ];
    for (const body of wrong) {
      const drop = once(stage.regards.events, "requestDropped");
      await stage.regards.send("submissionRequest", body, { headers: HEADERS });
      await drop;
    }

    assert.deepEqual(
      stage.regards.droppedRequests.map(({ reason }) => reason),
      wrong.map(() => "unreadable"),
    );
  });

  it("is poisoned by an owner that its column cannot hold, or that is no text", async () => {
    for (const owner of ["x".repeat(129), 7]) {
      const drop = once(stage.regards.events, "requestDropped");
      await stage.regards.send("submissionRequest", REQUEST, {
        headers: { ...HEADERS, "regards.request.owner": owner },
      });
      const [{ reason }] = await drop;
      assert.equal(reason, "poison");
    }
  });

  it("reads the request with Jackson, which looks at the content type", async () => {
    const drop = once(stage.regards.events, "requestDropped");
    await stage.regards.send("submissionRequest", REQUEST, {
      headers: HEADERS,
      properties: { contentType: "text/plain" },
    });

    const [{ reason }] = await drop;

    assert.equal(reason, "unreadable");
  });
});
