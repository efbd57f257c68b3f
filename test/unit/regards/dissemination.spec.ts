/** What a flow is told of a disseminated product, beyond the wire table: its URN for ack out, and what it is told by. */
import assert from "node:assert/strict";
import { urnsIn } from "../../../src/regards/acknowledgement";
import { decode } from "../../../src/regards/decode";
import { sampleEvent, sampleNames } from "../../../src/regards/samples";
import { dissemination } from "../../../src/regards/services";

const TENANT = { "regards.tenant": "project1" };
const URN = "URN:FEATURE:DATA:project1:87fdda0e-27d1-494f-a1c0-c57f2f0810f7:V1";

function decoded(body: object, headers: object = TENANT) {
  const incoming = {
    body: Buffer.from(JSON.stringify(body)),
    headers: { ...headers },
    correlationId: undefined,
  };
  const event = decode(dissemination, incoming, undefined);
  assert.ok(event.recognised, JSON.stringify(event));
  return event;
}

describe("a dissemination", () => {
  for (const name of sampleNames(dissemination).slice(0, -1)) {
    it(`of ${name} is acknowledged with nothing between: ack out finds its URN in the payload`, () => {
      const event = decode(
        dissemination,
        sampleEvent(dissemination, name, 'a"$&b') ?? assert.fail(),
        undefined,
      );

      assert.ok(event.recognised);
      assert.deepEqual(urnsIn(event.payload), [event.details.urn]);
      assert.match(String(event.details.urn), /^URN:(?:AIP|FEATURE):DATA:a"\$&b:/);
    });
  }

  it("with its URN in the AIP only is acknowledged too", () => {
    const { payload, details } = decoded({ payload: { aip: { id: URN } }, metadata: { action: "INGEST" } });

    assert.deepEqual([details.urn, ...urnsIn(payload)], [URN, URN]);
  });

  for (const [version, found] of [
    ["V1", 1],
    ["V12,3", 12],
    ["V999:REV2", 999],
    ["LAST", null],
    ["V1000", null],
    ["", null],
  ] as const) {
    it(`of a feature with the version "${version}" in its URN has the version ${found}`, () => {
      const urn = URN.replace("V1", version);

      const { details } = decoded({ payload: { urn }, metadata: { action: "CREATED" } });

      assert.equal(details.version, found);
    });
  }

  it("that rs-notifier sends again has the same id, whatever the order of its keys", () => {
    const first = decoded({
      payload: { urn: URN, files: [], a: { b: 1, c: 2 } },
      metadata: { action: "COPY" },
    });
    const again = decoded({
      metadata: { action: "COPY" },
      payload: { a: { c: 2, b: 1 }, files: [], urn: URN },
    });

    assert.match(String(first.details.notificationId), /^[0-9a-f]{32}$/);
    assert.equal(again.details.notificationId, first.details.notificationId);
  });

  it("has another id when anything in it is another: product, action, tenant, date", () => {
    const payload = { urn: URN, lastUpdate: "2024-06-14T11:03:09Z" };
    const others = [
      decoded({ payload, metadata: { action: "COPY" } }),
      decoded({ payload: { ...payload, lastUpdate: "2024-06-14T11:03:10Z" }, metadata: { action: "COPY" } }),
      decoded({ payload: { ...payload, urn: URN.replace("V1", "V2") }, metadata: { action: "COPY" } }),
      decoded({ payload, metadata: { action: "CREATED" } }),
      decoded({ payload, metadata: { action: "COPY" } }, { "regards.tenant": "project2" }),
      decoded({ payload, metadata: { action: "COPY" } }, {}),
    ];

    assert.equal(new Set(others.map(({ details }) => details.notificationId)).size, others.length);
  });
});
