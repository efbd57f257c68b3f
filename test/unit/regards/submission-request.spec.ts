/** Submissions as rs-lta-manager takes them: every good one as it is published, every bad one refused. */
import assert from "node:assert/strict";
import { RequestError } from "../../../src/regards/publication";
import { submissionRequests } from "../../../src/regards/requests";

const SYSTEM = { tenant: "project1", address: undefined, namespace: "regards", appId: "node-red" };
const FILE = {
  type: "RAWDATA",
  url: "file:/input/p1/data.nc",
  filename: "data.nc",
  checksumMd5: "f016852239a8a919f05f6d2225c5aaca",
  mimeType: "application/x-netcdf",
};
const BODY = { productId: "P1", datatype: "SWOT_L2", files: [FILE] };

function asked(payload: unknown = BODY, values: object = {}) {
  return {
    values: { owner: "me", session: "", correlationId: "", ...values },
    payload,
    correlationId: "made",
  };
}

function publication(payload?: unknown, values?: object) {
  const [only] = submissionRequests.build(asked(payload, values), SYSTEM);
  assert.ok(only);
  return { ...only, content: JSON.parse(only.content.toString()) };
}

describe("a submission", () => {
  it("is the payload with its correlation id, on the exchange of the request event, with REGARDS' headers", () => {
    assert.deepEqual(publication(), {
      key: "made",
      service: "submission",
      tenant: "project1",
      exchange: "regards.broadcast.fr.cnes.regards.modules.ltamanager.amqp.input.SubmissionRequestDtoEvent",
      content: { ...BODY, correlationId: "made" },
      properties: {
        contentType: "application/json",
        contentEncoding: "UTF-8",
        priority: 1,
        appId: "node-red",
        correlationId: "made",
        headers: { "regards.tenant": "project1", "regards.request.owner": "me" },
      },
    });
  });

  it("keeps everything else REGARDS takes", () => {
    const more = {
      geometry: { type: "Point", coordinates: [1.44, 43.6] },
      properties: { type: "L2", deep: { date: "2025-01-23T10:00:00Z" } },
      tags: ["swot"],
      originUrn: "URN:FEATURE:DATA:proj:87fdda0e-27d1-494f-a1c0-c57f2f0810f7:V1",
      storePath: "/2025/01/23",
      session: "of the body",
      replaceMode: false,
      anything: "else",
    };

    assert.deepEqual(publication({ ...BODY, ...more }).content, { ...BODY, ...more, correlationId: "made" });
  });

  for (const [title, payload, values, content, more] of [
    ["with a client's application id", {}, { appId: "client" }, {}, { appId: "client" }],
    [
      "with numbers where REGARDS wants texts",
      { productId: 5 },
      { owner: 7 },
      { productId: "5" },
      { owner: "7" },
    ],
    [
      "with nulls where REGARDS takes nothing",
      { geometry: null, storePath: null, tags: null, correlationId: null },
      {},
      { geometry: null, storePath: null, tags: null },
      {},
    ],
    [
      "with its id and its session in the body",
      { session: 3, correlationId: 4 },
      {},
      { session: "3", correlationId: "4" },
      {},
    ],
  ] as const) {
    it(`is published as it should be ${title}`, () => {
      const { key, ...published } = publication({ ...BODY, ...payload }, values);
      const { owner = "me", appId = "node-red" }: { owner?: string; appId?: string } = more;

      const expected = { ...BODY, correlationId: "made", ...content };
      assert.deepEqual(published, {
        ...{ service: "submission", tenant: "project1", content: expected },
        exchange: "regards.broadcast.fr.cnes.regards.modules.ltamanager.amqp.input.SubmissionRequestDtoEvent",
        properties: {
          ...{ contentType: "application/json", contentEncoding: "UTF-8", priority: 1, appId },
          correlationId: expected.correlationId,
          headers: { "regards.tenant": "project1", "regards.request.owner": owner },
        },
      });
      assert.equal(key, expected.correlationId);
    });
  }

  it("takes correlation id and session from the dialog before the body", () => {
    const body = { ...BODY, correlationId: "of the body", session: "of the body" };

    assert.deepEqual(
      [publication(body).key, publication(body).content.session],
      ["of the body", "of the body"],
    );
    const { key, content } = publication(body, { correlationId: "mine", session: 7 });
    assert.deepEqual([key, content.correlationId, content.session], ["mine", "mine", "7"]);
  });

  for (const geometry of [
    { type: "MultiPoint", coordinates: [[1, 2]] },
    {
      type: "LineString",
      coordinates: [
        [1, 2],
        [3, 4, 5],
      ],
    },
    {
      type: "Polygon",
      coordinates: [
        [
          [0, 0],
          [0, 1],
          [1, 1],
          [0, 0],
        ],
      ],
    },
    {
      type: "MultiPolygon",
      coordinates: [
        [
          [
            [0, 0],
            [0, 1],
            [1, 1],
            [0, 0],
          ],
        ],
      ],
    },
    { type: "GeometryCollection", geometries: [{ type: "Point", coordinates: [1, 2] }] },
  ]) {
    it(`may lie in a ${geometry.type}`, () => {
      assert.deepEqual(publication({ ...BODY, geometry }).content.geometry, geometry);
    });
  }

  const file = (change: object) => ({ ...BODY, files: [FILE, { ...FILE, ...change }] });
  const itself: Record<string, unknown> = { type: "GeometryCollection" };
  itself.geometries = [itself];
  for (const [title, payload, values, code, words] of [
    ["of a text", "{}", {}, "BAD_BODY", /^msg\.payload is the text/],
    ["of a Buffer", Buffer.from("{}"), {}, "BAD_BODY", /^msg\.payload is a Buffer/],
    [
      "without a product id",
      { ...BODY, productId: undefined },
      {},
      "BAD_FIELD",
      /^msg\.payload\.productId is missing/,
    ],
    [
      "with a blank datatype",
      { ...BODY, datatype: " " },
      {},
      "BAD_FIELD",
      /^msg\.payload\.datatype is empty/,
    ],
    ["with a datatype too long", { ...BODY, datatype: "x".repeat(256) }, {}, "BAD_FIELD", /256 .* 255/],
    ["of an array", [], {}, "BAD_BODY", /^msg\.payload is an array/],
    ["of null", null, {}, "BAD_BODY", /^msg\.payload is null/],
    [
      "with a product id too long",
      { ...BODY, productId: "x".repeat(256) },
      {},
      "BAD_FIELD",
      /productId has 256 .* 255/,
    ],
    ["without a datatype", { ...BODY, datatype: undefined }, {}, "BAD_FIELD", /datatype is missing/],
    ["with no list of files", { ...BODY, files: FILE }, {}, "BAD_FIELD", /files must be an array/],
    ["with null for a file", { ...BODY, files: [null] }, {}, "BAD_BODY", /files\[0\] is null/],
    ["with no address", file({ url: undefined }), {}, "BAD_FIELD", /files\[1\]\.url is missing/],
    ["with a number for an address", file({ url: 5 }), {}, "BAD_FIELD", /files\[1\]\.url is "5"/],
    [
      "with an address in capitals, which REGARDS does not know",
      file({ url: "HTTP://h/a" }),
      {},
      "BAD_FIELD",
      /url is/,
    ],
    ["with no type of file", file({ type: undefined }), {}, "BAD_FIELD", /files\[1\]\.type is missing/],
    ["with a blank file name", file({ filename: " " }), {}, "BAD_FIELD", /files\[1\]\.filename is empty/],
    ["with no checksum", file({ checksumMd5: undefined }), {}, "BAD_FIELD", /checksumMd5 is missing/],
    ["with no mime type", file({ mimeType: undefined }), {}, "BAD_FIELD", /mimeType is missing/],
    ["with a wild mime type", file({ mimeType: "*/*" }), {}, "BAD_FIELD", /mimeType is "\*\/\*"/],
    ["with a number for a store path", { ...BODY, storePath: 5 }, {}, "BAD_FIELD", /storePath may hold/],
    ["with a store path too long", { ...BODY, storePath: "a".repeat(256) }, {}, "BAD_FIELD", /1 to 255/],
    ["with a number for a tag", { ...BODY, tags: [5] }, {}, "BAD_FIELD", /tags must be an array of texts/],
    ["with a text for a geometry", { ...BODY, geometry: "POINT(1 2)" }, {}, "BAD_FIELD", /geometry must be/],
    [
      "with a number JSON has not among its coordinates",
      { ...BODY, geometry: { type: "Point", coordinates: [Number.NaN, 1] } },
      {},
      "BAD_BODY",
      /coordinates\[0\] is NaN/,
    ],
    ["with an unsafe key in a file", file(JSON.parse('{"__proto__":5}')), {}, "UNSAFE_KEY", /files\[1\] has/],
    [
      "with a blank correlation id",
      { ...BODY, correlationId: " " },
      {},
      "BAD_FIELD",
      /^correlationId is empty/,
    ],
    [
      "with an object for one",
      { ...BODY, correlationId: {} },
      {},
      "BAD_FIELD",
      /^correlationId is an object/,
    ],
    ["with a blank session in its body", { ...BODY, session: "" }, {}, "BAD_FIELD", /^session is empty/],
    [
      "whose owner is in the body only",
      { ...BODY, owner: "x" },
      { owner: "" },
      "BAD_FIELD",
      /^owner is empty/,
    ],
    ["with an object for an owner", BODY, { owner: {} }, "BAD_FIELD", /^owner is an object/],
    [
      "with an application id too long",
      BODY,
      { appId: "x".repeat(256) },
      "BAD_FIELD",
      /^appId has 256 .* 255/,
    ],
    [
      "that is too large",
      { ...BODY, properties: { a: "x".repeat(9e6) } },
      {},
      "TOO_LARGE",
      /at most 8388608/,
    ],
    ["without files", { ...BODY, files: [] }, {}, "BAD_FIELD", /^msg\.payload\.files must be an array/],
    [
      "whose file is a text",
      { ...BODY, files: ["x"] },
      {},
      "BAD_BODY",
      /^msg\.payload\.files\[0\] is the text/,
    ],
    [
      "with an unknown type of file",
      file({ type: "DATA" }),
      {},
      "BAD_FIELD",
      /files\[1\]\.type is "DATA".*RAWDATA/,
    ],
    [
      "with an address Java cannot read",
      file({ url: "s3://b/k" }),
      {},
      "BAD_FIELD",
      /files\[1\]\.url is "s3:/,
    ],
    ["with a blank in an address", file({ url: "file:/a b" }), {}, "BAD_FIELD", /files\[1\]\.url/],
    [
      "with a wrong checksum",
      file({ checksumMd5: "abc" }),
      {},
      "BAD_FIELD",
      /files\[1\]\.checksumMd5 is "abc"/,
    ],
    [
      "with no type of content",
      file({ mimeType: "tiff" }),
      {},
      "BAD_FIELD",
      /files\[1\]\.mimeType is "tiff"/,
    ],
    ["with no file name", file({ filename: null }), {}, "BAD_FIELD", /files\[1\]\.filename is null/],
    ["with dots in its store path", { ...BODY, storePath: "a.b" }, {}, "BAD_FIELD", /storePath may hold/],
    ["with an empty store path", { ...BODY, storePath: "" }, {}, "BAD_FIELD", /storePath may hold/],
    [
      "with a text for replaceMode",
      { ...BODY, replaceMode: "true" },
      {},
      "BAD_FIELD",
      /replaceMode is "true"/,
    ],
    ["with tags that are no list", { ...BODY, tags: "a" }, {}, "BAD_FIELD", /tags must be/],
    [
      "with properties that are a list",
      { ...BODY, properties: [] },
      {},
      "BAD_BODY",
      /properties is an array/,
    ],
    [
      "with a date in its properties",
      { ...BODY, properties: { at: new Date(0) } },
      {},
      "BAD_BODY",
      /at is a Date/,
    ],
    [
      "with an unknown geometry",
      { ...BODY, geometry: { type: "Circle" } },
      {},
      "BAD_FIELD",
      /geometry\.type is "Circle"/,
    ],
    [
      "with a ring left open",
      {
        ...BODY,
        geometry: {
          type: "Polygon",
          coordinates: [
            [
              [0, 0],
              [0, 1],
              [1, 1],
              [1, 0],
            ],
          ],
        },
      },
      {},
      "BAD_FIELD",
      /coordinates are not those of a Polygon/,
    ],
    [
      "with texts for coordinates",
      { ...BODY, geometry: { type: "Point", coordinates: ["1", "2"] } },
      {},
      "BAD_FIELD",
      /of a Point/,
    ],
    ["with a geometry that holds itself", { ...BODY, geometry: itself }, {}, "TOO_DEEP", /holds itself/],
    [
      "with an unsafe key",
      { ...BODY, properties: JSON.parse('{"__proto__":1}') },
      {},
      "UNSAFE_KEY",
      /__proto__/,
    ],
    ["with a session too long", BODY, { session: "x".repeat(129) }, "BAD_FIELD", /^session has 129 .* 128/],
    ["without an owner", BODY, { owner: "" }, "BAD_FIELD", /^owner is empty/],
    ["with an owner too long", BODY, { owner: "x".repeat(129) }, "BAD_FIELD", /^owner has 129 .* 128/],
    [
      "with a correlation id too long",
      { ...BODY, correlationId: "x".repeat(101) },
      {},
      "BAD_FIELD",
      /^correlationId has 101/,
    ],
  ] as const) {
    it(`is refused ${title}`, () => {
      assert.throws(
        () => submissionRequests.build(asked(payload, values), SYSTEM),
        (error) => {
          assert.ok(error instanceof RequestError, String(error));
          assert.equal(error.code, `REGARDS_${code}`);
          assert.match(error.message, words);
          return true;
        },
      );
    });
  }

  it("is refused where the broker node names no tenant", () => {
    assert.throws(() => submissionRequests.build(asked(), { ...SYSTEM, tenant: undefined }), {
      code: "REGARDS_NO_TENANT",
    });
  });

  it("says what it submitted, a refused one as far as it can be read", () => {
    assert.deepEqual(submissionRequests.details(asked({ ...BODY, datatype: {} }), []), {
      ...{ correlationId: "made", owner: "me", session: null, productId: "P1", datatype: null },
    });
    assert.equal(submissionRequests.details(asked("text"), []).correlationId, null);
  });
});
