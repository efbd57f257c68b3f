/** What the flow library and an administrator expect of the package, checked before they do. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CONFIG_TYPES, files, LANGUAGES, manifest, ROOT, read, registrations, TYPES } from "./sources";

/** `>=a.b.c` against a version: all our ranges are of this kind. */
function satisfies(version: string, range: string): boolean {
  const numbers = (text: string): number[] => text.replace(/^>=/, "").split(".").map(Number);
  const [wanted, given] = [numbers(range), numbers(version)];
  const different = given.findIndex((number, place) => number !== (wanted[place] ?? 0));
  return different === -1 || (given[different] ?? 0) > (wanted[different] ?? 0);
}

function versionOf(installed: string): string {
  return JSON.parse(read(`node_modules/${installed}/package.json`)).version;
}

describe("the package", () => {
  it("has a licence, and says where it lives (P01, P03)", () => {
    assert.equal(manifest.license, "Apache-2.0");
    assert.ok(manifest.repository);
    assert.ok(manifest.bugs);
    assert.match(read("LICENSE"), /Apache License/);
  });

  it("has a scoped name (P04)", () => {
    assert.match(manifest.name, /^@[\w-]+\/[\w-]+$/);
  });

  it("runs with the Node-REDs it says it does, and on the Node.js they need (P06, P07)", () => {
    const range = manifest["node-red"].version;
    assert.ok(satisfies(versionOf("node-red"), range));
    assert.ok(satisfies(versionOf("node-red-4"), range));
    assert.ok(satisfies("22.9.0", manifest.engines.node));
  });

  it("has two dependencies (D01); amqplib in the versions it was tested with: we lean on private parts of it", () => {
    assert.deepEqual(Object.keys(manifest.dependencies), ["amqplib", "yauzl"]);
    const range = manifest.dependencies.amqplib ?? "";
    assert.match(range, /^~\d+\.\d+\.\d+$/);
    assert.equal(versionOf("amqplib").split(".", 2).join("."), range.slice(1).split(".", 2).join("."));
    assert.equal(JSON.parse(read("package-lock.json")).packages[""].dependencies.amqplib, range);
  });

  it("has a file of each kind for every node", () => {
    for (const type of TYPES) {
      const path = manifest["node-red"].nodes[type];
      assert.equal(path, `nodes/${type}.js`);
      const kinds = [`nodes/${type}.ts`, `nodes/${type}.js`, `nodes/${type}.html`];
      const words = LANGUAGES.flatMap((language) =>
        ["json", "html"].map((kind) => `nodes/locales/${language}/${type}.${kind}`),
      );
      assert.deepEqual(
        [...kinds, ...words].filter((file) => !existsSync(join(ROOT, file))),
        [],
      );
    }
  });

  it("shows every node but the config nodes in an example (N02)", () => {
    const shown = files("examples", ".json").map(read).join();
    assert.deepEqual(
      TYPES.filter((type) => !CONFIG_TYPES.includes(type) && !shown.includes(`"type":"${type}"`)),
      [],
    );
  });

  for (const type of TYPES) {
    it(`lets the flow library read ${type} without running it`, () => {
      const [registration, ...others] = registrations(read(`nodes/${type}.html`));
      assert.equal(others.length, 0);
      assert.equal(registration?.type, type);
      const literal = (property: string): unknown => {
        const value = registration?.definition.get(property);
        return value?.type === "Literal" ? value.value : undefined;
      };
      const isConfig = CONFIG_TYPES.includes(type);
      assert.equal(literal("category"), isConfig ? "config" : "REGARDS");
      assert.equal(literal("color"), "#3FADB5");
      assert.ok(existsSync(join(ROOT, "nodes/icons", String(literal("icon")))));
      for (const inline of isConfig ? ["defaults", "credentials"] : ["defaults"]) {
        assert.equal(registration?.definition.get(inline)?.type, "ObjectExpression");
      }
      if (!isConfig) {
        assert.equal(typeof literal("inputs"), "number");
        assert.equal(typeof literal("outputs"), "number");
      }
    });
  }
});
