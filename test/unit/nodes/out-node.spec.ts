/** An acknowledging node and what happens to it, without a broker or Node-RED. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import type { Node, NodeAPI } from "node-red";
import { leavingOf } from "../../../src/completion/leaving";
import { askedRequestsOf } from "../../../src/nodes/asked-requests-of";
import { OutMessages } from "../../../src/nodes/out-messages";
import { runOutNode } from "../../../src/nodes/out-node";
import { outSettings } from "../../../src/nodes/out-node-settings";
import { acknowledgement, type RequestKind, workerRequests } from "../../../src/regards/requests";
import { FakeConnection } from "../../support/fake-channel";
import { FakeClock } from "../../support/fake-clock";

const urn = (index: number): string =>
  `URN:AIP:DATA:project1:098f6bcd-4621-3373-8ade-${String(index).padStart(12, "0")}:V1`;

interface Outcome {
  readonly topic?: unknown;
  readonly regards: { readonly urns: readonly string[]; readonly messageId: string };
  readonly error?: { readonly code: string; readonly urns: readonly string[] };
}

class FakeBroker {
  readonly connection = new FakeConnection();
  readonly #users = new Set<() => Promise<void>>();

  lease() {
    return { connection: this.connection, release: async () => undefined };
  }

  onClosing(leave: () => Promise<void>): () => void {
    this.#users.add(leave);
    return () => this.#users.delete(leave);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#users].map((leave) => leave()));
  }

  /** The connection is lost: nothing can be confirmed, nor sent. */
  lose(): void {
    this.connection.become({
      phase: "reconnecting",
      fault: { code: "lost", detail: "Connection lost" },
      retryAt: 0,
    });
  }
}

/** Node-RED's part: a node with wires, and messages that come in and go out. */
class FakeNode extends EventEmitter {
  readonly id = "ack";
  readonly wires = [["next"], ["refused"]];
  _path: string | undefined;
  _flow: { getNode(id: string): object | undefined } | undefined;
  readonly published: Outcome[] = [];
  readonly refused: Outcome[] = [];
  readonly ended: (string | undefined)[] = [];
  readonly warnings: string[] = [];
  readonly statuses: unknown[] = [];

  receive(message: object): void {
    const send = ([published, refused]: (Outcome | null)[]): void => {
      if (published) this.published.push(published);
      if (refused) this.refused.push(refused);
    };
    const done = (error?: Error): void => {
      this.ended.push(error && String((error as { code?: unknown }).code ?? error.message));
    };
    this.emit("input", message, send, done);
  }

  /** Gives it one message, and time to look at it. */
  async take(payload: unknown, more: object = {}): Promise<void> {
    this.receive({ _msgid: "m", payload, ...more });
    await turn();
    await turn();
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.emit("close", false, resolve));
  }

  status(shown: unknown): void {
    this.statuses.push(shown);
  }

  warn(words: string): void {
    this.warnings.push(words);
  }

  log(): void {}
}

