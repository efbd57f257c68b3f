/** Orders as nobody expects them: empty, with thousands of files, into odd folders, under names that are nearly the same. */
import assert from "node:assert/strict";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { smallDisk } from "../support/small-disk";
import { filesIn, setWebStage, type WebStage } from "./stage";

const THOUSANDS = 2_000;

describe("the download of an unusual order", function () {
  this.timeout(60_000);
  let stage: WebStage;
  beforeEach(async () => {
    stage = await setWebStage();
  });
  afterEach(() => stage.strike());

  for (const mode of ["files", "zip"] as const) {
    it(`of no file at all leaves nothing to tell, in mode ${mode}`, async () => {
      const { orderId } = stage.side.order([]);

      const { saved, failed, notices } = await stage.fetch(orderId, { mode });

      assert.deepEqual([saved, failed, notices], [[], [], []]);
      assert.deepEqual([stage.side.zips, [...(await stage.files())]], [0, []]);
    });

    it(`gives names that differ in case or in Unicode's forms only to files of their own, in mode ${mode}`, async () => {
      const names = ["é.dat", "e\u0301.dat", "É.DAT", "s.dat", "ſ.dat", "straße", "STRASSE", "İ", "i\u0307"];
      const { orderId } = stage.side.order(names.map((name) => ({ name, content: Buffer.from(name) })));

      const { saved, failed } = await stage.fetch(orderId, { mode });

      assert.deepEqual(failed, []);
      const paths = saved.map(({ path }) =>
        path.normalize("NFKD").toUpperCase().toLowerCase().normalize("NFKD"),
      );
      assert.equal(new Set(paths).size, names.length);
      for (const { path, name } of saved) assert.equal(await readFile(path, "utf8"), name);
    });
  }

  it("of more files than a page has reads every page before the first file", async () => {
    const files = Array.from({ length: 1_002 }, (_, place) => ({ name: `${place}.dat` }));
    const { orderId } = stage.side.order(files);
    // In memory: a disk takes its time to sync a thousand files.
    const disk = await smallDisk(32 * 2 ** 20);
    const folder = join(disk.folder, String(orderId));

    const { saved, failed } = await stage.fetch(orderId, { folder, parallel: 3 }).finally(disk.remove);

    assert.deepEqual([saved.length, failed], [1_002, []]);
    const asked = stage.side.seen.map(({ path }) => path);
    const lists = asked.filter((path) => path.includes("/files/available?"));
    assert.deepEqual(
      lists.map((path) => path.split("?")[1]),
      ["page=0&size=500", "page=1&size=500", "page=2&size=500", "page=0&size=500"],
    );
    assert.ok(asked.indexOf(lists[2] ?? "") < asked.findIndex((path) => /\/orders\/files\/\d+$/.test(path)));
  });

  it("of thousands of files takes one ZIP apart, and tells of each file once", async () => {
    const files = Array.from({ length: THOUSANDS }, (_, place) => ({ name: `${place}.dat` }));
    const { orderId } = stage.side.order(files);
    const disk = await smallDisk(64 * 2 ** 20);
    const folder = join(disk.folder, String(orderId));

    const { saved, failed } = await stage.fetch(orderId, { folder, mode: "zip" }).finally(disk.remove);

    assert.deepEqual([saved.length, new Set(saved.map(({ path }) => path)).size], [THOUSANDS, THOUSANDS]);
    assert.deepEqual([failed, stage.side.zips], [[], 1]);
    const one = stage.side.seen.find(({ path }) => /\/orders\/files\/\d+$/.test(path));
    assert.equal(one, undefined, "a file of the ZIP was fetched by its id");
  });

  it("goes through a folder that is a symbolic link, and not through one that stands under a file's name", async () => {
    const { orderId } = stage.side.order([{ name: "a.dat", productId: "P" }]);
    await mkdir(join(stage.folder, "real"));
    await symlink("real", join(stage.folder, "link"));
    const outside = join(stage.folder, "outside");
    await writeFile(outside, "of somebody else");
    await mkdir(join(stage.folder, "real", "P_v1"));
    await symlink(outside, join(stage.folder, "real", "P_v1", "a.dat"));

    const { saved } = await stage.fetch(orderId, { folder: join(stage.folder, "link") });

    assert.equal(saved.length, 1);
    const found = await filesIn(stage.folder);
    assert.equal(found.get("real/P_v1/a.dat"), "a.dat");
    assert.equal(found.get("outside"), "of somebody else");
  });

  it("into a folder that is a file fails as what it is", async () => {
    const { orderId } = stage.side.order([{ name: "a.dat" }]);
    const folder = join(stage.folder, "taken");
    await writeFile(folder, "");

    await assert.rejects(stage.fetch(orderId, { folder }), { trouble: "folder", values: { code: "EEXIST" } });
  });

  it("never takes the order of another REGARDS or tenant that has its number for its own", async () => {
    const { orderId } = stage.side.order([{ name: "a.dat" }]);
    await stage.fetch(orderId, { of: "project1 at https://one.example" });

    await assert.rejects(stage.fetch(orderId, { of: "project1 at https://other.example" }), {
      trouble: "folder-taken",
      code: "REGARDS_FOLDER",
      values: { of: `order ${orderId} of project1 at https://one.example` },
    });
  });
});
