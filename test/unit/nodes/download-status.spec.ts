/** What a download node shows: what, how much, how fast; or why it waits. */
import assert from "node:assert/strict";
import { DownloadProgress, inBytes } from "../../../src/nodes/download-status";
import { WebTrouble } from "../../../src/web/troubles";

const say = (key: string, values: object = {}): string => `${key} ${Object.values(values).join(" ")}`.trim();
const again = (key: string): string => key;

describe("the status of a download", () => {
  let now = 0;
  const progress = (): DownloadProgress =>
    new DownloadProgress(
      () => now,
      () => undefined,
    );
  beforeEach(() => {
    now = 0;
  });

  it("is ready while there is nothing to do", () => {
    const status = progress().status(0, say, again);
    assert.deepEqual([status.fill, status.text, status.code], ["green", "ready", "ready"]);
  });

  it("says what, how much and how fast", () => {
    const of = progress();
    const going = of.begin("order 12", () => undefined);
    going.files(3, 12);
    of.status(1, say, again);
    now = 2_000;
    going.bytes(84_000_000);
    const status = of.status(1, say, again);
    assert.equal(status.text, "going order 12 3 12 unit.MB 84 unit.MB 42");
    assert.equal(status.code, "downloading");
    assert.deepEqual(
      [status.counters?.bytes, status.counters?.rate, status.counters?.inProgress],
      [84_000_000, 42_000_000, 1],
    );
  });

  it("adds several orders up", () => {
    const of = progress();
    of.begin("order 1", () => undefined).files(1, 2);
    of.begin("order 2", () => undefined).files(2, 5);
    assert.match(of.status(2, say, again).text, /^going several 2 3 7 /);
  });

  it("says why it waits when everything does, and goes on", () => {
    const of = progress();
    const going = of.begin("order 1", () => undefined);
    going.waiting(new WebTrouble("busy"));
    const status = of.status(1, say, again);
    assert.deepEqual([status.fill, status.text], ["yellow", "again order 1 REGARDS_BUSY"]);
    going.waiting(undefined);
    assert.equal(of.status(1, say, again).code, "downloading");
  });

  it("counts what left by which output", () => {
    const of = progress();
    of.begin("order 1", () => undefined).end();
    of.ended("saved", 3);
    of.ended("nothing", 0);
    const { counters } = of.status(0, say, again);
    assert.deepEqual([counters?.saved, counters?.nothing, counters?.failed, counters?.files], [1, 1, 0, 3]);
  });

  for (const [bytes, words] of [
    [0, "unit.B 0"],
    [999, "unit.B 999"],
    [1_000, "unit.kB 1.0"],
    [1_234_567, "unit.MB 1.2"],
    [45_600_000, "unit.MB 46"],
    [1_800_000_000, "unit.GB 1.8"],
    [9e15, "unit.TB 9000"],
    [-5, "unit.B 0"],
  ] as const) {
    it(`writes ${bytes} bytes as ${words}`, () => assert.equal(inBytes(bytes, say), words));
  }
});
