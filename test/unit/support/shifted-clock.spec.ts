import assert from "node:assert/strict";
import { shiftClock } from "../../support/shifted-clock";

const HOUR = 3_600_000;

describe("a wall clock that was set", () => {
  afterEach(() => shiftClock(0));

  it("tells everybody another time, and the right one again", () => {
    const before = Date.now();

    shiftClock(-HOUR);

    assert.ok(Date.now() < before);
    assert.ok(new Date() < new Date(before));
    assert.equal(new Date(Date()).getFullYear(), new Date().getFullYear());
    shiftClock(0);
    assert.ok(Date.now() >= before);
  });

  it("leaves dates that are given alone, and the monotonic clock", () => {
    const before = performance.now();

    shiftClock(-HOUR);

    assert.equal(new Date(5).getTime(), 5);
    assert.equal(Date.parse("1970-01-01T00:00:01Z"), 1_000);
    assert.ok(new Date() instanceof Date && performance.now() >= before);
  });
});
