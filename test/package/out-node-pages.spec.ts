/** The out-nodes' pages: each is written by hand, says what the table of requests says, and is like the others. */
import assert from "node:assert/strict";
import { REQUEST_KINDS } from "../../src/regards/requests";
import { assertSharedDefaults, runPage } from "./pages";
import { read } from "./sources";

const pageOf = (name: string): string => `regards-${name}-out`;

/** The row of a form that a property is in, without what is each page's own: where it stands and shows, its example. */
function rowOf(page: string, property: string): string {
  const rows = page.split(/(?=<div class="form-row)/);
  const row = rows.find((each) => each.includes(`id="node-input-${property}"`)) ?? assert.fail(property);
  const [inner = ""] = row.replace(/^<div[^>]*>/, "").split("</div>");
  return inner
    .trim()
    .replaceAll(/\n\s*/g, "\n")
    .replaceAll(/ data-i18n="\[placeholder\]placeholder\.\w+"/g, "");
}

describe("the page of an out-node", () => {
  for (const { name, inputs, choices, eventClasses, answeredAs } of REQUEST_KINDS) {
    const type = pageOf(name);
    const page = read(`nodes/${type}.html`);
    const { definition, opened } = runPage(type);
    const { defaults, outputs } = definition;

    it(`has an output in ${type} for what was published, what was refused, and for no answer where one may come`, () => {
      const labels = ["published", "refused", ...(answeredAs === undefined ? [] : ["noAnswer"])];

      assert.deepEqual(
        Array.from({ length: outputs }, (_none, index) => definition.outputLabels(index)),
        labels.map((label) => `regards-broker:port.${label}`),
      );
    });

    it(`begins in ${type} with what the table of requests begins with, and offers its choices`, () => {
      assert.deepEqual(Object.keys(opened as object).sort(), Object.keys(inputs).sort());
      for (const [property, [value, kind]] of Object.entries(inputs)) {
        assert.deepEqual(
          [defaults[property]?.value, defaults[`${property}Type`]?.value],
          [value, kind],
          property,
        );
      }
      for (const [property, words] of Object.entries(choices)) {
        const offered = [...rowOf(page, property).matchAll(/<option value="(\w+)"/g)].map(
          ([, value]) => value,
        );
        assert.deepEqual([defaults[property]?.value, offered], [words[0], words], property);
      }
    });

    it(`shows in ${type} the exchange of every event it publishes`, () => {
      const shown = [...page.matchAll(/data-event-class="([\w.]+)"/g)].map(([, eventClass]) => eventClass);
      assert.deepEqual(shown.sort(), [...eventClasses].sort());
    });

    it(`has a field in ${type} for every setting, called as in the list of what is wrong`, () => {
      for (const [property, { label }] of Object.entries(defaults)) {
        assert.equal(page.split(`id="node-input-${property}"`).length, 2, property);
        if (property !== "name" && !property.endsWith("Type")) {
          const key = /<label [^>]*>.*data-i18n="(?:@[\w-]+\/[\w-]+\/)?([\w.:-]+)"/.exec(
            rowOf(page, property),
          )?.[1];
          assert.equal(key?.includes(":") ? key : `${type}:${key}`, label, property);
        }
      }
    });
  }

  const pages = REQUEST_KINDS.map(({ name }) => pageOf(name));

  it("has the same defaults and labels as the other three, in what they share", () => {
    assertSharedDefaults(pages.map((type) => runPage(type).definition));
  });

  it("has the same rows as the other three, in what they share", () => {
    const seen: Record<string, string> = {};
    for (const type of pages) {
      for (const property of Object.keys(runPage(type).definition.defaults)) {
        const row = rowOf(read(`nodes/${type}.html`), property);
        seen[property] ??= row;
        assert.equal(row, seen[property], `${property} of ${type}`);
      }
    }
  });
});