describe("an acknowledging node", () => {
  let events: EventEmitter;
  let nodes: Map<string, object>;
  let clock: FakeClock;
  let brokers: FakeBroker[];

  beforeEach(() => {
    brokers = [];
    clock = new FakeClock();
    events = new EventEmitter();
    nodes = new Map([
      ["next", {}],
      ["refused", {}],
    ]);
  });

  afterEach(async () => {
    for (const broker of brokers) {
      // Nothing is waited for that the test has left unconfirmed.
      broker.lose();
      await broker.close();
    }
  });

  function deploy(id = "broker"): FakeBroker {
    const broker = new FakeBroker();
    brokers.push(broker);
    nodes.set(id, {
      // A context in which nothing is kept.
      context: () => ({
        keys: (_store: unknown, done: (error: null) => void) => done(null),
        set: (_key: unknown, _value: unknown, _store: unknown, done: (error: null) => void) => done(null),
      }),
      regards: { broker, system: { namespace: "regards", appId: "node-red", tenant: "project1" } },
    });
    return broker;
  }

  /** Node-RED, as far as these nodes need it. */
  function RED(): NodeAPI {
    return {
      events,
      settings: {},
      nodes: { getNode: (id: string) => nodes.get(id) ?? null },
      util: {
        evaluateNodeProperty: (
          value: string,
          type: string,
          _node: unknown,
          message: Record<string, unknown>,
          answer: (error: Error | null, value: unknown) => void,
        ) =>
          message[value] === "unreadable"
            ? answer(new Error("expression failed"), undefined)
            : answer(null, type === "msg" ? message[value] : value),
      },
      _: (key: string, values: object) => `${key.split(":")[1]} ${JSON.stringify(values)}`,
    } as unknown as NodeAPI;
  }

  function start(
    definition: object = {},
    kind: RequestKind = acknowledgement,
    tab = "tab",
    brokerId = "broker",
  ): FakeNode {
    const node = new FakeNode();
    node._path = `${tab}/${node.id}`;
    node._flow = { getNode: (id) => nodes.get(id) };
    const self = node as unknown as Node;
    const settings = outSettings({ recipientLabel: "me", ...definition }, kind);
    const api = RED();
    runOutNode(api, self, new OutMessages(api, self, kind, settings, brokerId, clock));
    return node;
  }

  /** Node-RED exchanges nodes; what happens meanwhile is up to the test. */
  async function restart(meanwhile: () => unknown): Promise<void> {
    events.emit("flows:stopping");
    await meanwhile();
    events.emit("flows:started");
    for (let turns = 0; turns < 5; turns += 1) await turn();
  }

  function sentOn({ connection }: FakeBroker) {
    return connection.channels.flatMap(({ published }) => published);
  }

  async function confirmAll(broker: FakeBroker): Promise<void> {
    for (const { confirm } of sentOn(broker)) confirm(null);
    await turn();
  }

  it("sends on what the broker has confirmed, and completes then", async () => {
    const broker = deploy();
    const node = start();
    await restart(() => undefined);

    await node.take([urn(1), urn(2)], { topic: "kept" });
    assert.deepEqual([node.published, node.ended], [[], []]);
    await confirmAll(broker);

    assert.deepEqual(node.ended, [undefined]);
    assert.deepEqual(node.published[0]?.regards.urns, [urn(1), urn(2)]);
    assert.equal(node.published[0]?.topic, "kept");
  });

  it("reports an expression that fails with the message it failed for", async () => {
    deploy();
    const node = start();
    await restart(() => undefined);

    await node.take("unreadable");

    assert.deepEqual(node.ended, ["expression failed"]);
  });

  it("asks for its wires anew for each message: who is wired, and runs", async () => {
    deploy();
    const node = start();
    await restart(() => undefined);

    await node.take("no urn");
    nodes.delete("refused");
    await node.take("no urn");
    nodes.set("mended", {});
    node.wires[1] = ["mended"];
    await node.take("no urn");

    assert.deepEqual(node.ended, [undefined, "REGARDS_BAD_URN", undefined]);
    assert.equal(node.refused.length, 2);
  });

  it("keeps a verdict that comes while nodes are exchanged until they run again", async () => {
    const broker = deploy();
    const node = start();
    await restart(() => undefined);
    await node.take(urn(1));

    await restart(async () => {
      await confirmAll(broker);
      assert.deepEqual([node.published, node.ended], [[], []]);
    });

    assert.deepEqual([node.published.length, node.ended], [1, [undefined]]);
  });

  it("keeps it no longer than an exchange of nodes can take: a missing node type stops only what has changed", async () => {
    const broker = deploy();
    const node = start();
    await restart(() => undefined);
    await node.take(urn(1));
    nodes.delete("refused");

    events.emit("flows:stopping");
    await confirmAll(broker);
    clock.advance(19_000);
    assert.deepEqual(node.ended, []);
    clock.advance(2_000);
    assert.deepEqual([node.published.length, node.refused.length], [1, 0]);
    await node.take("no urn");
    assert.equal(node.ended.length, 1);

    nodes.set("refused", {});
    events.emit("flows:started");
    await turn();
    assert.equal(node.refused.length, 1);
  });

  it("completes at once, exchange of nodes or not, where nobody waits for the message", async () => {
    const broker = deploy();
    const node = start();
    node.wires[0] = [];
    await restart(() => undefined);
    await node.take(urn(1));

    await restart(async () => {
      await confirmAll(broker);
      assert.deepEqual(node.ended, [undefined]);
    });
  });

  it("leaves what is not confirmed to its successor, under the same message id, and tells nothing itself", async () => {
    const broker = deploy();
    const old = start();
    await restart(() => undefined);
    await old.take([urn(1), urn(2)], { topic: "kept" });
    const [first, second] = sentOn(broker);
    first?.confirm(null);
    broker.lose();

    let node = old;
    let next = broker;
    await restart(async () => {
      await Promise.all([old.close(), broker.close()]);
      next = deploy();
      node = start();
      assert.deepEqual(sentOn(next), []);
    });

    assert.deepEqual(
      sentOn(next).map(({ messageId }) => messageId),
      [second?.messageId],
    );
    await confirmAll(next);
    assert.deepEqual([old.published, old.ended, old.warnings], [[], [], []]);
    assert.deepEqual(node.published[0]?.regards.urns, [urn(1), urn(2)]);
    assert.equal(node.published[0]?.topic, "kept");
    assert.deepEqual(node.ended, [undefined]);
  });

  it("says that its successor brings all to its end, once nothing can end with it any more", async () => {
    const broker = deploy();
    const [wired, unwired] = [start(), start()];
    unwired.wires[0] = [];
    await restart(() => undefined);
    await unwired.take(urn(1));

    await restart(async () => {
      const closing = Promise.all([wired.close(), unwired.close(), broker.close()]);
      assert.deepEqual([wired, unwired].map(leavingOf), ["passes-on", "ends-some"]);
      await confirmAll(broker);
      assert.deepEqual(unwired.ended, [undefined]);
      await closing;
      assert.equal(leavingOf(unwired), "passes-on");
    });
  });

  it("leaves it to its successor on another tab, too", async () => {
    const broker = deploy();
    const old = start();
    await restart(() => undefined);
    broker.lose();
    await old.take(urn(1));

    let next = broker;
    await restart(async () => {
      await Promise.all([old.close(), broker.close()]);
      next = deploy();
      start({}, acknowledgement, "another");
    });

    assert.equal(sentOn(next).length, 1);
    assert.deepEqual(old.warnings, []);
  });

  it("leaves a verdict that came while it was being closed to its successor", async () => {
    const broker = deploy();
    const old = start();
    await restart(() => undefined);
    await old.take(urn(1));

    let node = old;
    await restart(async () => {
      const closing = Promise.all([old.close(), broker.close()]);
      await confirmAll(broker);
      await closing;
      deploy();
      node = start();
    });

    assert.deepEqual([old.published.length, node.published.length], [0, 1]);
  });

  it("keeps a way for what waits through a node whose broker is missing for a while", async () => {
    const broker = deploy();
    const old = start();
    broker.lose();
    await restart(() => undefined);
    await old.take(urn(1));
    let node = old;
    await restart(async () => {
      await Promise.all([old.close(), broker.close()]);
      nodes.delete("broker");
      node = start();
    });
    assert.deepEqual([node.ended, old.warnings], [[], []]);

    const next = deploy();
    events.emit("flows:started");
    await turn();
    await turn();
    await turn();

    await confirmAll(next);
    assert.equal(node.published.length, 1);
  });

  it("names the first ten URNs, and how many there are, when nobody comes after it", async () => {
    const broker = deploy();
    const node = start();
    broker.lose();
    await restart(() => undefined);
    await node.take(Array.from({ length: 12 }, (_, index) => urn(index)));

    await restart(() => Promise.all([node.close(), broker.close()]));

    assert.equal(node.warnings.length, 1);
    assert.match(node.warnings[0] ?? "", /closed-unpublished.*"count":12/);
    assert.ok(node.warnings[0]?.includes(`${urn(9)}, …`));
    assert.ok(!node.warnings[0]?.includes(urn(10)));
  });

  it("goes on by itself with the broker's successor, and takes messages meanwhile, as many as its outbox holds", async () => {
    const broker = deploy();
    const node = start({ outboxLimit: 2 });
    broker.lose();
    await restart(() => undefined);
    await node.take(urn(1));

    let next = broker;
    await restart(async () => {
      await broker.close();
      await node.take(urn(2));
      await node.take(urn(3));
      next = deploy();
    });

    assert.deepEqual(node.ended, ["REGARDS_OUTBOX_FULL"]);
    await confirmAll(next);
    assert.deepEqual(
      node.published.map(({ regards }) => regards.urns),
      [[urn(1)], [urn(2)]],
    );
    assert.deepEqual(node.ended, ["REGARDS_OUTBOX_FULL", undefined, undefined]);
  });

  it("says that there is no broker, also to what came while the flows started", async () => {
    const node = start();
    await node.take(urn(1));
    assert.deepEqual(node.ended, []);

    await restart(() => undefined);
    await node.take(urn(2));

    assert.equal(node.ended.length, 2);
    assert.ok(node.ended.every((words) => /no-broker/.test(words ?? "")));
  });

  it("publishes at a second try of a message only what the broker has not", async () => {
    const broker = deploy();
    const node = start();
    await restart(() => undefined);
    await node.take([urn(1), urn(2)]);
    const [first, second] = sentOn(broker);
    first?.confirm(null);
    second?.confirm(new Error("message nacked"));
    await turn();
    assert.deepEqual(node.refused[0]?.error, { ...node.refused[0]?.error, urns: [urn(2)] });

    await node.take([urn(1), urn(2)]);
    const again = sentOn(broker).slice(2);
    assert.deepEqual(
      again.map(({ content }) => JSON.parse(content).urn),
      [urn(2)],
    );
    await confirmAll(broker);

    assert.deepEqual(node.published[0]?.regards.urns, [urn(1), urn(2)]);
    await node.take([urn(1)]);
    assert.equal(sentOn(broker).length, 4);
  });

  it("never publishes a request again that was sent: its successor says that it is uncertain", async () => {
    const worker = { owner: "me", session: "today", contentType: "any" };
    const broker = deploy();
    const old = start(worker, workerRequests);
    await restart(() => undefined);
    await old.take({ a: 1 });
    assert.equal(sentOn(broker).length, 1);

    let node = old;
    let next = broker;
    await restart(async () => {
      broker.lose();
      await Promise.all([old.close(), broker.close()]);
      next = deploy();
      node = start(worker, workerRequests);
    });

    assert.deepEqual([old.ended, sentOn(next)], [[], []]);
    assert.deepEqual(
      node.refused.map(({ error }) => error?.code),
      ["REGARDS_UNCERTAIN"],
    );
    assert.deepEqual(node.ended, [undefined]);
  });

  it("publishes a request that was never sent through its successor, once", async () => {
    const worker = { owner: "me", session: "today", contentType: "any", correlationId: "mine" };
    const broker = deploy();
    const old = start(worker, workerRequests);
    broker.lose();
    await restart(() => undefined);
    await old.take({ a: 1 });

    let node = old;
    let next = broker;
    await restart(async () => {
      await Promise.all([old.close(), broker.close()]);
      next = deploy();
      node = start(worker, workerRequests);
    });

    assert.equal(sentOn(next).length, 1);
    await confirmAll(next);
    assert.equal(node.published.length, 1);
  });

  it("remembers what it asks by the broker node it is given, when it has another one by then", async () => {
    const worker = {
      owner: "me",
      session: "s",
      contentType: "any",
      correlationId: "mine",
      remember: "ticket",
    };
    const broker = deploy();
    const old = start(worker, workerRequests);
    broker.lose();
    await restart(() => undefined);
    await old.take({ a: 1 });
    const before = askedRequestsOf(RED(), "broker");
    assert.equal(before.has("mine"), true);

    let next = broker;
    await restart(async () => {
      await Promise.all([old.close(), broker.close()]);
      nodes.delete("broker");
      next = deploy("another");
      start(worker, workerRequests, "tab", "another");
    });

    await confirmAll(next);
    assert.equal(sentOn(next).length, 1);
    assert.equal(before.has("mine"), false);
    const after = askedRequestsOf(RED(), "another");
    assert.equal(after.answered("mine", true), "ticket");
    after.forget("mine");
  });

  it("forgets nothing of a request that its closing left uncertain, whoever says so", async () => {
    const worker = {
      owner: "me",
      session: "s",
      contentType: "any",
      correlationId: "mine",
      remember: "ticket",
    };
    const broker = deploy();
    const old = start(worker, workerRequests);
    await restart(() => undefined);
    await old.take({ a: 1 });

    await restart(async () => {
      broker.lose();
      await Promise.all([old.close(), broker.close()]);
      deploy();
      start(worker, workerRequests);
    });

    const asked = askedRequestsOf(RED(), "broker");
    assert.equal(asked.answered("mine", true), "ticket");
    asked.forget("mine");
  });

  it("shows no status once it is closed", async () => {
    const broker = deploy();
    const node = start();
    await restart(() => undefined);
    await node.take(urn(1));
    await Promise.all([confirmAll(broker), node.close()]);
    const shown = node.statuses.length;

    broker.lose();
    broker.connection.become({ phase: "connected" });
    await turn();

    assert.equal(node.statuses.length, shown);
  });
});
