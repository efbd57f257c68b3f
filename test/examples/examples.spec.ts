import assert from "node:assert/strict";
import { TYPES } from "../package/sources";
import { Example, environmentVariable, exampleNames } from "./example";
import { playExample } from "./example-stage";

const CORE = [
  ...["tab", "group", "comment", "inject", "debug", "catch", "link in", "link out"],
  ...["function", "switch", "change", "template", "split", "file", "http request"],
];
/**
 * No two examples share a node, so that all can be imported into one Node-RED; a config node may be shared.
 */
const SHAREABLE = ["regards-broker", "regards-web"];

describe("the examples", () => {
  it("show every node of the palette", () => {
    const used = exampleNames().flatMap((name) => Example.read(name).nodes.map(({ type }) => type));

    for (const type of TYPES) assert.ok(used.includes(type), type);
  });

  it("can be imported side by side", () => {
    const ids = exampleNames().flatMap((name) =>
      Example.read(name)
        .nodes.filter(({ type }) => !SHAREABLE.includes(type))
        .map(({ id }) => id),
    );

    assert.equal(new Set(ids).size, ids.length);
  });

  for (const name of exampleNames()) {
    describe(name, () => {
      const example = Example.read(name);

      it("uses the nodes of this package and Node-RED's own", () => {
        for (const { type } of example.nodes) assert.ok([...TYPES, ...CORE].includes(type), type);
      });

      it("says in a comment what it shows and what to set", () => {
        const [comment] = example.ofType("comment");

        assert.match(String(comment?.info), /# What this flow does[\s\S]+# What to set[\s\S]+REGARDS_HOST/);
      });

      it("names no host, and no user or password", () => {
        for (const { hosts, tenant, address, credentials } of example.ofType("regards-broker")) {
          assert.equal(hosts, environmentVariable("REGARDS_HOST"));
          assert.equal(tenant, environmentVariable("REGARDS_TENANT"));
          assert.ok(address === "" || address === environmentVariable("REGARDS_ADDRESS"), String(address));
          assert.equal(credentials, undefined);
        }
        for (const { address, tenant, credentials } of example.ofType("regards-web")) {
          assert.equal(address, environmentVariable("REGARDS_ADDRESS"));
          assert.equal(tenant, environmentVariable("REGARDS_TENANT"));
          assert.equal(credentials, undefined);
        }
        assert.doesNotMatch(JSON.stringify(example.nodes), /https?:\/\/(?!my-regards\.org)/);
      });

      it("shows what goes wrong", () => {
        assert.equal(example.ofType("catch").length, 1);
      });

      it("is grouped, every node within its group's frame", () => {
        const groups = example.ofType("group");
        assert.ok(groups.length > 0);
        for (const { id, x, y, w, h } of groups) {
          const [left, top, width, height] = [Number(x), Number(y), Number(w), Number(h)];
          assert.ok(width > 0 && height > 0, "the frame has a size");
          for (const node of example.nodes.filter(({ g }) => g === id)) {
            assert.ok(
              Number(node.x) > left && Number(node.x) < left + width,
              `${node.name} is beside its group`,
            );
            assert.ok(Number(node.y) > top && Number(node.y) < top + height, `${node.name} is off its group`);
          }
        }
      });

      for (const version of [5, 4] as const) {
        it(`is in the Import menu of Node-RED ${version} and runs there without an error`, async function () {
          this.timeout(60_000);
          const stage = await playExample(example, version);

          const menu = await stage.nodeRed.fetch(
            `/library/examples/flows/@regards-flow/node-red-regards/${name}`,
          );
          const errors = stage.nodeRed.errors();
          const warnings = stage.nodeRed.logs.filter(({ level }) => level === "warn");

          await stage.strike();
          assert.equal(menu.status, 200);
          assert.deepEqual(await menu.json(), example.nodes);
          assert.deepEqual(errors, []);
          assert.deepEqual(warnings, []);
        });
      }
    });
  }
});
