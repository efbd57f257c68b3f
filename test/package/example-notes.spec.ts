/** The examples explain themselves where Node-RED 5 shows it: each flow and each node says what it is for. */
import assert from "node:assert/strict";
import { files, read } from "./sources";

/** Long enough to say something, short enough for a badge; a flow may hold a page. */
const LEAST = 20;
const MOST = 240;

/** They say it by their names, or are no part of what the flow does. */
const SPEAK_FOR_THEMSELVES = /^(?:comment|group|global-config|ui-(?:base|page|theme|group))$/;

interface ExampleNode {
  readonly type: string;
  readonly name?: string;
  readonly label?: string;
  readonly info?: string;
}

describe("the examples", () => {
  for (const path of files("examples", ".json")) {
    it(`say in ${path} what the flow and each of its nodes are for`, () => {
      const nodes: readonly ExampleNode[] = JSON.parse(read(path));
      const wrong = nodes
        .filter(({ type }) => !SPEAK_FOR_THEMSELVES.test(type))
        .filter(({ type, info = "" }) => {
          return info.trim().length < LEAST || (type !== "tab" && info.length > MOST);
        });

      assert.deepEqual(
        wrong.map(({ type, name, label }) => `${type} ${name || label}`),
        [],
      );
    });
  }
});
