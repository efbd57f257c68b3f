import assert from "node:assert/strict";
import { gson, offsetDateTime } from "../../simulator/gson";

describe("JSON as REGARDS writes it", () => {
  it("leaves nulls out and escapes what HTML would mind", () => {
    assert.equal(
      gson({ a: null, b: undefined, c: "<x y='1'> & =" }),
      String.raw`{"c":"\u003cx y\u003d\u00271\u0027\u003e \u0026 \u003d"}`,
    );
  });

  it("writes dates with no more fraction digits than they need", () => {
    const date = (text: string): Date => new Date(text);
    assert.equal(offsetDateTime(date("2025-01-24T10:25:52Z")), "2025-01-24T10:25:52Z");
    assert.equal(offsetDateTime(date("2025-01-24T10:25:52.2Z")), "2025-01-24T10:25:52.2Z");
    assert.equal(offsetDateTime(date("2025-01-24T10:25:52.243Z"), 578), "2025-01-24T10:25:52.243578Z");
  });
});
