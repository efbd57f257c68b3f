/** The last verdicts on a channel: no more of them than the broker can have missed, and few bytes. */
import assert from "node:assert/strict";
import { lastTold } from "../../../src/amqp/told";
import { fakeDelivery } from "../../support/fake-delivery";

describe("what the broker was told last", () => {
  it("is as many verdicts as the prefetch allows to be missing, the last of them", () => {
    const told = lastTold(3);

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

  it("is the same where so many can be missing that no message is kept", () => {
    const limit = 5_000;
    const told = lastTold(limit);

    for (let number = 0; number < limit + 2; number += 1) {
      const delivery = fakeDelivery({ content: `event ${number}` });
      delivery.settle(number === limit ? "reject" : "accept");
      told.add(delivery);
    }

    const taken = new Map(told.take().map(({ fingerprint, verdict }) => [fingerprint, verdict]));
    const verdictOf = (number: number) => taken.get(fakeDelivery({ content: `event ${number}` }).fingerprint);
    assert.equal(taken.size, limit);
    assert.deepEqual([1, 2, limit - 1, limit, limit + 1].map(verdictOf), [
      undefined,
      "accept",
      "accept",
      "reject",
      "accept",
    ]);
    assert.equal(told.take().length, 0);
  });

  it("is told once", () => {
    const told = lastTold(3);
    told.add(fakeDelivery());

    assert.equal(told.take().length, 1);
    assert.equal(told.take().length, 0);
  });

  it("keeps no large body", () => {
    const told = lastTold(100);
    const delivery = fakeDelivery({ content: Buffer.alloc(100_000) });

    told.add(delivery);

    const [kept] = told.take();
    assert.notEqual(kept, delivery);
    assert.equal(kept?.fingerprint, delivery.fingerprint);
  });
});
