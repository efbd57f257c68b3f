/** What was asked is remembered in a context store, whatever that is like, and never in the way of a request. */
import assert from "node:assert/strict";
import { type AskedRequest, AskedRequests, type ContextStore } from "../../../src/publish/asked-requests";
import { FakeClock } from "../../support/fake-clock";
import { FakeTime } from "../../support/fake-time";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A context store that answers a turn later; several memories can share it, as processes share a disk. */
class FakeStore implements ContextStore {
  readonly values = new Map<string, unknown>();
  isBroken = false;
  /** A key of which `get` throws. */
  unreadable: string | undefined;
  /** What `set` waits for. */
  delay: Promise<void> = Promise.resolve();

  async get(key: string): Promise<unknown> {
    if (key === this.unreadable) throw new Error("one entry is unreadable");
    return this.#working(() => this.values.get(key));
  }

  async set(key: string, value: unknown): Promise<void> {
    await this.delay;
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
  /** By how much somebody has set the time of day. */
  let setBy: number;

  beforeEach(() => {
    setBy = 0;
    clock = new FakeClock();
    store = new FakeStore();
    said = [];
    missed = [];
  });

  const today = () => clock.now() + setBy;
  const turn = () => new Promise(setImmediate);

  /** A process that starts, with a node that listens. */
  async function memory(): Promise<AskedRequests> {
    const say = (key: string, detail: string) => said.push(`${key}: ${detail}`);
    const asked = new AskedRequests(store, say, clock, today);
    await asked.load([undefined]);
    asked.onNoAnswer("node", (each) => missed.push(each));
    return asked;
  }

  /** A memory of a request that is out, to which no answer comes within a minute. */
  async function silent(correlationId: string): Promise<AskedRequests> {
    const asked = await memory();
    clock.advance(MINUTE);
    await asked.remember(request(correlationId), undefined, MINUTE, undefined);
    asked.sent(correlationId);
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

  it("takes what somebody has changed in the store for nothing of its own, whichever part it is", async () => {
    await (await memory()).remember(request("a"), { n: 1 }, MINUTE, undefined);
    const [[key, written] = ["", ""]] = store.values;
    const right = JSON.parse(String(written));
    const wrong = [
      ...[{ request: "{not JSON" }, { request: { n: 1 } }, { askedAt: "yesterday" }, { askedAt: 1e99 }],
      ...[
        { nodeId: 7 },
        { service: null },
        { noAnswerAt: "soon" },
        { forgetAt: null },
        { correlationId: [] },
      ],
    ];
    for (const change of wrong) {
      store.values.set(key, JSON.stringify({ ...right, ...change }));
      const asked = await memory();
      assert.equal(asked.has("a"), false, JSON.stringify(change));
      assert.equal(asked.answered("a", true), undefined);
    }
    store.values.set(key, written);
    assert.deepEqual((await memory()).answered("a", true), { n: 1 });
    assert.deepEqual(said, []);
  });

  it("knows the others where one entry of the store cannot be read", async () => {
    const first = await memory();
    await first.remember(request("a"), "a", 0, undefined);
    await first.remember(request("b"), "b", 0, undefined);
    [store.unreadable] = store.values.keys();

    const asked = await memory();

    assert.deepEqual([asked.has("a"), asked.has("b")], [false, true]);
    assert.deepEqual(said, ["asked-store: one entry is unreadable"]);
  });

  it("lets a request go out though its store never answers", async () => {
    const time = new FakeTime();
    try {
      store.delay = new Promise(() => undefined);
      const asked = new AskedRequests(store, (key, detail) => said.push(`${key}: ${detail}`));
      let isReady = false;
      void asked.remember(request("a"), "value", 0, undefined).then(() => {
        isReady = true;
      });

      await time.advance(4_000);
      assert.equal(isReady, false);
      await time.advance(2_000);
      assert.equal(isReady, true);
      assert.equal(asked.answered("a", false), "value");
      assert.deepEqual(said, ["asked-store: the context store timed out after 5000 ms"]);
    } finally {
      time.stop();
    }
  });

  it("waits for a store that is busy: what it does not hold yet would die with the process", async () => {
    const time = new FakeTime();
    try {
      const asked = new AskedRequests(store, (key) => said.push(key));
      let ready = 0;
      for (let number = 1; number <= 5; number += 1) {
        store.delay = new Promise((resolve) => setTimeout(resolve, number * 3_000));
        void asked.remember(request(`r${number}`), number, 0, undefined).then(() => {
          ready += 1;
        });
      }

      await time.advance(14_000);
      assert.deepEqual([ready, store.values.size], [4, 4]);
      await time.advance(2_000);
      assert.deepEqual([ready, store.values.size], [5, 5]);
      assert.deepEqual(said, []);
    } finally {
      time.stop();
    }
  });

  it("says nothing where the answer comes while it is being written that none came", async () => {
    const asked = await silent("a");
    let written: () => void = () => undefined;
    store.delay = new Promise((resolve) => {
      written = resolve;
    });
    clock.advance(2 * MINUTE);
    await turn();

    asked.answered("a", true);
    written();
    await turn();

    assert.deepEqual(missed, []);
  });

  it("says it to the next node where the one that asked goes while it is being written", async () => {
    const asked = await silent("a");
    let written: () => void = () => undefined;
    store.delay = new Promise((resolve) => {
      written = resolve;
    });
    const old: string[] = [];
    const stop = asked.onNoAnswer("node", ({ correlationId }) => old.push(correlationId));
    clock.advance(2 * MINUTE);
    await turn();
    stop();
    written();
    await turn();

    asked.onNoAnswer("node", (each) => missed.push(each));
    clock.advance(2_000);
    await turn();

    assert.deepEqual([old.length, missed.length], [0, 1]);
    assert.equal((await memory()).has("a"), true);
  });

  it("waits while the broker is away, and then until what waits in the queues has been read", async () => {
    const asked = await silent("a");
    await asked.remember(request("b"), undefined, MINUTE, undefined);
    asked.sent("b");
    let isUp = false;
    const heard: string[] = [];
    asked.onNoAnswer(
      "node",
      ({ correlationId }) => heard.push(correlationId),
      () => isUp,
    );
    clock.advance(10 * MINUTE);
    await turn();
    isUp = true;
    clock.advance(9_000);
    await turn();
    assert.deepEqual(heard, []);

    asked.answered("b", false);
    clock.advance(5_000);
    await turn();

    assert.deepEqual(heard, ["a"]);
  });

  for (const [title, hours] of [
    ["back", -24],
    ["forward", 24],
    ["forward by half a century, as on a machine that started without a clock", 24 * 365 * 50],
  ] as const) {
    it(`neither misses an answer sooner nor later where the time of day is set ${title}`, async () => {
      const asked = await silent("a");
      await asked.remember(request("b"), "b", 0, undefined);
      asked.sent("b");
      setBy = hours * 60 * MINUTE;
      clock.advance(MINUTE / 2);
      await turn();
      assert.deepEqual([missed.length, asked.has("b")], [0, true]);

      clock.advance(MINUTE);
      await turn();

      assert.equal(missed.length, 1);
      assert.equal(asked.answered("b", false), "b");
      const [kept] = [...store.values.values()].map((each) => JSON.parse(String(each)));
      assert.equal(kept.correlationId, "a");
    });
  }

  it("sets nothing right that an earlier process asked, for its clock may have been the right one", async () => {
    setBy = 50 * 365 * DAY;
    await (await memory()).remember(request("a"), undefined, MINUTE, undefined);

    // The machine starts again, without a clock, and is told the time.
    setBy = 0;
    const asked = await memory();
    clock.advance(11_000);
    await turn();
    assert.equal(missed.length, 0);
    setBy = 50 * 365 * DAY;
    clock.advance(MINUTE);
    await turn();

    assert.equal(missed.length, 1);
    assert.equal(asked.has("a"), true);
  });

  it("counts an answer that is faster than the broker's confirm", async () => {
    const asked = await memory();
    clock.advance(MINUTE);
    await asked.remember(request("a"), "mine", MINUTE, undefined);

    assert.equal(asked.answered("a", true), "mine");
    asked.sent("a");
    clock.advance(5 * MINUTE);
    await turn();

    assert.deepEqual(missed, []);
    assert.equal(asked.answered("a", true), "mine", "a second one comes to the same");
    clock.advance(DAY);
    await turn();
    assert.equal(asked.has("a"), false);
  });

  it("tells a node and its copy each of what it asked itself", async () => {
    const asked = await memory();
    const heard: string[] = [];
    for (const nodeId of ["one", "copy"]) {
      asked.onNoAnswer(nodeId, ({ correlationId }) => heard.push(`${nodeId}: ${correlationId}`));
      await asked.remember({ ...request(`of ${nodeId}`), nodeId }, undefined, MINUTE, undefined);
      asked.sent(`of ${nodeId}`);
    }

    clock.advance(2 * MINUTE);
    await turn();

    assert.deepEqual(heard, ["one: of one", "copy: of copy"]);
  });

  it("knows the last request of a correlation id that a node and its copy both give", async () => {
    const asked = await memory();
    for (const nodeId of ["one", "copy"]) {
      await asked.remember({ ...request("same"), nodeId }, nodeId, MINUTE, undefined);
      asked.sent("same");
    }

    assert.equal(asked.answered("same", false), "copy");
    assert.equal(store.values.size, 1);
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
