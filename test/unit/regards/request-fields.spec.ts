/** What a request may be made of: every bad value refused with its code, in a sentence that names field and value. */
import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import { RequestError } from "../../../src/regards/publication";
import {
  requestBody,
  requestCorrelationId,
  requestTenant,
  requestText,
} from "../../../src/regards/request-fields";

const SYSTEM = { tenant: "project1", address: undefined, namespace: "regards", appId: "node-red" };

/** What is thrown, as code and sentence. */
function refusalOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof RequestError, String(error));
    return `${error.code}: ${error.message}`;
  }
  throw new Error("it was not refused");
}

function nested(levels: number): object {
  return Array.from({ length: levels - 1 }).reduce<object>((inner) => ({ inner }), {});
}

describe("the body of a request", () => {
  it("is the JSON of any plain object, one made in a function node too", () => {
    const body = { text: "é", list: [1, null, { yes: true }], left: undefined };

    assert.equal(requestBody(body, "msg.payload").toString(), '{"text":"é","list":[1,null,{"yes":true}]}');
    assert.equal(requestBody(runInNewContext("({ a: [{}] })"), "msg.payload").toString(), '{"a":[{}]}');
    assert.equal(requestBody(Object.create(null), "msg.payload").toString(), "{}");
    assert.ok(requestBody(nested(100), "msg.payload").length > 100);
  });

  const itself: Record<string, unknown> = {};
  itself.again = itself;
  const explosive = Array.from({ length: 60 }).reduce<object>((inner) => ({ one: inner, two: inner }), {});
  for (const [title, body, expected] of [
    ["nothing", undefined, /BAD_BODY: msg\.payload is missing; it must be a JSON object/],
    ["null", null, /BAD_BODY: msg\.payload is null;/],
    ["a text, even one of JSON", '{"a":1}', /BAD_BODY: msg\.payload is the text "\{"a":1\}"; .* json node/],
    ["a number", 42, /BAD_BODY: msg\.payload is 42 \(a number\);/],
    ["an array", [{}], /BAD_BODY: msg\.payload is an array;/],
    ["a Buffer", Buffer.from("{}"), /BAD_BODY: msg\.payload is a Buffer of 2 bytes;/],
    ["a date", new Date(0), /BAD_BODY: msg\.payload is a Date, not plain JSON;/],
    ["a map", new Map(), /BAD_BODY: msg\.payload is a Map, not plain JSON;/],
    ["a date inside", { when: [new Date(0)] }, /BAD_BODY: msg\.payload\.when\[0\] is a Date/],
    ["a Buffer inside", { a: { b: Buffer.alloc(3) } }, /BAD_BODY: msg\.payload\.a\.b is a Buffer of 3 bytes/],
    ["a number JSON has not", { n: Number.NaN }, /BAD_BODY: msg\.payload\.n is NaN \(a number\)/],
    ["a bigint", { n: 1n }, /BAD_BODY: msg\.payload\.n is 1 \(a bigint\)/],
    ["a function", { f: () => 1 }, /BAD_BODY: msg\.payload\.f is a function/],
    [
      "a key that changes prototypes",
      JSON.parse('{"a":{"__proto__":{}}}'),
      /UNSAFE_KEY: msg\.payload\.a has/,
    ],
    ["what is nested too deep", nested(101), /TOO_DEEP: msg\.payload is nested more than 100/],
    ["what holds itself", itself, /TOO_DEEP: msg\.payload .* holds itself/],
    ["what is too large", { a: "x".repeat(8 * 1024 * 1024) }, /TOO_LARGE: msg\.payload has 8388616 bytes/],
    ["what would be too large, before it is written", explosive, /TOO_LARGE: msg\.payload has more than/],
  ] as const) {
    it(`is not ${title}`, () => {
      assert.match(
        refusalOf(() => requestBody(body, "msg.payload")),
        expected,
      );
    });
  }
});

describe("a field of a request", () => {
  it("is a text, and a whole number written as one", () => {
    assert.equal(requestText("2025-01-23", "session"), "2025-01-23");
    assert.equal(requestText(20250123, "session"), "20250123");
    assert.equal(requestText("x".repeat(255), "session").length, 255);
  });

  for (const [title, value, expected] of [
    ["missing", undefined, /BAD_FIELD: session is missing; it must be a text of at most 255 characters/],
    ["blank", " ", /BAD_FIELD: session is empty/],
    ["too long", "x".repeat(256), /BAD_FIELD: session has 256 characters; REGARDS keeps at most 255/],
    ["of two lines", "a\nb", /BAD_FIELD: session holds a control character/],
    ["an object", {}, /BAD_FIELD: session is an object/],
    ["a date", new Date(0), /BAD_FIELD: session is a Date/],
    ["a fraction", 1.5, /BAD_FIELD: session is 1\.5 \(a number\)/],
    ["true", true, /BAD_FIELD: session is true \(a boolean\)/],
    ["a Buffer", Buffer.from("x"), /BAD_FIELD: session is a Buffer of 1 bytes/],
  ] as const) {
    it(`is not ${title}`, () => {
      assert.match(
        refusalOf(() => requestText(value, "session")),
        expected,
      );
    });
  }

  it("has the correlation id that is given, or else the one that was made", () => {
    const asked = (correlationId?: unknown) => ({
      values: { correlationId },
      payload: {},
      correlationId: "made",
    });

    assert.deepEqual(
      [undefined, null, "", "given", 42].map((given) => requestCorrelationId(asked(given))),
      ["made", "made", "made", "given", "42"],
    );
    assert.match(
      refusalOf(() => requestCorrelationId(asked("x".repeat(101)))),
      /has 101 characters; .* 100/,
    );
    assert.match(
      refusalOf(() => requestCorrelationId(asked("語".repeat(90)))),
      /has 270 bytes/,
    );
  });

  it("has the one tenant the broker node names", () => {
    assert.equal(requestTenant(SYSTEM), "project1");
    assert.match(
      refusalOf(() => requestTenant({ ...SYSTEM, tenant: undefined })),
      /NO_TENANT/,
    );
  });
});
