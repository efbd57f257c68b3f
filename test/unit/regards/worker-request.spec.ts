/** Worker requests as rs-worker-manager takes them: every good one as it is published, every bad one refused. */
import assert from "node:assert/strict";
import { RequestError } from "../../../src/regards/publication";
import { workerRequests } from "../../../src/regards/requests";

const SYSTEM = { tenant: "project1", address: undefined, namespace: "regards", appId: "node-red" };
const VALUES = { owner: "me", session: "today", contentType: "count-bytes" };

function asked(values: object = {}, payload: unknown = { a: 1 }) {
  return { values: { ...VALUES, ...values }, payload, correlationId: "nodered-b-1" };
}

const deep = (levels: number): object =>
  Array.from({ length: levels }).reduce<object>((inner) => ({ inner }), {});

describe("a worker request", () => {
  it("is the payload as JSON, on the exchange of the request event, with REGARDS' headers", () => {
    const [publication, ...others] = workerRequests.build(asked(), SYSTEM);

    assert.deepEqual(others, []);
    assert.deepEqual(
      { ...publication, content: publication?.content.toString() },
      {
        key: "nodered-b-1",
        service: "worker",
        tenant: "project1",
        exchange: "regards.broadcast.fr.cnes.regards.modules.workermanager.amqp.events.in.RequestEvent",
        content: '{"a":1}',
        properties: {
          contentType: "application/json",
          contentEncoding: "UTF-8",
          priority: 1,
          appId: "node-red",
          correlationId: "nodered-b-1",
          headers: {
            "regards.tenant": "project1",
            "regards.request.id": "nodered-b-1",
            "regards.request.owner": "me",
            "regards.request.session": "today",
            "regards.request.content_type": "count-bytes",
          },
        },
      },
    );
  });

  it("has the correlation id that is given as its request id, and texts for headers whatever is given", () => {
    const [publication] = workerRequests.build(asked({ correlationId: "mine-7", session: 20250123 }), SYSTEM);

    assert.equal(publication?.key, "mine-7");
    assert.equal(publication?.properties.headers["regards.request.id"], "mine-7");
    assert.equal(publication?.properties.headers["regards.request.session"], "20250123");
  });

  for (const [title, values, payload, code, words] of [
    ["without an owner", { owner: "" }, {}, "REGARDS_BAD_FIELD", /^owner is empty/],
    ["whose session is not there", { session: undefined }, {}, "REGARDS_BAD_FIELD", /^session is missing/],
    ["whose session is a date", { session: new Date(0) }, {}, "REGARDS_BAD_FIELD", /^session is a Date/],
    [
      "whose content type is an object",
      { contentType: {} },
      {},
      "REGARDS_BAD_FIELD",
      /^contentType is an object/,
    ],
    ["with a header too long", { owner: "x".repeat(256) }, {}, "REGARDS_BAD_FIELD", /^owner has 256 .* 255/],
    [
      "with an id too long",
      { correlationId: "x".repeat(101) },
      {},
      "REGARDS_BAD_FIELD",
      /^correlationId .* 100/,
    ],
    ["whose owner is blank", { owner: " " }, {}, "REGARDS_BAD_FIELD", /^owner is empty/],
    ["whose content type is missing", { contentType: "" }, {}, "REGARDS_BAD_FIELD", /^contentType is empty/],
    ["whose session is true", { session: true }, {}, "REGARDS_BAD_FIELD", /^session is true \(a boolean\)/],
    ["whose owner has two lines", { owner: "a\nb" }, {}, "REGARDS_BAD_FIELD", /^owner holds a control/],
    [
      "with a session too long",
      { session: "x".repeat(256) },
      {},
      "REGARDS_BAD_FIELD",
      /^session has 256 .* 255/,
    ],
    ["whose id is an object", { correlationId: {} }, {}, "REGARDS_BAD_FIELD", /^correlationId is an object/],
    ["whose id is blank", { correlationId: " " }, {}, "REGARDS_BAD_FIELD", /^correlationId is empty/],
    ["of a number", {}, 7, "REGARDS_BAD_BODY", /^msg\.payload is 7 \(a number\)/],
    ["nested too deep", {}, deep(200), "REGARDS_TOO_DEEP", /more than 100 levels/],
    ["of a text", {}, '{"a":1}', "REGARDS_BAD_BODY", /^msg\.payload is the text/],
    ["of a Buffer", {}, Buffer.from("{}"), "REGARDS_BAD_BODY", /^msg\.payload is a Buffer/],
    ["of an array", {}, [], "REGARDS_BAD_BODY", /^msg\.payload is an array/],
    ["of nothing", {}, null, "REGARDS_BAD_BODY", /^msg\.payload is null/],
    ["with a date inside", {}, { at: new Date(0) }, "REGARDS_BAD_BODY", /^msg\.payload\.at is a Date/],
    ["with an unsafe key", {}, JSON.parse('{"__proto__":{}}'), "REGARDS_UNSAFE_KEY", /"__proto__"/],
    ["that is too large", {}, { a: "x".repeat(9e6) }, "REGARDS_TOO_LARGE", /^msg\.payload has \d+ bytes/],
  ] as const) {
    it(`is refused ${title}`, () => {
      assert.throws(
        () => workerRequests.build(asked(values, payload), SYSTEM),
        (error) => {
          assert.ok(error instanceof RequestError);
          assert.equal(error.code, code);
          assert.match(error.message, words);
          return true;
        },
      );
    });
  }

  it("is refused where the broker node names no tenant: REGARDS would drop it in silence", () => {
    assert.throws(() => workerRequests.build(asked(), { ...SYSTEM, tenant: undefined }), {
      code: "REGARDS_NO_TENANT",
    });
  });

  it("says what it asked for, refused ones as far as they can be read", () => {
    assert.deepEqual(workerRequests.details(asked({ session: 7, owner: {} }), []), {
      correlationId: "nodered-b-1",
      owner: null,
      session: "7",
      contentType: "count-bytes",
    });
  });
});
