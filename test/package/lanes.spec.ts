/** The unit tests stay what they are: quick, and alone. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { files, ROOT, read } from "./sources";

/** What starts a broker, a Node-RED or a browser when it is loaded or used. */
const HEAVY =
  /^test\/(?:support\/(?:rabbitmq|shared-|private-broker|erlang|node-red\.|node-red-process|test-node-red)|editor\/(?:shared-)?browser)/;
const HEAVY_PACKAGES = ["node-red", "node-red-node-test-helper", "playwright-core"];

/** What a file needs at run time. */
function imports(path: string): string[] {
  return [...read(path).matchAll(/^(?:import|export)\s+(?!type\s)[^;]*?\bfrom\s+"([^"]+)"/gm)].map(
    ([, from = ""]) => from,
  );
}

/** Every file of ours that a spec loads, and every package. */
function loaded(spec: string): { ours: string[]; packages: string[] } {
  const ours = [spec];
  const packages: string[] = [];
  for (const path of ours) {
    for (const from of imports(path)) {
      const source = normalize(join(dirname(path), `${from}.ts`));
      if (!from.startsWith(".")) packages.push(from);
      else if (!ours.includes(source) && existsSync(join(ROOT, source))) ours.push(source);
    }
  }
  return { ours, packages };
}

describe("the unit tests", () => {
  const specs = files("test/unit", ".spec.ts");

  it("load nothing that starts RabbitMQ, Node-RED or a browser", () => {
    assert.ok(specs.length > 0);
    for (const spec of specs) {
      const { ours, packages } = loaded(spec);
      assert.deepEqual(
        ours.filter((path) => HEAVY.test(path)),
        [],
        spec,
      );
      assert.deepEqual(
        packages.filter((name) => HEAVY_PACKAGES.includes(name)),
        [],
        spec,
      );
    }
  });
});
