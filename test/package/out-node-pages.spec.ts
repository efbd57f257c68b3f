/** The four out-nodes' pages: each is written by hand, asks for what the table of requests says, and is like the others. */
import assert from "node:assert/strict";
import { createContext, runInContext } from "node:vm";
import { REQUEST_KINDS } from "../../src/regards/requests";
import { manifest, read, scripts } from "./sources";

type Defaults = Readonly<Record<string, { readonly value: unknown; readonly type?: string }>>;

/** What a page gives to Node-RED, as far as it is looked at here. */
interface Definition {
  readonly outputs: number;
  readonly defaults: Defaults;
  outputLabels(index: number): string;
  oneditprepare(): void;
}

/** Runs a page's script as the editor would; brings also the typed inputs its form opens with. */
function run(type: string): { definition: Definition; typed: readonly string[] } {
  let definition: Definition | undefined;
  let typed: readonly string[] | undefined;
  const RED = {
    _: (key: string) => key.replace(`${manifest.name}/`, ""),
    nodes: {
      registerType: (_type: string, given: Definition) => {
        definition = given;
      },
    },
    plugins: {
      getPlugin: () => ({
        openOutNode: (_node: unknown, inputs: object) => {
          typed = Object.keys(inputs);
        },
      }),
    },
  };
  const nothing = new Proxy(() => nothing, { get: () => nothing }) as unknown;
  runInContext(scripts(read(`nodes/${type}.html`)).join("\n"), createContext({ RED, $: () => nothing }));
  definition?.oneditprepare();
  assert.ok(definition && typed, type);
  return { definition, typed };
}

const LABELS = ["port.published", "port.refused", "port.noAnswer"].map((key) => `regards-broker:${key}`);

describe("the page of an out-node", () => {
  for (const { name, inputs, choices, repeat } of REQUEST_KINDS) {
    const type = `regards-${name}-out`;

    it(`has in ${type} every typed input and choice of its row, with the row's defaults`, () => {
      const { definition, typed } = run(type);

      assert.deepEqual([...typed].sort(), Object.keys(inputs).sort());
      for (const [input, [value, valueType]] of Object.entries(inputs)) {
        const found = [definition.defaults[input]?.value, definition.defaults[`${input}Type`]?.value];
        assert.deepEqual(found, [value, valueType], input);
      }
      for (const [choice, [first]] of Object.entries(choices)) {
        assert.equal(definition.defaults[choice]?.value, first, choice);
      }
    });

    it(`has in ${type} an output for a missing answer only where something is answered`, () => {
      const { definition } = run(type);
      const expected = repeat === "never" ? LABELS : LABELS.slice(0, 2);

      assert.equal(definition.outputs, expected.length);
      assert.deepEqual(
        expected.map((_label, index) => definition.outputLabels(index)),
        expected,
      );
    });

    it(`has a field in ${type} for every setting`, () => {
      const form = read(`nodes/${type}.html`);

      for (const property of Object.keys(run(type).definition.defaults)) {
        assert.equal(form.split(`id="node-input-${property}"`).length, 2, property);
      }
    });
  }

  it("has the same defaults as the other three, in what they share", () => {
    const [first, ...others] = REQUEST_KINDS.map(
      ({ name }) => run(`regards-${name}-out`).definition.defaults,
    );
    for (const other of others) {
      for (const [property, { value, type }] of Object.entries(first ?? {})) {
        if (property in other) {
          assert.deepEqual([other[property]?.value, other[property]?.type], [value, type], property);
        }
      }
    }
  });
});
