import { strict as assert } from "node:assert";
import { setImmediate as turn } from "node:timers/promises";
import type { Outcome } from "../../../src/web/fetching";
import { OrdersUnderWay } from "../../../src/web/orders-under-way";

const SAVED: Outcome = { saved: [], failed: [], notices: [], folder: "" };
const FAILED: Outcome = {
  ...SAVED,
  failed: [
    { file: { name: "a", id: 1 }, trouble: { code: "REGARDS_SERVER" } },
  ] as unknown as Outcome["failed"],
};

describe("orders under way", () => {
  const { signal } = new AbortController();

  /** Begins a fetch that ends when told so. */
  function begin(orders: OrdersUnderWay, name: string, folder: string, until: AbortSignal = signal) {
    let end = (_outcome: Outcome | Error): void => undefined;
    const state = { hasBegun: false, end: (outcome: Outcome | Error) => end(outcome) };
    const fetched = orders.inTurn(name, folder, until, () => {
      state.hasBegun = true;
      return new Promise((resolve, reject) => {
        end = (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome));
      });
    });
    return Object.assign(state, { fetched });
  }

  const folderBefore = async (orders: OrdersUnderWay, name: string): Promise<string | undefined> => {
    let seen: string | undefined;
    await orders.inTurn(name, "/elsewhere", signal, async (before) => {
      seen = before;
      return SAVED;
    });
    return seen;
  };

  it("fetches an order once at a time, and others beside it", async () => {
    const orders = new OrdersUnderWay();
    const first = begin(orders, "order 7", "/data/7");
    const second = begin(orders, "order 7", "/other/7");
    const other = begin(orders, "order 8", "/data/8");
    await turn();
    assert.deepEqual([first.hasBegun, second.hasBegun, other.hasBegun], [true, false, true]);
    first.end(SAVED);
    await first.fetched;
    await turn();
    assert.equal(second.hasBegun, true);
  });

  it("fetches into a folder one at a time, though they are two orders", async () => {
    const orders = new OrdersUnderWay();
    const here = begin(orders, "order 7 of one REGARDS", "/data/7");
    const there = begin(orders, "order 7 of another", "/data/7");
    await turn();
    assert.deepEqual([here.hasBegun, there.hasBegun], [true, false]);
    here.end(new Error("cut"));
    await assert.rejects(here.fetched, /cut/);
    await turn();
    assert.equal(there.hasBegun, true);
  });

  it("gives the turn on where who waited was stopped", async () => {
    const orders = new OrdersUnderWay();
    const first = begin(orders, "order 7", "/data/7");
    const stop = new AbortController();
    const stopped = begin(orders, "order 7", "/data/7", stop.signal);
    const stoppedAtTheFolder = begin(orders, "order 8", "/data/7", stop.signal);
    const last = begin(orders, "order 8", "/data/7");
    await turn();
    stop.abort(new Error("closed"));
    await assert.rejects(stopped.fetched, /closed/);
    await assert.rejects(stoppedAtTheFolder.fetched, /closed/);
    first.end(SAVED);
    await turn();
    await turn();
    assert.equal(last.hasBegun, true);
  });

  it("says where an order was begun that was not brought to its end", async () => {
    const orders = new OrdersUnderWay();
    await orders.inTurn("failed", "/data/1", signal, async () => FAILED);
    await orders
      .inTurn("cut", "/data/2", signal, () => Promise.reject(new Error("cut")))
      .catch(() => undefined);
    await orders.inTurn("whole", "/data/3", signal, async () => SAVED);
    assert.equal(await folderBefore(orders, "failed"), "/data/1");
    assert.equal(await folderBefore(orders, "cut"), "/data/2");
    assert.equal(await folderBefore(orders, "whole"), undefined);
    assert.equal(await folderBefore(orders, "failed"), undefined, "it was brought to its end since");
  });

  it("forgets the oldest of too many that never come to their end", async () => {
    const orders = new OrdersUnderWay(2);
    for (const name of ["a", "b", "a", "c"]) {
      await orders.inTurn(name, `/data/${name}`, signal, async () => FAILED);
    }
    assert.equal(await folderBefore(orders, "a"), "/data/a");
    assert.equal(await folderBefore(orders, "c"), "/data/c");
    assert.equal(await folderBefore(orders, "b"), undefined);
  });
});
