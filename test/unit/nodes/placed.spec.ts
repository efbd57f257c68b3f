/** Whether a node is meant to be there, by its id at run time, when it does not run. */
import assert from "node:assert/strict";
import { isPlaced, type Placed } from "../../../src/nodes/placed";

const nodes: readonly Placed[] = [
  { id: "tab", type: "tab" },
  { id: "in", type: "regards-order-in", z: "tab" },
  { id: "with-dash", type: "regards-order-in", z: "tab" },
  { id: "outer", type: "subflow" },
  { id: "inner", type: "subflow" },
  { id: "a", type: "subflow:outer", z: "tab" },
  { id: "b", type: "subflow:inner", z: "outer" },
  { id: "deep", type: "regards-order-in", z: "inner" },
  { id: "shallow-one", type: "regards-order-in", z: "outer" },
];
const flows = new Map(nodes.map((node) => [node.id, node]));

describe("a node is meant to be there", () => {
  for (const id of ["in", "with-dash", "a-shallow-one", "a-b-deep"]) {
    it(`${id}: on a tab, or in an instance of a subflow, however deep`, () => {
      assert.ok(isPlaced(flows, id));
    });
  }

  for (const id of ["gone", "deep", "shallow-one", "b-deep", "a-deep", "a-b-gone", "x-b-deep", "in-2"]) {
    it(`${id}: not when it was deleted, moved into a template, or its instance is gone`, () => {
      assert.ok(!isPlaced(flows, id));
    });
  }
});
