/** The nodes' pages, run as the editor would, by an editor that knows every word by its key. */
import assert from "node:assert/strict";
import { createContext, runInContext } from "node:vm";
import { catalogue, LANGUAGES, type Language, manifest, read, scripts } from "./sources";

/** What a page gives to Node-RED, as far as it is looked at here. */
export interface Definition {
  readonly inputs: number;
  readonly outputs: number;
  readonly defaults: Readonly<
    Record<string, { readonly value: unknown; readonly type?: string; readonly label: string }>
  >;
  outputLabels(index: number): string;
  oneditprepare(): void;
}

/** A page's registration, and what it gives to the form that it shares with others when its dialog opens. */
export function runPage(type: string): { definition: Definition; opened: unknown } {
  let definition: Definition | undefined;
  let opened: unknown;
  const open = (_node: unknown, given: unknown): void => {
    opened = given;
  };
  const RED = {
    _: (key: string) => key.replace(`${manifest.name}/`, ""),
    nodes: {
      registerType: (_type: string, given: Definition) => {
        definition = given;
      },
    },
    plugins: { getPlugin: () => ({ open, openOutNode: open }) },
  };
  const field = { on: () => field, first: () => field, trigger: () => field };
  runInContext(scripts(read(`nodes/${type}.html`)).join("\n"), createContext({ RED, $: () => field }));
  definition?.oneditprepare();
  assert.ok(definition && opened, type);
  return { definition, opened };
}

/** A word by its key, as a page names it: `type:key`, or one of Node-RED's own. */
function word(key: string, language: Language): string {
  const [type = "", own = ""] = key.split(":");
  return type === "node-red" ? key : (catalogue(type, language).get(own) ?? assert.fail(key));
}

/** Holds that a property that two pages have has the same default and type in both, and looks alike. */
export function assertSharedDefaults(
  pages: readonly Definition[],
  /** Properties for which each page has a word of its own. */
  { ownWords = [] }: { readonly ownWords?: readonly string[] } = {},
): void {
  const seen: Record<string, unknown> = {};
  for (const { defaults } of pages) {
    for (const [property, { value, type, label }] of Object.entries(defaults)) {
      const words = ownWords.includes(property) ? [] : LANGUAGES.map((language) => word(label, language));
      seen[property] ??= { value, type, words };
      assert.deepEqual({ value, type, words }, seen[property], property);
    }
  }
}
