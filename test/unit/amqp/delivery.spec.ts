/** One delivery: settled once, and known again when it comes again. */
import assert from "node:assert/strict";
import type { Verdict } from "../../../src/amqp/settlements";
import { fakeDelivery } from "../../support/fake-delivery";

describe("a delivery", () => {
  it("is settled once, and not at all when its channel was lost before", () => {
    const verdicts: Verdict[] = [];
    const settled = (verdict: Verdict): void => void verdicts.push(verdict);
    const delivery = fakeDelivery({ settled });
    const lost = fakeDelivery({ settled });

    assert.equal(delivery.settle("accept"), true);
    assert.equal(delivery.settle("reject"), false);
    lost.lose();
    assert.equal(lost.settle("accept"), false);

    assert.deepEqual(verdicts, ["accept"]);
    assert.equal(delivery.verdict, "accept");
    assert.equal(lost.verdict, undefined);
  });

  it("has the fingerprint of its message, whatever the broker adds when it comes again", () => {
    const look = { content: "a", properties: { correlationId: "c", timestamp: 1 }, headers: { tenant: "t" } };
    const again = { ...look, tag: 7, redelivered: true, headers: { tenant: "t", "x-delivery-count": 3 } };

    assert.equal(fakeDelivery(look).fingerprint, fakeDelivery(again).fingerprint);
  });

  it("has the same when the broker has sorted its headers, as a quorum queue of 3.10 does", () => {
    const first = fakeDelivery({ headers: { "regards.tenant": "t", "regards.converter": "GSON" } });
    const again = fakeDelivery({ headers: { "regards.converter": "GSON", "regards.tenant": "t" } });

    assert.equal(again.fingerprint, first.fingerprint);
  });

  for (const { what, other } of [
    { what: "body", other: { content: "b" } },
    { what: "correlation id", other: { properties: { correlationId: "d", timestamp: 1 } } },
    { what: "second", other: { properties: { correlationId: "c", timestamp: 2 } } },
    { what: "message id", other: { properties: { correlationId: "c", timestamp: 1, messageId: "m" } } },
    { what: "tenant", other: { headers: { tenant: "u" } } },
    { what: "exchange", other: { exchange: "y" } },
  ]) {
    it(`has another fingerprint than one with another ${what}`, () => {
      const look = {
        content: "a",
        properties: { correlationId: "c", timestamp: 1 },
        headers: { tenant: "t" },
      };

      assert.notEqual(fakeDelivery(look).fingerprint, fakeDelivery({ ...look, ...other }).fingerprint);
    });
  }

  it("is known by its fingerprint still when its body is not kept any more, however deep its headers are", () => {
    let deep: Record<string, unknown> = {};
    for (let depth = 0; depth < 20_000; depth += 1) deep = { deep };
    const delivery = fakeDelivery({ content: "a", headers: { deep } });
    const { fingerprint } = fakeDelivery({ content: "a", headers: { deep } });

    delivery.release();

    assert.equal(delivery.content.length, 0);
    assert.equal(delivery.fingerprint, fingerprint);
  });
});
