import assert from "node:assert/strict";
import { zipSync } from "fflate";
import { filesInZip } from "../../examples/zip-check";

const ZIP = Buffer.from(zipSync({ "a.txt": Buffer.from("alpha"), "b.txt": Buffer.from("b".repeat(1000)) }));

describe("the check of a saved ZIP", () => {
  it("finds every file and its bytes", () => {
    const files = filesInZip(ZIP);

    assert.deepEqual([...files.keys()], ["a.txt", "b.txt"]);
    assert.equal(files.get("b.txt")?.toString(), "b".repeat(1000));
  });

  it("refuses a ZIP that was cut short", () => {
    assert.throws(() => filesInZip(ZIP.subarray(0, ZIP.length - 30)), /no end of central directory/);
  });

  it("refuses a ZIP with a changed byte", () => {
    const damaged = Buffer.from(ZIP);
    const at = damaged.indexOf("alpha") >= 0 ? damaged.indexOf("alpha") : 40;
    damaged.writeUInt8((damaged.readUInt8(at) + 1) % 256, at);

    assert.throws(() => filesInZip(damaged));
  });
});
