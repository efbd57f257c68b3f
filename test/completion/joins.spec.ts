/** Messages of several origins that are built into one: each event ends with what it went into. */
import assert from "node:assert/strict";
import type { FlowNode } from "../support/test-node-red";
import { untilValue } from "../support/until";
import { code } from "./failures";
import { type CompletionStage, completionStage } from "./stage";

const join = (properties: Readonly<Record<string, unknown>> = {}): FlowNode => ({
  id: "first",
  type: "join",
  z: "tab",
  mode: "custom",
  build: "array",
  property: "payload",
  propertyType: "msg",
  key: "topic",
  joiner: "",
  joinerType: "str",
  accumulate: false,
  timeout: "",
  count: "2",
  useparts: false,
  wires: [["gate"]],
  ...properties,
});

for (const version of [5, 4] as const) {
  describe(`an event that is joined, Node-RED ${version}`, function () {
    this.timeout(30_000);
    let stage: CompletionStage;

    before(async () => {
      stage = await completionStage(version);
    });

    after(() => stage.nodeRed.deploy([]));

    it("with a stranger's message that was there before is open until the joined message is through", async () => {
      await stage.deploy([join()]);
      await stage.stranger("first", { payload: "stranger" });

      await stage.sends(["event"]);

      await stage.passes(1);
    });

    it("with a stranger's message that comes last is open until the joined message is through", async () => {
      await stage.deploy([
        join({ wires: [["next"]] }),
        code("next", "return { payload: msg.payload };", { wires: [["gate"]] }),
      ]);
      await stage.sends(["event"]);
      await untilJoining();

      await stage.stranger("first", { payload: "stranger" });

      await stage.passes(1);
    });

    it("fails with the joined message, whoever's message came last", async () => {
      await stage.deploy([
        join({ count: "3", wires: [["fails"]] }),
        code("fails", "node.error('broken', msg);"),
      ]);
      await stage.sends(["one", "two"]);
      await untilJoining();

      await stage.stranger("first", { payload: "stranger" });

      assert.deepEqual(await stage.untilEnded(), ["failed: broken", "failed: broken"]);
    });

    it("does not wait for strangers' messages that the same node sends one by one", async () => {
      await stage.deploy([
        {
          id: "first",
          type: "batch",
          z: "tab",
          mode: "count",
          count: "3",
          overlap: "0",
          interval: "10",
          allowEmptySequence: false,
          topics: [],
          wires: [["works"]],
        },
        code("works", "if (msg.payload !== 'stranger') { node.done(); }"),
      ]);
      await stage.stranger("first", { payload: "stranger" });
      await stage.sends(["event"]);

      await stage.stranger("first", { payload: "stranger" });

      assert.deepEqual(await stage.untilEnded(), ["finished"]);
    });

    async function untilJoining(): Promise<void> {
      await untilValue(
        () => stage.seen(),
        (all) => all.every(({ heldBy }) => heldBy === "join"),
        { what: "the join to hold them" },
      );
    }
  });
}
