/** The rules of the dialogs (nodes/editor/rules.html), in an editor of a few lines that knows every word by its key. */
import assert from "node:assert/strict";
import { createContext, runInContext } from "node:vm";
import { manifest, read, scripts } from "../../package/sources";

/** A node as the editor holds it, as far as the rules look at it. */
interface FakeNode {
  readonly id: string;
  readonly type: string;
  readonly z?: string;
  readonly d?: boolean;
  readonly [property: string]: unknown;
}

type Rule = (
  this: FakeNode,
  value: string | undefined,
  label: string,
  ...limits: unknown[]
) => boolean | string;

/** An editor with these nodes; `open` is what the fields of an open dialog hold, by property. */
function editor(nodes: readonly FakeNode[], open?: { readonly id: string; readonly fields: object }) {
  const all = nodes.map((node) => ({ _def: { defaults: {} }, ...node }));
  const plugin = { rules: {} as Record<string, Rule> };
  const RED = {
    _: (key: string) => key.replace(`${manifest.name}/regards-broker:`, ""),
    nodes: {
      node: (id: string) => all.find((node) => node.id === id) ?? null,
      workspace: (id: string) => ({ disabled: id === "disabled tab" }),
      subflow: () => undefined,
      filterNodes: () => [],
      eachNode: (see: (node: FakeNode) => void) => all.forEach(see),
    },
    plugins: { registerPlugin: (_id: string, given: object) => Object.assign(plugin, given) },
    settings: { regardsBrokerInstallation: "here" },
    editor: { getEditStack: () => (open === undefined ? [] : [open]) },
    events: { on: () => undefined },
    utils: { getNodeLabel: ({ id }: FakeNode) => id },
  };
  const $ = (selector: string) => ({
    val: () => Object.entries(open?.fields ?? {}).find(([name]) => selector === `#node-input-${name}`)?.[1],
  });
  runInContext(
    scripts(read("nodes/editor/rules.html")).join("\n"),
    createContext({ RED, $, TextEncoder, setTimeout, clearTimeout }),
  );
  return (rule: string, id: string, value: string | undefined, ...limits: unknown[]) => {
    const node = all.find((each) => each.id === id) ?? assert.fail(id);
    return plugin.rules[rule]?.call(node, value, "label", ...limits);
  };
}

const broker = { id: "broker", type: "regards-broker", hosts: "rabbit", tenant: "earth" };
const orderIn = { id: "one", type: "regards-order-in", z: "tab", broker: "broker", queueMode: "own" };

describe("the rules of the dialogs", () => {
  const rows: readonly [
    rule: string,
    value: string | undefined,
    verdict: boolean | string,
    ...limits: unknown[],
  ][] = [
    ["present", "a", true],
    ["present", "", "invalid.required"],
    ["oneWord", "a b", "invalid.spaces"],
    ["whole", "10", true, 1, 20],
    ["whole", "21", "invalid.whole", 1, 20],
    ["whole", "1.5", "invalid.whole", 1, 20],
    ["number", "1.5", true, 1, 20],
    ["number", "-1", "invalid.number", -2, 20],
    ["whole", undefined, true, 1, 20],
    ["choice", "other", "invalid.choice", "own", "existing"],
    ["choice", undefined, true, "own", "existing"],
    ["nodeTypes", "http request, ui-button", true],
    ["nodeTypes", "http request; ui-button", "invalid.nodeTypes"],
    ["queueName", "a".repeat(250), "invalid.queueLong"],
    ["queueName", "amq.mine", "invalid.queueReserved"],
    ["exchangeName", " ", "invalid.required"],
    ["correlation", "", true],
  ];
  for (const [rule, value, verdict, ...limits] of rows) {
    it(`${verdict === true ? "let" : "refuse"} ${value?.slice(0, 20) ?? "what an older flow has not"} by ${rule}`, () => {
      assert.equal(editor([broker, orderIn])(rule, "one", value, ...limits), verdict);
    });
  }

  it("want a name for an existing queue, and none for one of its own", () => {
    const existing = { ...orderIn, id: "two", queueMode: "existing" };
    const verdict = editor([broker, orderIn, existing]);

    assert.equal(verdict("queueName", "two", ""), "invalid.queueName");
    assert.equal(verdict("queueName", "one", ""), true);
  });

  it("look at the other fields of an open dialog rather than at what was saved", () => {
    const open = { id: "one", fields: { queueMode: "existing", correlationType: "regex" } };
    const verdict = editor([broker, orderIn], open);

    assert.equal(verdict("queueName", "one", ""), "invalid.queueName");
    assert.equal(verdict("correlation", "one", "("), "invalid.regex");
  });

  it("refuse a queue that a node of another kind reads, or one with another filter; the same twice is right", () => {
    const named = { ...orderIn, queue: "shared" };
    const same = { ...named, id: "same" };
    const filtered = { ...named, id: "filtered", correlationType: "prefix", correlation: "mine-" };
    const worker = { ...named, id: "worker", type: "regards-worker-in" };

    assert.equal(editor([broker, named, same])("queueName", "one", "shared"), true);
    assert.equal(editor([broker, named, filtered])("queueName", "one", "shared"), "invalid.queueFilter");
    assert.equal(editor([broker, named, worker])("queueName", "one", "shared"), "invalid.queueKind");
  });

  it("let a queue be read by another kind of node that is disabled, or reads it at another broker", () => {
    const named = { ...orderIn, queue: "shared" };
    const worker = { ...named, id: "worker", type: "regards-worker-in" };
    const elsewhere = { ...broker, id: "elsewhere", hosts: "another" };
    const others = [
      { ...worker, d: true },
      { ...worker, z: "disabled tab" },
      { ...worker, broker: "elsewhere" },
    ];

    for (const other of others) {
      assert.equal(editor([broker, elsewhere, named, other])("queueName", "one", "shared"), true);
    }
  });
});
