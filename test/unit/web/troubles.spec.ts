/** What an answer or an error means, and how long it asks to wait. */
import assert from "node:assert/strict";
import { persist } from "../../../src/web/patience";
import {
  troubleOfConnection,
  troubleOfDisk,
  troubleOfStatus,
  WebTrouble,
  waitOf,
} from "../../../src/web/troubles";

describe("Retry-After", () => {
  for (const [header, milliseconds] of [
    ["7", 7_000],
    [" 0 ", 0],
    ["Thu, 01 Jan 1970 00:00:30 GMT", 20_000],
    ["Thu, 01 Jan 1970 00:00:05 GMT", 0],
    ["99999999", 3_600_000],
    ["soon", undefined],
    [undefined, undefined],
  ] as const) {
    it(`${header} is ${milliseconds} ms`, () => assert.equal(waitOf(header, 10_000), milliseconds));
  }
});

describe("a trouble", () => {
  it("of a status that nobody has thought of fails, of the server's comes later", () => {
    assert.equal(troubleOfStatus(418, {}).rule, "fail");
    assert.equal(troubleOfStatus(599, {}).rule, "later");
    assert.equal(troubleOfStatus(429, { "retry-after": "3" }).retryAfter, 3_000);
  });

  for (const [code, trouble] of [
    ["ECONNREFUSED", "unreachable"],
    ["ENOTFOUND", "unreachable"],
    ["HPE_HEADER_OVERFLOW", "unreachable"],
    ["CERT_HAS_EXPIRED", "certificate"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "certificate"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "certificate"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "certificate"],
  ] as const) {
    it(`of a connection: ${code} is ${trouble}`, () => {
      assert.equal(troubleOfConnection(Object.assign(new Error("x"), { code })).trouble, trouble);
    });
  }

  it("of the disk is full or of the folder; anything else is none of ours", () => {
    const of = (code: string): unknown => troubleOfDisk(Object.assign(new Error("x"), { code }));
    assert.equal((of("EDQUOT") as WebTrouble).trouble, "disk-full");
    assert.equal((of("EROFS") as WebTrouble).trouble, "folder");
    assert.ok(!(of("EIO") instanceof WebTrouble));
  });
});

describe("patience", () => {
  const patience = { firstDelay: 1, mostDelay: 2, lasts: 8, tries: 3 };
  const { signal } = new AbortController();
  const failing = async (trouble: WebTrouble): Promise<number> => {
    let times = 0;
    const work = async (): Promise<never> => {
      times += 1;
      throw trouble;
    };
    await assert.rejects(persist(work, patience, signal), trouble);
    return times;
  };

  it("has none with what fails", async () => assert.equal(await failing(new WebTrouble("gone")), 1));
  it("tries bad luck a few times", async () => assert.equal(await failing(new WebTrouble("cut")), 3));
  it("waits for what passes, for so long in all", async () => {
    assert.equal(await failing(new WebTrouble("server")), 5);
  });
  it("does not wait where that would be longer than it lasts", async () => {
    assert.equal(await failing(new WebTrouble("busy", {}, 9)), 1);
  });
  it("does not count a long transfer as waiting", async () => {
    let times = 0;
    const work = async (): Promise<string> => {
      times += 1;
      await new Promise((go) => setTimeout(go, 2 * patience.lasts));
      if (times < 3) throw new WebTrouble("cut");
      return "whole";
    };
    assert.equal(await persist(work, patience, signal), "whole");
  });
  it("ends at once when nobody waits any more", async () => {
    const stop = new AbortController();
    const long = { ...patience, firstDelay: 60_000, mostDelay: 60_000, lasts: 600_000 };
    const work = async (): Promise<never> => {
      throw new WebTrouble("server");
    };
    const trying = persist(work, long, stop.signal);
    setImmediate(() => stop.abort(new Error("gone")));
    await assert.rejects(trying, /gone/);
  });
});
