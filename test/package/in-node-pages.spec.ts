/** The four in-nodes' pages: each is written by hand, says what the table of REGARDS events says, and is like the others. */
import assert from "node:assert/strict";
import { sampleNames } from "../../src/regards/samples";
import { outputNames, type Service, services } from "../../src/regards/services";
import { assertSharedDefaults, type Definition, runPage } from "./pages";
import { read } from "./sources";

const ROWS = read("nodes/editor/in-nodes.html");

/** What a page gives to the shared form when it opens. */
interface Opened {
  readonly eventClass?: string;
  readonly samples: readonly string[];
}

function run(type: string): { definition: Definition; opened: Opened } {
  const { definition, opened } = runPage(type);
  return { definition, opened: opened as Opened };
}

const pageOf = ({ name }: Service): string => `regards-${name}-in`;

describe("the page of an in-node", () => {
  for (const service of services) {
    const type = pageOf(service);

    it(`has the outputs of ${type} in the table's order, and one more for what is not recognised`, () => {
      const { definition } = run(type);
      const names = outputNames(service);
      const isPerStatus = names.every((name) => service.outputs[name]?.includes(name));
      const labels = names.map((name) => (isPerStatus ? name : `${type}:port.${name}`));

      assert.equal(definition.outputs, names.length + 1);
      assert.deepEqual(
        Array.from({ length: definition.outputs }, (_none, index) => definition.outputLabels(index)),
        [...labels, "regards-broker:port.unrecognised"],
      );
    });

    it(`offers every sample that ${type} has, and names the event whose exchange it shows`, () => {
      const { opened } = run(type);

      assert.deepEqual([...opened.samples], sampleNames(service));
      assert.equal(opened.eventClass, service.exchange === "chosen" ? undefined : service.eventClass);
    });

    it(`has a filter in ${type} where the event has a correlation id`, () => {
      const { definition } = run(type);

      assert.equal("correlation" in definition.defaults, service.correlationId !== undefined);
      assert.equal(
        read(`nodes/${type}.html`).includes('data-rows="correlation"'),
        "correlation" in definition.defaults,
      );
    });

    it(`has a field in ${type} for every setting, and asks for no rows that nobody has`, () => {
      const page = read(`nodes/${type}.html`);
      const named = [...page.matchAll(/data-rows="(\w+)"/g)].map(([, rows]) => rows);
      const parts = named.map((rows) => {
        const [, part] =
          new RegExp(`data-regards-rows="${rows}">([\\s\\S]*?)</script>`).exec(ROWS) ?? assert.fail(rows);
        return part;
      });
      const form = [page, ...parts].join("\n");

      for (const property of Object.keys(run(type).definition.defaults)) {
        assert.equal(form.split(`id="node-input-${property}"`).length, 2, property);
      }
    });
  }

  it("has the same defaults and labels as the other three, in what they share", () => {
    assertSharedDefaults(
      services.map((service) => run(pageOf(service)).definition),
      {
        ownWords: ["correlation"],
      },
    );
  });
});
