/** The rules that keep the rooms apart, checked on the text of the sources. */
import assert from "node:assert/strict";
import { files, read } from "./sources";

/** The imports of a file: what is named, and whether it is needed at run time. */
function imports(path: string): { from: string; typeOnly: boolean }[] {
  const found = read(path).matchAll(/^(?:import|export)\s+(type\s)?[^;]*?\bfrom\s+"([^"]+)"/gm);
  return [...found].map(([, type, from = ""]) => ({ from, typeOnly: type !== undefined }));
}

const sources = ["src", "nodes"].flatMap((folder) => files(folder, ".ts"));

describe("the architecture", () => {
  /** Each room, and the rooms of ours it may know; arrows go down only. */
  const rooms: Readonly<Record<string, readonly string[]>> = {
    regards: [],
    completion: [],
    amqp: [],
    web: ["regards"],
    consume: ["regards", "amqp", "completion"],
    publish: ["regards", "amqp"],
    diagnosis: ["regards", "amqp", "consume", "web"],
    nodes: ["regards", "amqp", "completion", "web", "consume", "publish", "diagnosis"],
  };
  /** What a room may need from outside. */
  const libraries: Readonly<Record<string, RegExp>> = {
    amqp: /^(?:node:.*|amqplib)$/,
    web: /^(?:node:.*|yauzl)$/,
    nodes: /^(?:node:.*|node-red)$/,
  };

  it("lets arrows between the rooms of src go down only, and Node-RED into the seam only", () => {
    for (const path of files("src", ".ts")) {
      const [, room = "", ...inside] = path.split("/");
      assert.equal(inside.length, 1, path);
      const below = rooms[room];
      assert.ok(below, `${path}: no such room`);
      for (const { from } of imports(path)) {
        const where = `${path} imports ${from}`;
        const [, other] = /^\.\.\/([\w-]+)\/[\w-]+$/.exec(from) ?? [];
        if (other !== undefined) {
          assert.ok(below.includes(other), where);
        } else if (!/^\.\/[\w-]+$/.test(from)) {
          assert.match(from, libraries[room] ?? /^node:/, where);
        }
      }
    }
  });

  it("lets nothing in src know nodes, and nothing that ships know the tests", () => {
    for (const path of sources) {
      for (const { from } of imports(path)) {
        assert.doesNotMatch(from, path.startsWith("src/") ? /\/(?:nodes|test)\// : /\/test\//, path);
      }
    }
  });

  it("has no escape from the types, and says nothing on the console", () => {
    for (const path of sources) {
      const code = read(path).replaceAll(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g, "");
      assert.doesNotMatch(read(path), /@ts-(?:ignore|expect-error|nocheck)/, path);
      assert.doesNotMatch(code, /[:<|,]\s*any\b|\bas any\b|\bany\[\]/, path);
      assert.doesNotMatch(code, /\bconsole\./, path);
    }
  });

  it("opens every source with a sentence that says why it exists", () => {
    for (const path of sources) {
      assert.match(read(path), /^\/\*\*/, path);
    }
  });
});
