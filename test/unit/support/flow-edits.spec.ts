import assert from "node:assert/strict";
import { edited } from "../../support/flow-edits";

const FLOWS = [
  { id: "a", type: "inject", wires: [["b"]] },
  { id: "b", type: "debug", name: "old" },
];

describe("the edits of flows", () => {
  it("change what they name and leave the rest", () => {
    assert.deepEqual(edited(FLOWS, { a: { wires: [[]] } }), [
      { id: "a", type: "inject", wires: [[]] },
      { id: "b", type: "debug", name: "old" },
    ]);
    assert.deepEqual(FLOWS[0]?.wires, [["b"]]);
  });

  it("delete and add nodes", () => {
    assert.deepEqual(edited(FLOWS, { a: undefined, c: { type: "catch" }, d: undefined }), [
      { id: "b", type: "debug", name: "old" },
      { id: "c", type: "catch" },
    ]);
  });
});
