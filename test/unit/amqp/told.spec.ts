/** The last verdicts on a channel: no more of them than the broker can have missed, and few bytes. */
import assert from "node:assert/strict";
import { LastTold } from "../../../src/amqp/told";
import { fakeDelivery } from "../../support/fake-delivery";

describe("what the broker was told last", () => {
  it("is as many verdicts as the prefetch allows to be missing, the last of them", () => {
    const told = new LastTold(3);

    for (const content of ["a", "b", "c", "d", "e"]) {
      const delivery = fakeDelivery({ content });
      delivery.settle(content === "d" ? "reject" : "accept");
      told.add(delivery);
    }

    const expected = [
      ["c", "accept"],
      ["d", "reject"],
      ["e", "accept"],
    ].map(([content = "", verdict]) => `${fakeDelivery({ content }).fingerprint} ${verdict}`);
    assert.deepEqual(
      new Set(told.take().map((each) => `${each.fingerprint} ${each.verdict}`)),
      new Set(expected),
    );
  });

  it("is told once", () => {
    const told = new LastTold(3);
    told.add(fakeDelivery());

    assert.equal(told.take().length, 1);
    assert.equal(told.take().length, 0);
  });

  it("keeps no large body", () => {
    const told = new LastTold(100);
    const delivery = fakeDelivery({ content: Buffer.alloc(100_000) });

    told.add(delivery);

    const [kept] = told.take();
    assert.notEqual(kept, delivery);
    assert.equal(kept?.fingerprint, delivery.fingerprint);
  });
});
