/** A node and the broker nodes that come and go under it, without Node-RED. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Node, NodeAPI } from "node-red";
import type { RegardsLink } from "../../../src/nodes/broker-node";
import { useBroker } from "../../../src/nodes/broker-use";
import { SettingsError } from "../../../src/nodes/settings";

/** A broker node's running part; `close` is what Node-RED calls. */
class FakeBroker {
  readonly #users = new Set<() => Promise<void>>();

  onClosing(leave: () => Promise<void>): () => void {
    this.#users.add(leave);
    return () => this.#users.delete(leave);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#users].map((leave) => leave()));
  }
}

class FakeNode extends EventEmitter {
  readonly statuses: string[] = [];
  readonly errors: string[] = [];

  status({ code }: { code: string }): void {
    this.statuses.push(code);
  }

  error(words: string): void {
    this.errors.push(words);
  }

  /** As Node-RED closes it; resolves when the node says that it has closed. */
  close(removed = false): Promise<void> {
    return new Promise((resolve) => this.emit("close", removed, resolve));
  }
}

describe("using a broker node", () => {
  let events: EventEmitter;
  let brokers: Map<string, { regards?: { broker: FakeBroker } }>;
  let node: FakeNode;
  let log: string[];

  beforeEach(() => {
    events = new EventEmitter();
    brokers = new Map();
    node = new FakeNode();
    log = [];
  });

  function use(start?: (link: RegardsLink) => void): void {
    const RED = {
      events,
      nodes: { getNode: (id: string) => brokers.get(id) ?? null },
      _: (key: string) => key,
    };
    const names = new Map<unknown, string>();
    useBroker(RED as unknown as NodeAPI, node as unknown as Node, "b", (link) => {
      start?.(link);
      const name = names.get(link) ?? String(names.size + 1);
      names.set(link, name);
      log.push(`start ${name}`);
      return {
        close: async (removed) => {
          log.push(`close ${name}${removed ? " for good" : ""}`);
        },
      };
    });
  }

  function deploy(): FakeBroker {
    const broker = new FakeBroker();
    brokers.set("b", { regards: { broker } });
    return broker;
  }

  it("starts at once with the broker that is there, and closes with the node", async () => {
    deploy();
    use();

    await node.close(true);

    assert.deepEqual(log, ["start 1", "close 1 for good"]);
    assert.deepEqual(node.statuses, []);
  });

  it("goes on with the same broker through a deploy that leaves it alone", () => {
    deploy();
    use();

    events.emit("flows:stopping");
    events.emit("flows:started");

    assert.deepEqual(log, ["start 1"]);
  });

  it("leaves a broker that closes under it at once, and starts with its successor when the flows have started", async () => {
    const broker = deploy();
    use();
    events.emit("flows:stopping");

    await broker.close();
    assert.deepEqual(log, ["start 1", "close 1"]);
    assert.deepEqual(node.statuses, ["not-configured"]);
    deploy();
    events.emit("flows:started");

    assert.deepEqual(log, ["start 1", "close 1", "start 2"]);
  });

  it("leaves a broker that was exchanged without closing", () => {
    deploy();
    use();

    deploy();
    events.emit("flows:started");

    assert.deepEqual(log, ["start 1", "close 1", "start 2"]);
  });

  it("says that it is not configured without a broker, or with one that is wrongly set, and starts when it comes", () => {
    use();
    brokers.set("b", {});
    events.emit("flows:started");
    assert.deepEqual([log, node.statuses], [[], ["not-configured"]]);

    deploy();
    events.emit("flows:started");

    assert.deepEqual(log, ["start 1"]);
  });

  it("says what is wrong with its settings, and tries again with the broker's successor", () => {
    deploy();
    let isWrong = true;
    use(() => {
      if (isWrong) throw new SettingsError("required", { property: "queue" });
    });
    assert.deepEqual([node.statuses, node.errors.length], [["bad-setting"], 1]);

    isWrong = false;
    deploy();
    events.emit("flows:started");

    assert.deepEqual(log, ["start 1"]);
  });

  it("closes once when Node-RED closes the node and its broker together, as removed if it is, and shows nothing more", async () => {
    const broker = deploy();
    use();
    events.emit("flows:stopping");

    await Promise.all([node.close(true), broker.close()]);
    events.emit("flows:started");

    assert.deepEqual(log, ["start 1", "close 1 for good"]);
    assert.deepEqual(node.statuses, []);
  });

  it("starts nothing after its node was closed", async () => {
    use();
    await node.close();

    deploy();
    events.emit("flows:started");

    assert.deepEqual(log, []);
  });

  it("has closed only when what its broker's closing began has ended too", async () => {
    const broker = deploy();
    let finish: () => void = () => undefined;
    const RED = { events, nodes: { getNode: () => brokers.get("b") }, _: (key: string) => key };
    useBroker(RED as unknown as NodeAPI, node as unknown as Node, "b", () => ({
      close: () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    }));
    void broker.close();
    let isClosed = false;
    const closing = node.close().then(() => {
      isClosed = true;
    });
    await Promise.resolve();
    assert.equal(isClosed, false);

    finish();

    await closing;
  });
});
