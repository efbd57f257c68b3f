import assert from "node:assert/strict";
import { sampleNames } from "../../src/regards/samples";
import { services } from "../../src/regards/services";
import { CONFIG_TYPES, TYPES } from "../package/sources";
import { DASHBOARD } from "../support/dashboard";
import { dashboardOrSkip } from "../support/shared-dashboard";
import { Example, environmentVariable, exampleNames } from "./example";
import { playExample } from "./example-stage";

const CORE = [
  ...["tab", "group", "comment", "inject", "debug", "catch", "link in", "link out"],
  ...["status", "function", "switch", "change", "template", "split", "file", "http request"],
];

describe("the examples", () => {
  it("show every node of the palette", () => {
    const used = exampleNames().flatMap((name) => Example.read(name).nodes.map(({ type }) => type));

    for (const type of TYPES) assert.ok(used.includes(type), type);
  });

  it("share no other node than the config nodes, so that all can be imported into one Node-RED", () => {
    const ids = exampleNames().flatMap((name) =>
      Example.read(name)
        .nodes.filter(({ type }) => !CONFIG_TYPES.includes(type))
        .map(({ id }) => id),
    );

    assert.equal(new Set(ids).size, ids.length);
  });

  it("share their config nodes, letter for letter", () => {
    for (const type of CONFIG_TYPES) {
      const all = exampleNames().flatMap((name) => Example.read(name).ofType(type));

      assert.ok(all.length > 1, type);
      for (const node of all) assert.deepEqual(node, all[0]);
    }
  });

  for (const name of exampleNames()) {
    describe(name, () => {
      const example = Example.read(name);

      it("uses the nodes of this package and Node-RED's own, or names the module of others", () => {
        const others = example.nodes.filter(({ type }) => ![...TYPES, ...CORE].includes(type));
        const modules = others.flatMap((node) => Object.entries(node.modules ?? {}));

        assert.deepEqual(modules, example.hasDashboard ? [[DASHBOARD.name, DASHBOARD.version]] : []);
        for (const { type } of others)
          assert.ok(example.hasDashboard && /^(ui-|global-config$)/.test(type), type);
      });

      it("says in the description of its tab what it shows and what to set", () => {
        const [tab, ...others] = example.ofType("tab");

        assert.deepEqual(others, []);
        assert.match(String(tab?.info), /# What this flow does[\s\S]+# What to set[\s\S]+# Worth knowing/);
      });

      it("names every environment variable it reads, and how to set one without a restart", () => {
        const [tab] = example.ofType("tab");
        const others = example.nodes.filter((node) => node !== tab);
        const used = others.flatMap(({ broker, web }) => [broker, web]);
        // Each example brings both config nodes, and may use one of them only.
        const rest = others.filter(({ id, type }) => !CONFIG_TYPES.includes(type) || used.includes(id));
        const read = new Set(JSON.stringify(rest).match(/REGARDS_[A-Z_]+/g));

        assert.ok(read.size > 0);
        for (const variable of read) assert.match(String(tab?.info), new RegExp(`\\| \`${variable}\` \\|`));
        assert.match(String(tab?.info), /\*User settings → Environment\*, then \*Deploy\*/);
      });

      it("has a sample event chosen in every node that has some", () => {
        for (const { type, name, sample } of example.nodes.filter((node) =>
          /^regards-.*-in$/.test(node.type),
        )) {
          const service = services.find((each) => type === `regards-${each.name}-in`);
          const known = service === undefined ? [] : sampleNames(service);
          assert.ok(known.includes(String(sample)), `${name}: ${sample} is none of ${known.join()}`);
        }
      });

      it("has no function longer than ten lines", () => {
        for (const { name, func } of example.ofType("function")) {
          assert.ok(String(func).split("\n").length <= 10, String(name));
        }
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
          if (example.hasDashboard) await dashboardOrSkip(this);
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
