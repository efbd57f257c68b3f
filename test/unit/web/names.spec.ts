/** Names from outside become one part of a path each, on every system, and nobody else's. */
import assert from "node:assert/strict";
import { freePath, productFolder, safeName } from "../../../src/web/names";

describe("a name from outside", () => {
  for (const [name, safe] of [
    ["data-1.dat", "data-1.dat"],
    ["été.tif", "été.tif"],
    ["e\u0301te\u0301.tif", "été.tif"],
    ["../../etc/passwd", "__.._etc_passwd"],
    ["..", "_"],
    [".", "_"],
    ["", "_"],
    [" ", "_"],
    [".hidden", "_hidden"],
    ["C:\\boot.ini", "C__boot.ini"],
    ["a\u0000b\nc", "a_b_c"],
    ["\u202egnp.exe", "_gnp.exe"],
    ["dots...", "dots_"],
    ["blank ", "blank_"],
    ["CON", "_CON"],
    ["nul.txt", "_nul.txt"],
    ["half.part", "_half.part_"],
    ["\ud800", "\ufffd"],
  ] as const) {
    it(`${JSON.stringify(name)} is ${JSON.stringify(safe)}`, () => assert.equal(safeName(name), safe));
  }

  it("fits into what a file system allows, and keeps its end", () => {
    for (const letter of ["x", "é", "😀"]) {
      const safe = safeName(`${letter.repeat(500)}.tiff`);
      assert.ok(Buffer.byteLength(safe) <= 230);
      assert.match(safe, /\.tiff$/);
      assert.ok(!safe.includes("\ufffd\ufffd"));
    }
  });

  it("is nobody else's, on a system too that knows no upper case", () => {
    const taken = new Set<string>();
    const paths = ["a.tar.gz", "A.tar.gz", "a.tar.gz"].map((name) => freePath("P", name, taken));
    assert.deepEqual(paths, ["P/a.tar.gz", "P/A (2).tar.gz", "P/a (3).tar.gz"]);
  });

  it("of a product says its version", () => {
    assert.equal(productFolder("A/B", 3), "A_B_v3");
    assert.equal(productFolder("A", undefined), "A");
    assert.equal(productFolder(undefined, 1), "files");
  });
});
