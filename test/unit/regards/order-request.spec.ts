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
