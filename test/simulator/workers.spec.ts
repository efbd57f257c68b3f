import assert from "node:assert/strict";
import { once } from "node:events";
import { type Stage, setStage } from "./stage";
import { EVENT_CLASS } from "./wire";
import { PIXEL } from "./worker-types";

describe("the simulated rs-worker-manager", () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await setStage();
  });
  afterEach(() => stage.strike());

  const states = (requestId: string): unknown[] =>
    stage.wire.about({ requestId }).map(({ body }) => body.state);

  it("grants a request and returns the worker's bytes in Base64, escaped as Gson escapes", async () => {
    const requestId = await stage.regards.requestWork({ contentType: "touch", body: { a: 1 } });

    const { body, raw, headers, properties } = await stage.wire.untilAbout({ requestId, state: "SUCCESS" });

    assert.deepEqual(body, {
      state: "SUCCESS",
      messages: ["Your request has been successfully handled by the <toucher> worker."],
      requestId,
      content: "e30=",
      type: "EXTRACTION",
      requestOwner: "john@cnes.fr",
    });
    assert.match(raw, /"content":"e30\\u003d"/);
    assert.match(raw, /\\u003ctoucher\\u003e/);
    assert.deepEqual(headers, {
      "regards.tenant": "project1",
      "regards.converter": "GSON",
      "regards.type": EVENT_CLASS.worker,
      "regards.request.id": requestId,
      "regards.request.owner": "john@cnes.fr",
      "regards.request.session": "a session",
      "regards.request.content_type": "touch",
      "regards.worker_id": "toucher",
    });
    assert.equal(properties.correlationId, undefined);
    assert.deepEqual(states(requestId), ["GRANTED", "SUCCESS"]);
  });

  it("hands the body over byte for byte", async () => {
    const body = '{ "a":1,\n "é": 2 }';
    const headers = {
      "regards.tenant": "project1",
      "regards.request.id": "r-1",
      "regards.request.owner": "me",
      "regards.request.session": "s",
      "regards.request.content_type": "count-bytes",
    };
    await stage.regards.send("workerRequest", body, { headers });

    const answer = await stage.wire.untilAbout({ requestId: "r-1", state: "SUCCESS" });

    const result: { readonly bytes: number } = JSON.parse(
      Buffer.from(String(answer.body.content), "base64").toString(),
    );
    assert.equal(result.bytes, Buffer.byteLength(body));
  });

  it("has results that are JSON, text and plain bytes", async () => {
    const text = await stage.regards.requestWork({ contentType: "describe" });
    const image = await stage.regards.requestWork({ contentType: "thumbnail" });

    const { body: described } = await stage.wire.untilAbout({ requestId: text, state: "SUCCESS" });
    const { body: drawn } = await stage.wire.untilAbout({ requestId: image, state: "SUCCESS" });

    assert.match(
      Buffer.from(String(described.content), "base64").toString(),
      /^a request of \d+ bytes, reçue$/,
    );
    assert.ok(Buffer.from(String(drawn.content), "base64").equals(PIXEL));
  });

  it("grants once more at every step of a workflow, and after a delay", async () => {
    const workflow = await stage.regards.requestWork({ contentType: "workflow" });
    const rare = await stage.regards.requestWork({ contentType: "rare" });

    await stage.wire.untilAbout({ requestId: workflow, state: "SUCCESS" });
    await stage.wire.untilAbout({ requestId: rare, state: "SUCCESS" });

    assert.deepEqual(states(workflow), ["GRANTED", "GRANTED", "SUCCESS"]);
    assert.deepEqual(states(rare), ["DELAYED", "GRANTED", "SUCCESS"]);
  });

  it("tells a refused body and a failing worker apart, without content", async () => {
    const picky = await stage.regards.requestWork({ contentType: "picky" });
    const fragile = await stage.regards.requestWork({ contentType: "fragile" });

    const invalid = await stage.wire.untilAbout({ requestId: picky, state: "INVALID_CONTENT" });
    const error = await stage.wire.untilAbout({ requestId: fragile, state: "ERROR" });

    assert.equal("content" in invalid.body, false);
    assert.deepEqual(error.body.messages, [
      "Error during processing your request in <fragile-worker> worker : Cause : the calibration file is not there.",
    ]);
  });

  it("skips a request without its headers, and sends those it lacks as void", async () => {
    const headers = { "regards.tenant": "project1", "regards.request.id": "r-2" };
    await stage.regards.send("workerRequest", {}, { headers });

    const skipped = await stage.wire.untilAbout({ requestId: "r-2" });

    assert.equal(skipped.body.state, "SKIPPED");
    assert.deepEqual(skipped.body.messages, [
      "<regards.request.owner> property is missing from request message headers",
      "<regards.request.session> property is missing from request message headers",
      "<regards.request.content_type> property is missing from request message headers",
    ]);
    assert.equal("requestOwner" in skipped.body, false);
    assert.equal(skipped.headers["regards.request.owner"], null);
    assert.equal(skipped.headers["regards.worker_id"], null);
  });

  it("skips an id used twice and a content type it was told to skip", async () => {
    const requestId = await stage.regards.requestWork();
    await stage.wire.untilAbout({ requestId, state: "SUCCESS" });
    await stage.regards.requestWork({ requestId });
    const ignored = await stage.regards.requestWork({ contentType: "ignored" });

    const twice = await stage.wire.untilAbout({ requestId, state: "SKIPPED" });
    const skipped = await stage.wire.untilAbout({ requestId: ignored, state: "SKIPPED" });

    assert.match(String(twice.body.messages), /already exists$/);
    assert.match(
      String(skipped.body.messages),
      /<Optional\[ignored\]> is configured to be automatically skipped/,
    );
  });

  it("takes an empty header for one that is there", async () => {
    const headers = {
      ...{ "regards.tenant": "project1", "regards.request.id": "r-1", "regards.request.owner": "" },
      ...{ "regards.request.session": "", "regards.request.content_type": "touch" },
    };
    await stage.regards.send("workerRequest", {}, { headers });

    await stage.wire.untilAbout({ requestId: "r-1", state: "SUCCESS" });
  });

  it("is poisoned by a header that its column cannot hold, or that is no text", async () => {
    const id = { "regards.tenant": "project1", "regards.request.id": "r-2" };
    for (const headers of [
      { ...id, "regards.request.id": 7 },
      { ...id, "regards.request.id": "x".repeat(256) },
      { ...id, "regards.request.owner": "x".repeat(256) },
      { ...id, "regards.request.session": 20250123 },
    ]) {
      const drop = once(stage.regards.events, "requestDropped");
      await stage.regards.send("workerRequest", {}, { headers });
      const [{ reason }] = await drop;
      assert.equal(reason, "poison");
    }
  });

  it("drops in silence a request without an id and one that is no JSON object", async () => {
    const tenant = { "regards.tenant": "project1" };
    for (const [body, headers] of [
      [{}, tenant],
      [[1], { ...tenant, "regards.request.id": "r-3" }],
    ]) {
      const drop = once(stage.regards.events, "requestDropped");
      await stage.regards.send("workerRequest", body, { headers: { ...headers } });
      await drop;
    }

    assert.deepEqual(
      stage.regards.droppedRequests.map(({ reason }) => reason),
      ["no request id", "unreadable"],
    );
  });
});
