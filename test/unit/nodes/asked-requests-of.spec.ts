/** A node that waits for the memory of requests, and what happens to it meanwhile. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Node, NodeAPI } from "node-red";
import { askedRequestsOf, whenKnown } from "../../../src/nodes/asked-requests-of";
import { SettingsError } from "../../../src/nodes/settings";
import type { AskedRequests } from "../../../src/publish/asked-requests";

describe("waiting for what was asked", () => {
  let known: () => void;
  let loading: Promise<void> | undefined;
  let log: string[];

  beforeEach(() => {
    log = [];
    loading = new Promise((resolve) => {
      known = () => {
        loading = undefined;
        resolve();
      };
    });
  });

  const turn = () => new Promise(setImmediate);
  const use = (begin: () => void = () => undefined) => {
    const RED = { _: (key: string) => key } as unknown as NodeAPI;
    const node = { error: () => log.push("error"), status: () => undefined } as unknown as Node;
    const asked = {
      get loading() {
        return loading;
      },
    } as unknown as AskedRequests;
    return whenKnown(RED, node, asked, {
      start: () => {
        begin();
        log.push("start");
        return { close: async (removed) => void log.push(removed ? "close for good" : "close") };
      },
      neverStarted: () => {
        begin();
        log.push("never started");
      },
    });
  };

  it("starts when it is known, or at once where it is, and closes what was started", async () => {
    const early = use();
    assert.deepEqual(log, []);
    known();
    await turn();
    await use().close(true);
    await early.close(false);

    assert.deepEqual(log, ["start", "start", "close for good", "close"]);
  });

  it("never starts a node that is closed meanwhile", async () => {
    await use().close(false);
    known();
    await turn();

    assert.deepEqual(log, []);
  });

  it("tells of a node that is deleted meanwhile, for its queue is there from an earlier process", async () => {
    await use().close(true);
    known();
    await turn();

    assert.deepEqual(log, ["never started"]);
  });

  it("lets one that is wrongly set go without a word: it has no queue", async () => {
    await use(() => {
      throw new SettingsError("required", { property: "queue" });
    }).close(true);

    assert.deepEqual(log, []);
  });
});

type Done = (error: unknown, ...found: unknown[]) => void;

describe("the memory of a broker node", () => {
  /** Those that look around once a second as long as they remember anything. */
  const memories: AskedRequests[] = [];
  let context: { [method: string]: (...all: never[]) => void };
  let warned: string[];

  beforeEach(() => {
    warned = [];
  });

  afterEach(() => {
    for (const asked of memories.splice(0)) {
      for (const correlationId of ["a", "b"]) asked.forget(correlationId);
    }
  });

  const turn = () => new Promise(setImmediate);
  const memoryOf = (RED: NodeAPI, brokerId = "broker"): AskedRequests => {
    const asked = askedRequestsOf(RED, brokerId);
    memories.push(asked);
    return asked;
  };

  /** Node-RED with one broker node, whose context is what the test says. */
  function nodeRed(): NodeAPI {
    const broker = { context: () => context, warn: (words: string) => warned.push(words) };
    return {
      events: new EventEmitter(),
      settings: { contextStorage: { disk: {}, spare: {} } },
      nodes: { getNode: (id: string) => (id === "broker" ? broker : null) },
      _: (key: string, values: object) => `${key.split(":")[1]} ${JSON.stringify(values)}`,
    } as unknown as NodeAPI;
  }

  const request = { correlationId: "a", service: "order", nodeId: "node" };

  it("does without a store that throws, and says so once", async () => {
    const fail = (): never => {
      throw new Error("no such module");
    };
    context = { keys: fail, get: fail, set: fail };
    const asked = memoryOf(nodeRed());
    await asked.loading;

    await asked.remember(request, "mine", 0, "disk");

    assert.equal(asked.answered("a", false), "mine");
    assert.equal(warned.length, 1);
    assert.match(warned[0] ?? "", /asked-store .*no such module/);
  });

  it("knows what it can read where one entry throws, or one store does", async () => {
    const known = new Map<string, unknown>();
    const working = {
      keys: (_store: string, done: Done) => done(null, [...known.keys()]),
      get: (key: string, _store: string, done: Done) => done(null, known.get(key)),
      set: (key: string, value: unknown, _store: string, done: Done) => {
        known.set(key, value);
        done(null);
      },
    };
    context = working;
    const first = memoryOf(nodeRed());
    await first.loading;
    for (const correlationId of ["a", "b"]) {
      await first.remember({ ...request, correlationId }, correlationId, 0, "disk");
    }
    const [broken] = known.keys();

    context = {
      ...working,
      keys: (store: string, done: Done) => {
        if (store === "spare") throw new Error("the store is away");
        working.keys(store, done);
      },
      get: (key: string, store: string, done: Done) => {
        if (key === broken) throw new Error("unreadable");
        working.get(key, store, done);
      },
    };
    const next = memoryOf(nodeRed());
    await next.loading;

    assert.deepEqual([next.has("a"), next.has("b")], [false, true]);
    assert.equal(warned.length, 1);
  });

  it("asks nothing of a broker node that is not there, and reads its context when it is", async () => {
    context = { keys: (_store: string, done: Done) => done(null, []) };
    const RED = nodeRed();
    const asked = memoryOf(RED, "another");
    await turn();
    assert.equal(asked.loading, undefined);
    await asked.remember(request, "mine", 0, undefined);

    assert.equal(asked.answered("a", false), "mine", "as long as the process lives");
    assert.deepEqual(warned, []);
    assert.equal(askedRequestsOf(RED, "another"), asked);
  });
});
