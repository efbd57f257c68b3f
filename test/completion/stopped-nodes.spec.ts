/** Who disables a node to mend it wants the events to wait: what leads to no running node keeps its event open. */
import assert from "node:assert/strict";
import type { FlowNode } from "../support/test-node-red";
import { untilValue } from "../support/until";
import { code } from "./failures";
import { type CompletionStage, completionStage } from "./stage";

const pass = (id: string, next: readonly string[]): FlowNode => code(id, "return msg;", { wires: [next] });

const disabled = (id: string, properties: Readonly<Record<string, unknown>> = {}): FlowNode => ({
  ...pass(id, ["gate"]),
  name: "mend me",
  d: true,
  ...properties,
});

const join: FlowNode = {
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
  wires: [["next"]],
};

const subflow: readonly FlowNode[] = [
  { id: "sub", type: "subflow", name: "sub", in: [{ x: 1, y: 1, wires: [{ id: "inner" }] }], out: [] },
  { id: "first", type: "subflow:sub", z: "tab", wires: [] },
];

const linkOut: FlowNode = {
  id: "first",
  type: "link out",
  z: "tab",
  mode: "link",
  links: ["in2"],
  wires: [],
};

const linkIn = (properties: Readonly<Record<string, unknown>>): FlowNode[] => [
  { id: "other", type: "tab", label: "other", disabled: properties.disabled === true },
  { id: "in2", type: "link in", z: "other", name: "", links: ["first"], wires: [["gate"]], ...properties },
];

/** A flow, the same mended, how many events it takes, and who holds them meanwhile. */
interface StoppedCase {
  readonly title: string;
  readonly broken: readonly FlowNode[];
  readonly events?: number;
  readonly heldBy: string;
}

const CASES: readonly StoppedCase[] = [
  {
    title: "the node after the in-node is disabled",
    broken: [disabled("first")],
    heldBy: 'function "mend me" (disabled)',
  },
  {
    title: "a node later on the way is disabled",
    broken: [pass("first", ["second"]), pass("second", ["next"]), disabled("next")],
    heldBy: 'function "mend me" (disabled)',
  },
  {
    title: "all nodes after an output are disabled",
    broken: [pass("first", ["next", "other"]), disabled("next"), disabled("other")],
    heldBy: 'function "mend me" (disabled)',
  },
  {
    title: "what events are joined into goes to a disabled node",
    broken: [join, disabled("next")],
    events: 2,
    heldBy: 'function "mend me" (disabled)',
  },
  {
    title: "a link leads to a disabled link in",
    broken: [linkOut, ...linkIn({ d: true })],
    heldBy: "link in (disabled)",
  },
  {
    title: "a link leads to a disabled tab",
    broken: [linkOut, ...linkIn({ disabled: true })],
    heldBy: "link in (disabled)",
  },
  {
    title: "the first node of a subflow is disabled",
    broken: [...subflow, disabled("inner", { z: "sub", wires: [[]] })],
    heldBy: 'function "mend me" (disabled)',
  },
];

for (const version of [5, 4] as const) {
  describe(`an event that leads to no running node, Node-RED ${version}`, function () {
    this.timeout(30_000);
    let stage: CompletionStage;

    before(async () => {
      stage = await completionStage(version);
    });

    after(() => stage.nodeRed.deploy([]));

    for (const { title, broken, events = 1, heldBy } of CASES) {
      it(`stays open when ${title}, names that node, and comes again with the next deploy`, async () => {
        await stage.deploy(broken);

        await stage.sends(Array<string>(events).fill("event"));

        const isHeld = (all: Awaited<ReturnType<CompletionStage["seen"]>>): boolean =>
          all.some((each) => each.heldBy === heldBy);
        await untilValue(() => stage.seen(), isHeld, { what: `it to be held by ${heldBy}` });
        assert.deepEqual(await stage.outcomes(), Array(events).fill(undefined));

        await stage.deploy([...broken, pass("unrelated", [])], "nodes");
        assert.deepEqual(await stage.untilEnded(), Array(events).fill("abandoned"));
      });
    }

    it("does not wait for a disabled node beside one that runs", async () => {
      await stage.deploy([pass("first", ["gate", "next"]), disabled("next")]);

      await stage.sends(["event"]);

      await stage.passes(1);
    });

    it("ends with what has become of it when nothing is wired", async () => {
      await stage.deploy([pass("first", [])]);

      await stage.sends(["event"]);

      assert.deepEqual(await stage.untilEnded(), ["finished"]);
    });
  });
}
