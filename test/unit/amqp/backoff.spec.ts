/** The wait between attempts: it grows, it varies, it is never nothing, and it starts again after success. */
import assert from "node:assert/strict";
import { Backoff } from "../../../src/amqp/backoff";

describe("backing off", () => {
  const limits = { first: 500, longest: 5_000 };

  it("doubles its ceiling until the longest wait", () => {
    const backoff = new Backoff(limits, () => 1);

    const waits = Array.from({ length: 6 }, () => backoff.next());

    assert.deepEqual(waits, [500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  });

  it("waits anywhere below the ceiling, but never so little that it becomes a loop", () => {
    assert.equal(new Backoff(limits, () => 0.5).next(), 250);
    assert.equal(new Backoff(limits, () => 0).next(), 100);
  });

  it("starts again after a reset", () => {
    const backoff = new Backoff(limits, () => 1);
    backoff.next();
    backoff.next();

    backoff.reset();

    assert.equal(backoff.next(), 500);
  });

  it("still gives a number after a thousand failures", () => {
    const backoff = new Backoff(limits, () => 1);

    const waits = Array.from({ length: 1_000 }, () => backoff.next());

    assert.ok(waits.every((wait) => wait <= 5_000));
  });
});
