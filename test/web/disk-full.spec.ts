/** A disk that is full: before the first byte, in the middle, for the list of what is due; and what comes when there is room. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Fetching, Outcome } from "../../src/web/fetching";
import type { OrderJob } from "../../src/web/order-download";
import { type SmallDisk, smallDisk } from "../support/small-disk";
import { until } from "../support/until";
import { filesIn, LITTLE_PATIENCE, setWebStage, type WebStage } from "./stage";

const KIBIBYTE = 1_024;
const CONTENT = Buffer.alloc(400 * KIBIBYTE, "0123456789");

describe("a download to a disk that is full", () => {
  let stage: WebStage;
  let disk: SmallDisk;

  beforeEach(async () => {
    stage = await setWebStage({ patience: { lasts: 20_000 } });
    disk = await smallDisk(1_024 * KIBIBYTE);
  });
  afterEach(async () => {
    await stage.strike();
    await disk.remove();
  });

  const fetch = (
    orderId: number,
    changes: Partial<OrderJob> = {},
    how: Partial<Fetching> = {},
  ): Promise<Outcome> =>
    stage.fetch(orderId, { folder: join(disk.folder, String(orderId)), ...changes }, how);
  const untilWaiting = (): Promise<unknown> =>
    until(async () => stage.waited.includes("disk-full"), { what: "the disk to be waited for" });
  /** Names without folders, of all that is there but the plans and what fills the disk. */
  const names = async (): Promise<string[]> =>
    [...(await filesIn(disk.folder)).keys()]
      .map((path) => path.split("/").at(-1) ?? "")
      .filter((name) => name !== "ballast");

  for (const mode of ["files", "zip"] as const) {
    it(`asks for nothing to be sent that has no room, and goes on when there is some, in mode ${mode}`, async () => {
      const { orderId } = stage.side.order([{ name: "a.dat", content: CONTENT }]);
      disk.fill(100 * KIBIBYTE);

      const fetched = fetch(orderId, { mode });
      await untilWaiting();
      assert.equal(stage.counted.bytes, 0);
      assert.deepEqual(await names(), []);
      disk.makeRoom();

      const { saved, failed } = await fetched;
      assert.deepEqual([saved.length, failed], [1, []]);
      assert.deepEqual(await names(), ["a.dat"]);
      assert.deepEqual([...new Set(stage.waited)], ["disk-full"]);
    });
  }

  it("takes what is not whole away when the room ends in the middle, and goes on when there is some", async () => {
    const { orderId } = stage.side.order([{ name: "a.dat", content: CONTENT }]);
    const { progress } = stage.fetching();
    let isFull = false;
    const bytes = (count: number): void => {
      progress.bytes(count);
      if (!isFull) disk.fill(0);
      isFull = true;
    };

    const fetched = fetch(orderId, {}, { progress: { ...progress, bytes } });
    await untilWaiting();
    assert.deepEqual(await names(), []);
    assert.equal(stage.counted.bytes, 0);
    disk.makeRoom();

    assert.deepEqual((await fetched).failed, []);
    assert.deepEqual(await names(), ["a.dat"]);
  });

  it("fails with its code when there is never room, leaves nothing, and begins anew with the next event", async () => {
    const { orderId } = stage.side.order([{ name: "a.dat", content: CONTENT }]);
    disk.fill(100 * KIBIBYTE);

    const { failed, saved } = await fetch(orderId, {}, { patience: { ...LITTLE_PATIENCE, lasts: 100 } });
    assert.deepEqual(
      failed.map(({ trouble }) => [trouble.code, trouble.values]),
      [["REGARDS_DISK_FULL", { code: "ENOSPC" }]],
    );
    assert.deepEqual([saved, await names()], [[], []]);
    disk.makeRoom();

    assert.equal((await fetch(orderId)).saved.length, 1);
  });

  it("waits for room for the list too, and knows every file of it afterwards", async () => {
    const files = Array.from({ length: 60 }, (_, place) => ({ name: `${place}-${"x".repeat(150)}.dat` }));
    const { orderId } = stage.side.order(files);
    await fetch(stage.side.order([{ name: "another" }]).orderId);
    disk.fill(8 * KIBIBYTE);

    const fetched = fetch(orderId);
    await untilWaiting();
    disk.makeRoom();

    assert.equal((await fetched).saved.length, 60);
    const transfers = stage.side.transfers.length;
    assert.deepEqual((await fetch(orderId, { event: "another" })).saved, []);
    assert.equal((await fetch(orderId)).saved.length, 60);
    assert.equal(stage.side.transfers.length, transfers);
  });
});
