/** Correlation ids of our own, as a person and `mine` read them. */
import assert from "node:assert/strict";
import { correlationPrefix, newCorrelationId } from "../../../src/regards/correlation";

describe("a correlation id of ours", () => {
  it("says which broker node asked and when, and is never the same again", () => {
    const at = new Date("2026-03-14T15:09:26.535Z");

    const [one, other] = [newCorrelationId("a1b2c3d4e5f60718", at), newCorrelationId("a1b2c3d4e5f60718", at)];

    assert.match(one, /^nodered-a1b2c3d4e5f60718-20260314T150926Z-[0-9a-f]{12}$/);
    assert.notEqual(one, other);
  });

  it("stays within what REGARDS keeps, however deep in subflows the broker node is, and tells two of them apart", () => {
    const deep = (instance: string): string => [instance, ...Array(6).fill("0123456789abcdef")].join("-");

    const id = newCorrelationId(deep("one"));

    assert.ok(id.length <= 100, id);
    assert.ok(id.startsWith(correlationPrefix(deep("one"))));
    assert.notEqual(correlationPrefix(deep("one")), correlationPrefix(deep("other")));
  });
});
