/** What was asked is remembered in a context store, whatever that is like, and never in the way of a request. */
import assert from "node:assert/strict";
import { type AskedRequest, AskedRequests, type ContextStore } from "../../../src/publish/asked-requests";
import { FakeClock } from "../../support/fake-clock";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A context store that answers a turn later; several memories can share it, as processes share a disk. */
class FakeStore implements ContextStore {
  readonly values = new Map<string, unknown>();
  isBroken = false;

  async get(key: string): Promise<unknown> {
    return this.#working(() => this.values.get(key));
  }

  async set(key: string, value: unknown): Promise<void> {
    return this.#working(() => {
      if (value === undefined) this.values.delete(key);
      else this.values.set(key, value);
    });
  }

  async keys(): Promise<string[]> {
    return this.#working(() => [...this.values.keys()]);
  }

  async #working<T>(work: () => T): Promise<T> {
    await Promise.resolve();
    if (this.isBroken) throw new Error("the disk is full");
    return work();
  }
}

describe("the memory of what was asked", () => {
  let clock: FakeClock;
  let store: FakeStore;
  let said: string[];
  let missed: AskedRequest[];

  beforeEach(() => {
    clock = new FakeClock();
    store = new FakeStore();
    said = [];
    missed = [];
  });

  const today = () => clock.now();
  const turn = () => new Promise(setImmediate);

  /** A process that starts, with a node that listens. */
  async function memory(): Promise<AskedRequests> {
    const say = (key: string, detail: string) => said.push(`${key}: ${detail}`);
    const asked = new AskedRequests(store, say, clock, today);
    await asked.load([undefined]);
    asked.onNoAnswer("node", (each) => missed.push(each));
    return asked;
  }

  const request = (correlationId: string) => ({ correlationId, service: "order", nodeId: "node" });

  it("brings back with every answer what a request was to be known by, a copy each time", async () => {
    const asked = await memory();
    const value = { ticket: 7, deep: { list: [1] } };
    await asked.remember(request("a.b[1]"), value, 0, undefined);
    value.ticket = 8;

    const first = asked.answered("a.b[1]", false);
    const second = asked.answered("a.b[1]", true);

    assert.deepEqual(first, { ticket: 7, deep: { list: [1] } });
    assert.deepEqual(second, first);
    assert.notEqual(second, first);
    assert.equal(asked.answered("other", false), undefined);
    assert.equal(asked.answered(undefined, false), undefined);
  });

  it("survives the process where the store does", async () => {
    await (await memory()).remember(request("a"), "mine", 0, undefined);

    const next = await memory();

    assert.equal(next.answered("a", false), "mine");
  });

  it("keeps nothing of requests that have nothing to be known by and are not waited for", async () => {
    const asked = await memory();

    await asked.remember(request("a"), undefined, 0, undefined);

    assert.equal(asked.has("a"), false);
    assert.equal(store.values.size, 0);
  });

  it("forgets what was refused, and a request a day after its final answer, or after a month", async () => {
    const asked = await memory();
    for (const id of ["refused", "answered", "open"]) {
      await asked.remember(request(id), id, 0, undefined);
    }

    asked.forget("refused");
    asked.answered("answered", true);
    clock.advance(DAY + MINUTE);
    await turn();
    assert.deepEqual(
      ["refused", "answered", "open"].map((id) => asked.has(id)),
      [false, false, true],
    );

    clock.advance(31 * DAY);
    await turn();
    assert.equal(asked.has("open"), false);
    assert.equal(store.values.size, 0);
  });

  it("says once that no answer came, and nothing where one has come", async () => {
    const asked = await memory();
    clock.advance(MINUTE);
    await asked.remember(request("silent"), { n: 1 }, MINUTE, undefined);
    await asked.remember(request("answered"), undefined, MINUTE, undefined);
    asked.sent("silent");
    asked.sent("answered");
    asked.answered("answered", false);

    clock.advance(3 * MINUTE);
    await turn();
    clock.advance(3 * MINUTE);
    await turn();

    assert.deepEqual(
      missed.map(({ correlationId, request: json }) => [correlationId, json]),
      [["silent", '{"n":1}']],
    );
  });

  it("says it after a restart too, when what waits in the queues has had time to come, and not again", async () => {
    await (await memory()).remember({ ...request("late"), nodeId: "stopped" }, undefined, MINUTE, undefined);
    clock.advance(5 * MINUTE);
    await turn();

    const heard: string[] = [];
    const restarted = await memory();
    restarted.onNoAnswer("stopped", ({ correlationId }) => heard.push(correlationId));
    clock.advance(5_000);
    await turn();
    assert.equal(heard.length, 0);
    clock.advance(10_000);
    await turn();
    assert.deepEqual(heard, ["late"]);

    const again = await memory();
    again.onNoAnswer("stopped", ({ correlationId }) => heard.push(correlationId));
    clock.advance(DAY / 2);
    await turn();
    assert.deepEqual(heard, ["late"]);
  });

  it("does not take time in the outbox for silence", async () => {
    const asked = await memory();
    clock.advance(MINUTE);
    await asked.remember(request("a"), undefined, MINUTE, undefined);
    clock.advance(10 * MINUTE);
    await turn();
    assert.equal(missed.length, 0, "the broker is away: it has not been asked yet");

    asked.sent("a");
    clock.advance(MINUTE / 2);
    await turn();
    assert.equal(missed.length, 0);
    clock.advance(MINUTE);
    await turn();
    assert.equal(missed.length, 1);
  });

  it("still knows the first request of an id that is given again, to one that is refused", async () => {
    const asked = await memory();
    await asked.remember(request("a"), "first", 0, undefined);
    asked.sent("a");
    await asked.remember(request("a"), "second", 0, undefined);

    asked.forget("a");
    await turn();

    assert.equal(asked.answered("a", false), "first");
    assert.equal((await memory()).answered("a", false), "first", "in the store, too");
  });

  it("says until when nothing can be known yet", async () => {
    await (await memory()).remember(request("a"), "mine", 0, undefined);
    const asked = new AskedRequests(store, () => undefined, clock, today);

    const reading = asked.load([undefined]);
    assert.equal(asked.answered("a", false), undefined);
    assert.ok(asked.loading !== undefined);
    await reading;

    assert.equal(asked.loading, undefined);
    assert.equal(asked.answered("a", false), "mine");
  });

  it("takes what somebody else has put into the store for nothing of its own", async () => {
    store.values.set("regards_request_00", "{not JSON").set("regards_request_01", "{}").set("theirs", 1);

    const asked = await memory();

    assert.equal(asked.has(undefined), false);
    assert.deepEqual(said, []);
  });

  it("says it to the node that asked, when that runs again", async () => {
    const asked = await memory();
    clock.advance(MINUTE);
    await asked.remember({ ...request("a"), nodeId: "disabled" }, undefined, MINUTE, undefined);
    asked.sent("a");
    clock.advance(5 * MINUTE);
    await turn();

    const heard: string[] = [];
    asked.onNoAnswer("disabled", ({ correlationId }) => heard.push(correlationId));
    clock.advance(2_000);
    await turn();

    assert.deepEqual(heard, ["a"]);
  });

  it("says once what is wrong with the store, and never fails", async () => {
    store.isBroken = true;
    const asked = await memory();

    await asked.remember(request("a"), "value", 0, undefined);
    await asked.remember(request("b"), "value", 0, undefined);

    assert.deepEqual(said, ["asked-store: the disk is full"]);
    assert.equal(asked.answered("a", false), "value", "as long as the process lives");
  });

  it("says once what cannot be kept", async () => {
    const asked = await memory();
    const circle: Record<string, unknown> = {};
    circle.self = circle;

    await asked.remember(request("a"), circle, 0, undefined);
    await asked.remember(request("b"), "x".repeat(70_000), 0, undefined);
    await asked.remember(request("c"), 1n, 0, undefined);

    assert.equal(said.length, 1);
    assert.match(said[0] ?? "", /^asked-value: .*circular/i);
    assert.equal(store.values.size, 0);
  });

  it("is bounded: the oldest of more than ten thousand are forgotten, in the store too", async () => {
    const asked = await memory();
    for (let number = 0; number <= 10_000; number += 1) {
      await asked.remember(request(`r${number}`), number, 0, undefined);
    }
    await turn();

    assert.equal(asked.has("r0"), false);
    assert.equal(asked.has("r1"), true);
    assert.equal(store.values.size, 10_000);
  });
});
