/** The wire table against the decoder alone; the same table goes through a real broker in test/nodes. */
import assert from "node:assert/strict";
import { decode } from "../../../src/regards/decode";
import { order, outputNames, worker } from "../../../src/regards/services";
import { bytesOf, serviceOf, UNRECOGNISED, type WireCase, wireTable } from "../../regards/wire-table";

describe("decoding REGARDS events", () => {
  for (const wireCase of wireTable) {
    it(`${wireCase.service}: ${wireCase.title}`, () => {
      const decoded = decode(serviceOf(wireCase), incoming(wireCase), undefined);

      if (wireCase.output === UNRECOGNISED) {
        assert.equal(decoded.recognised, false);
        assert.equal(decoded.recognised ? undefined : decoded.code, wireCase.error);
        return;
      }
      assert.ok(decoded.recognised, JSON.stringify(decoded));
      assert.equal(outputNames(serviceOf(wireCase))[decoded.output], wireCase.output);
      assert.equal(decoded.status, wireCase.topic ?? wireCase.output);
      for (const [field, expected] of Object.entries(wireCase.payload ?? {})) {
        assert.deepEqual(decoded.payload[field], expected, field);
      }
    });
  }

  it("keeps every field of a body, known or not", () => {
    const body = { status: "GRANTED", orderId: 1, futureField: { deep: [1, 2] } };

    const decoded = decode(
      order,
      { body: Buffer.from(JSON.stringify(body)), headers: {}, correlationId: undefined },
      undefined,
    );

    assert.deepEqual(decoded.payload, body);
  });

  it("decodes a worker's result of several megabytes", () => {
    const result = "x".repeat(5_500_000);
    const content = Buffer.from(JSON.stringify({ result })).toString("base64");
    const body = Buffer.from(JSON.stringify({ state: "SUCCESS", requestId: "r-1", content }));

    const decoded = decode(worker, { body, headers: {}, correlationId: undefined }, undefined);

    assert.deepEqual((decoded.payload as { content?: unknown }).content, { result });
  });

  for (const [title, body] of [
    ["cannot be read", Buffer.from("no JSON")],
    ["is too large to be read", Buffer.alloc(8 * 1024 * 1024 + 1, " ")],
  ] as const) {
    it(`knows whose answer it is by the headers when the body ${title}`, () => {
      const headers = { "regards.request.id": "r-7" };

      const ofWorker = decode(worker, { body, headers, correlationId: undefined }, undefined);
      const ofOrder = decode(order, { body, headers: {}, correlationId: "c-7" }, undefined);

      assert.deepEqual([ofWorker.correlationId, ofOrder.correlationId], ["r-7", "c-7"]);
    });
  }

  it("reads a body that starts with a byte order mark", () => {
    const body = Buffer.from('\ufeff{"status":"GRANTED"}');

    assert.ok(decode(order, { body, headers: {}, correlationId: undefined }, undefined).recognised);
  });
});

describe("the address to download from", () => {
  const address = "https://regards.example/prefix";
  const link = "http://elsewhere.example/api/v1/rs-order/user/orders/9/download";

  const detailsOf = (body: object, at: string | undefined) =>
    order.details(
      body as Record<string, unknown>,
      { body: Buffer.alloc(0), headers: {}, correlationId: undefined },
      at,
    );

  it("is rebuilt from the order id when the REGARDS address is known, whatever the link says", () => {
    assert.deepEqual(detailsOf({ orderId: 1234, downloadLink: link }, address).details, {
      downloadUrl: "https://regards.example/prefix/api/v1/rs-order/user/orders/1234/download",
    });
  });

  for (const orderId of [
    "../../admin",
    "1/../../x",
    { a: 1 },
    -1,
    1.5,
    Number.NaN,
    null,
    undefined,
    "12%2f",
  ]) {
    it(`is not made of the order id ${JSON.stringify(orderId)}`, () => {
      const { details, unusableLink } = detailsOf({ orderId, downloadLink: link }, address);

      assert.deepEqual(details, {});
      assert.equal(unusableLink, true);
    });
  }

  for (const hostile of [
    "file:///etc/passwd",
    "javascript:alert(1)",
    "null/api/v1/rs-order/user/orders/1/download",
    "test-host:666/api",
    "//host/path",
    "https://user:secret@host/path",
    "https://host\\@evil/",
    "https:// host/",
    "ftp://host/x",
  ]) {
    it(`is not the link ${hostile}`, () => {
      const { details, unusableLink } = detailsOf({ orderId: 1, downloadLink: hostile }, undefined);

      assert.deepEqual(details, {});
      assert.equal(unusableLink, true);
    });
  }

  it("does not exist when the event announces nothing", () => {
    assert.deepEqual(detailsOf({ orderId: 1, status: "DONE" }, address), {
      details: {},
      unusableLink: false,
    });
  });
});

function incoming(wireCase: WireCase) {
  return { body: bytesOf(wireCase), headers: wireCase.headers ?? {}, correlationId: wireCase.correlationId };
}
