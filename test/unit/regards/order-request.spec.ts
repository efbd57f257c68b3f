/** Orders as rs-order takes them: every good one as it is published, every bad one refused. */
import assert from "node:assert/strict";
import { javaPatternFault } from "../../../src/regards/java-pattern";
import { RequestError } from "../../../src/regards/publication";
import { orderRequests } from "../../../src/regards/requests";

const SYSTEM = { tenant: "project1", address: undefined, namespace: "regards", appId: "node-red" };
const BLANK = { dataTypes: "", fileNames: "", sizeLimit: "", correlationId: "" };
const ORDER = "regards.broadcast.fr.cnes.regards.modules.order.amqp.input.OrderRequestDtoEvent";
const CANCEL = "regards.broadcast.fr.cnes.regards.modules.order.amqp.input.OrderCancelRequestDtoEvent";

function asked(payload: unknown, values: object = {}) {
  return {
    values: { action: "order", ask: "products", user: "me", ...BLANK, ...values },
    payload,
    correlationId: "made",
  };
}

function publication(payload: unknown, values?: object) {
  const [only] = orderRequests.build(asked(payload, values), SYSTEM);
  assert.ok(only);
  return { ...only, content: JSON.parse(only.content.toString()) };
}

describe("an order", () => {
  it("is a quoted query for the products that are named, with REGARDS' one header", () => {
    assert.deepEqual(publication(["P1", 'a "b\\c', "P1"]), {
      key: "made",
      service: "order",
      tenant: "project1",
      exchange: ORDER,
      content: {
        queries: ['providerId:("P1" OR "a \\"b\\\\c") AND last:true'],
        correlationId: "made",
        user: "me",
      },
      properties: {
        contentType: "application/json",
        contentEncoding: "UTF-8",
        priority: 1,
        appId: "node-red",
        correlationId: "made",
        headers: { "regards.tenant": "project1" },
      },
    });
    assert.deepEqual(publication("P1").content.queries, ['providerId:("P1") AND last:true']);
  });

  it("takes queries as they are, and a whole request", () => {
    assert.deepEqual(publication('id:"x"', { ask: "queries" }).content.queries, ['id:"x"']);
    assert.deepEqual(publication(["a", "b"], { ask: "queries" }).content.queries, ["a", "b"]);
    const whole = {
      correlationId: "mine",
      user: "john",
      queries: ["a"],
      filters: { dataTypes: ["RAWDATA"], filenameRegExp: ".*\\.zip" },
      sizeLimitInBytes: 5,
    };
    assert.deepEqual(publication(whole, { ask: "request", user: "" }).content, whole);
  });

  it("has both data types where only file names are given, and numbers as numbers", () => {
    const { filters, sizeLimitInBytes } = publication("P1", {
      fileNames: "(?i).*\\.tif",
      sizeLimit: "12",
    }).content;

    assert.deepEqual(filters, { dataTypes: ["RAWDATA", "QUICKLOOK"], filenameRegExp: "(?i).*\\.tif" });
    assert.equal(sizeLimitInBytes, 12);
    const { filters: one } = publication("P1", { dataTypes: "RAWDATA, QUICKLOOK" }).content;
    assert.deepEqual(one, { dataTypes: ["RAWDATA", "QUICKLOOK"] });
  });

  for (const payload of [1234, "1234", { orderId: 1234, status: "FAILED" }]) {
    it(`is cancelled by ${JSON.stringify(payload)}`, () => {
      const { exchange, content } = publication(payload, { action: "cancel", user: "" });
      assert.deepEqual([exchange, content], [CANCEL, { orderId: 1234, correlationId: "made" }]);
    });
  }

  const body = { correlationId: "made", user: "me" };
  for (const [title, payload, values, exchange, content] of [
    ["of a number of a product", 5, {}, ORDER, { ...body, queries: ['providerId:("5") AND last:true'] }],
    [
      "with a size as a text",
      "P1",
      { sizeLimit: "12" },
      ORDER,
      { ...body, queries: ['providerId:("P1") AND last:true'], sizeLimitInBytes: 12 },
    ],
    [
      "with a list of data types",
      "P1",
      { dataTypes: ["QUICKLOOK"] },
      ORDER,
      { ...body, queries: ['providerId:("P1") AND last:true'], filters: { dataTypes: ["QUICKLOOK"] } },
    ],
    ["of a query", 'id:"x"', { ask: "queries" }, ORDER, { ...body, queries: ['id:"x"'] }],
    [
      "that is whole, with empty filters and a blank pattern, which REGARDS would deny or take for none",
      { queries: ["a"], filters: { filenameRegExp: "" }, sizeLimitInBytes: "7" },
      { ask: "request" },
      ORDER,
      { ...body, queries: ["a"], filters: { dataTypes: ["RAWDATA", "QUICKLOOK"] }, sizeLimitInBytes: 7 },
    ],
    [
      "that is whole, with nulls where REGARDS takes nothing",
      { queries: ["a"], filters: null, sizeLimitInBytes: null, correlationId: null },
      { ask: "request" },
      ORDER,
      { ...body, queries: ["a"] },
    ],
    [
      "that is whole, with what REGARDS does not know",
      { queries: ["a"], anything: { else: true } },
      { ask: "request" },
      ORDER,
      { ...body, queries: ["a"], anything: { else: true } },
    ],
    [
      "with its user and its id in the body",
      { queries: ["a"], user: "john", correlationId: 7 },
      { ask: "request", user: "" },
      ORDER,
      { queries: ["a"], user: "john", correlationId: "7" },
    ],
    ["that is cancelled", " 12 ", { action: "cancel" }, CANCEL, { orderId: 12, correlationId: "made" }],
  ] as const) {
    it(`is published as it should be ${title}`, () => {
      const { key, ...published } = publication(payload, values);

      assert.deepEqual(published, {
        ...{ service: "order", tenant: "project1", exchange, content },
        properties: {
          ...{ contentType: "application/json", contentEncoding: "UTF-8", priority: 1, appId: "node-red" },
          ...{ correlationId: content.correlationId, headers: { "regards.tenant": "project1" } },
        },
      });
      assert.equal(key, content.correlationId);
    });
  }

  const itself: Record<string, unknown> = {};
  itself.again = itself;
  const queries = { ask: "queries" };
  const request = { ask: "request" };
  const cancel = { action: "cancel" };
  for (const [title, payload, values, code, words] of [
    ["without a product", undefined, {}, "BAD_FIELD", /^msg\.payload is missing/],
    ["of no products", [], {}, "BAD_FIELD", /^msg\.payload is empty/],
    ["of a blank product", ["P1", " "], {}, "BAD_FIELD", /^msg\.payload\[1\] is empty/],
    ["of a Buffer", Buffer.from("P1"), {}, "BAD_FIELD", /^msg\.payload is a Buffer/],
    ["of a date", new Date(0), {}, "BAD_FIELD", /^msg\.payload is a Date/],
    ["with a blank query", ["a", ""], queries, "BAD_FIELD", /^Query 2 is blank, which would order the whole/],
    ["with no query", [], queries, "BAD_FIELD", /^The queries must be/],
    ["with a number for a query", [1], queries, "BAD_FIELD", /^Query 1 is no text/],
    ["with 1 MB of queries", ["x".repeat(1e6)], queries, "TOO_LARGE", /at most 1000000 bytes/],
    ["that is no object", "x", request, "BAD_BODY", /^msg\.payload is the text/],
    [
      "with an unsafe key",
      JSON.parse('{"queries":["a"],"__proto__":{}}'),
      request,
      "UNSAFE_KEY",
      /__proto__/,
    ],
    [
      "with empty filters",
      { queries: ["a"], filters: { dataTypes: [] } },
      request,
      "BAD_FIELD",
      /^dataTypes is \[\]/,
    ],
    ["that is an array", [], request, "BAD_BODY", /^msg\.payload is an array/],
    ["that is null", null, request, "BAD_BODY", /^msg\.payload is null/],
    ["that is a Buffer", Buffer.from("{}"), request, "BAD_BODY", /^msg\.payload is a Buffer of 2 bytes/],
    ["with no queries at all", {}, request, "BAD_FIELD", /^The queries must be/],
    ["whose query is no text", { queries: [null] }, request, "BAD_FIELD", /^Query 1 is no text/],
    ["of queries that are an object", {}, queries, "BAD_FIELD", /^The queries must be/],
    ["with a query of blanks", ["a", " \n"], queries, "BAD_FIELD", /^Query 2 is blank/],
    ["of an object", { id: "P1" }, {}, "BAD_FIELD", /^msg\.payload is an object/],
    ["of a product of two lines", "a\nb", {}, "BAD_FIELD", /^msg\.payload holds a control character/],
    ["of a product id too long", "x".repeat(256), {}, "BAD_FIELD", /^msg\.payload has 256 .* 255/],
    [
      "of so many products that they make 1 MB of a query",
      Array.from({ length: 100_000 }, (_, index) => `PRODUCT_${index}`),
      {},
      "TOO_LARGE",
      /at most 1000000 bytes/,
    ],
    [
      "with filters that are a list",
      { queries: ["a"], filters: [] },
      request,
      "BAD_BODY",
      /^msg\.payload\.filters is an array/,
    ],
    [
      "with null for a data type",
      { queries: ["a"], filters: { dataTypes: [null] } },
      request,
      "BAD_FIELD",
      /^dataTypes is \[null\].*RAWDATA, QUICKLOOK/,
    ],
    [
      "with a text where REGARDS wants a list of data types",
      { queries: ["a"], filters: { dataTypes: "RAWDATA" } },
      request,
      "BAD_FIELD",
      /^dataTypes is "RAWDATA"/,
    ],
    [
      "with a pattern in its filters that Java refuses",
      { queries: ["a"], filters: { dataTypes: ["RAWDATA"], filenameRegExp: "(" } },
      request,
      "BAD_FIELD",
      /^fileNames is "\("/,
    ],
    [
      "with an unsafe key in its filters",
      { queries: ["a"], filters: JSON.parse('{"__proto__":{}}') },
      request,
      "UNSAFE_KEY",
      /^msg\.payload\.filters has/,
    ],
    [
      "with a negative size in its body",
      { queries: ["a"], sizeLimitInBytes: -1 },
      request,
      "BAD_FIELD",
      /^sizeLimit is -1; .* above 0 \(bytes\)/,
    ],
    ["with a fraction of a size", "P1", { sizeLimit: 1.5 }, "BAD_FIELD", /^sizeLimit is 1\.5/],
    ["with a date for a size", "P1", { sizeLimit: new Date(0) }, "BAD_FIELD", /^sizeLimit is "1970-/],
    ["with a size beyond Java's", "P1", { sizeLimit: "9223372036854775808" }, "BAD_FIELD", /^sizeLimit is/],
    [
      "with a size without end",
      "P1",
      { sizeLimit: Number.POSITIVE_INFINITY },
      "BAD_FIELD",
      /^sizeLimit is Infinity/,
    ],
    ["with a bigint for a size", "P1", { sizeLimit: 12n }, "BAD_FIELD", /^sizeLimit is 12; /],
    ["with a size that holds itself", "P1", { sizeLimit: itself }, "BAD_FIELD", /^sizeLimit is an object; /],
    [
      "with data types that hold themselves",
      "P1",
      { dataTypes: [itself] },
      "BAD_FIELD",
      /^dataTypes is an array; /,
    ],
    [
      "with 1 MB for a size, of which a little is shown",
      "P1",
      { sizeLimit: "9".repeat(1e6) },
      "BAD_FIELD",
      /^sizeLimit is "9{59}…; it must be/,
    ],
    ["to cancel what holds itself", { orderId: itself }, cancel, "BAD_FIELD", /^orderId is an object; /],
    ["with an empty list of data types", "P1", { dataTypes: [] }, "BAD_FIELD", /^dataTypes is \[\]/],
    [
      "with a data type in small letters",
      "P1",
      { dataTypes: "rawdata" },
      "BAD_FIELD",
      /^dataTypes is \["raw/,
    ],
    ["with an object for a pattern", "P1", { fileNames: {} }, "BAD_FIELD", /^fileNames is an object/],
    ["with an object for an id", "P1", { correlationId: {} }, "BAD_FIELD", /^correlationId is an object/],
    [
      "with an id in its body that is too long",
      { queries: ["a"], correlationId: "x".repeat(101) },
      request,
      "BAD_FIELD",
      /^correlationId has 101 .* 100/,
    ],
    [
      "of nobody, with null in its body",
      { queries: ["a"], user: null },
      { ...request, user: "" },
      "BAD_FIELD",
      /^user is null/,
    ],
    ["of a blank user", "P1", { user: " " }, "BAD_FIELD", /^user is empty/],
    ["of a user that is an object", "P1", { user: {} }, "BAD_FIELD", /^user is an object/],
    ["without a user", "P1", { user: "" }, "BAD_FIELD", /^user is missing/],
    ["with a user too long", "P1", { user: "x".repeat(129) }, "BAD_FIELD", /^user has 129 .* 128/],
    ["with an id too long", "P1", { correlationId: "x".repeat(101) }, "BAD_FIELD", /^correlationId has 101/],
    [
      "with an unknown data type",
      "P1",
      { dataTypes: "RAW" },
      "BAD_FIELD",
      /^dataTypes is \["RAW"\].*RAWDATA/,
    ],
    ["with a pattern Java refuses", "P1", { fileNames: "*.tif" }, "BAD_FIELD", /^fileNames is "\*\.tif"/],
    ["with a size that is none", "P1", { sizeLimit: "big" }, "BAD_FIELD", /^sizeLimit is "big"/],
    ["with a size below 1", "P1", { sizeLimit: 0 }, "BAD_FIELD", /^sizeLimit is 0/],
    ["to cancel without an id", {}, cancel, "BAD_FIELD", /^orderId is missing/],
    ["to cancel what is no id", "x", cancel, "BAD_FIELD", /^orderId is "x"/],
    ["to cancel null", null, cancel, "BAD_FIELD", /^orderId is null/],
    ["to cancel order 0", 0, cancel, "BAD_FIELD", /^orderId is 0; .* above 0 \(order id\)/],
    ["to cancel a fraction", 1.5, cancel, "BAD_FIELD", /^orderId is 1\.5/],
    ["to cancel what JavaScript rounds", 2 ** 53, cancel, "BAD_FIELD", /^orderId is 9007199254740992/],
    ["to cancel a Buffer", Buffer.from("12"), cancel, "BAD_FIELD", /^orderId is missing/],
    ["to cancel a list", [12], cancel, "BAD_FIELD", /^orderId is missing/],
    [
      "to cancel with an id too long",
      12,
      { ...cancel, correlationId: "x".repeat(101) },
      "BAD_FIELD",
      /101 .* 100/,
    ],
  ] as const) {
    it(`is refused ${title}`, () => {
      assert.throws(
        () => orderRequests.build(asked(payload, values), SYSTEM),
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
    assert.throws(() => orderRequests.build(asked("P1"), { ...SYSTEM, tenant: undefined }), {
      code: "REGARDS_NO_TENANT",
    });
  });
});

describe("a pattern for file names", () => {
  for (const pattern of [
    ".*\\.zip",
    "(?i)a.*",
    "[A-Z]{2}_\\d+\\-x",
    "a++b",
    "(?>a|b)",
    "\\Qa{b\\E.*",
    "(?<n>a)\\k<n>",
  ]) {
    it(`may be ${pattern}`, () => assert.equal(javaPatternFault(pattern), undefined));
  }
  for (const pattern of ["*.tif", "(a", "a{", "[]", "[z-a]", "\\y", "(?<=a*)b", "\\u{41}"]) {
    it(`is not ${pattern}`, () => assert.ok(javaPatternFault(pattern)));
  }
});
