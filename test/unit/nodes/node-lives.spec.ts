/** What outlives a node's lives, without Node-RED: its memory, and what becomes of queues it reads no more. */
import assert from "node:assert/strict";
import type { Broker } from "../../../src/amqp/broker";
import type { QueuePlan } from "../../../src/amqp/queue";
import { type NodeLife, NodeLives } from "../../../src/nodes/node-lives";
import { type FakeLink, FakeRabbit } from "../../support/fake-rabbit";
import { FakeTime, settled } from "../../support/fake-time";

const own = (name: string, exchange = "x"): QueuePlan => ({ mode: "own", name, type: "quorum", exchange });

describe("the lives of in-nodes", () => {
  let time: FakeTime;
  let rabbit: FakeRabbit;
  let lives: NodeLives;
  let leases: number;
  let warned: string[];

  beforeEach(() => {
    time = new FakeTime();
    rabbit = new FakeRabbit();
    rabbit.exchanges.add("x");
    lives = new NodeLives();
    leases = 0;
    warned = [];
  });
  afterEach(() => time.stop());

  function brokerOn(link: FakeLink): Broker {
    const lease = () => {
      leases += 1;
      return {
        connection: link.typed,
        release: async () => {
          leases -= 1;
        },
      };
    };
    return { lease, isOpen: true, onClosing: () => () => undefined } as unknown as Broker;
  }

  function life(nodeId: string, queue: QueuePlan, more: Partial<NodeLife> = {}): NodeLife {
    return {
      ...{ nodeId, queue, name: nodeId, server: { hosts: "host", vhost: "v" }, filter: "any" },
      broker: brokerOn(rabbit.consuming),
      log: { info: () => undefined, warn: (key) => warned.push(key) },
      ...more,
    };
  }

  /** The node has declared its queue and bound it. */
  function declare(name: string): void {
    rabbit.declare(name);
    rabbit.bindings.push({ queue: name, exchange: "x", key: "" });
  }

  const isBound = (queue: string): boolean => rabbit.bindings.some((each) => each.queue === queue);

  it("leave the old queue of a node that was given another one: it goes when nothing waits in it", async () => {
    declare("old");
    lives.started(life("n", own("old")));

    lives.started(life("n", own("new")));
    await settled();

    assert.ok(!rabbit.queues.has("old"));
    assert.equal(leases, 0);
  });

  it("unbind it and say what waits, where something does", async () => {
    declare("old");
    lives.started(life("n", own("old")));
    rabbit.publish("x", "", "a");

    lives.started(life("n", { mode: "temporary", name: "old", exchange: "x" }));
    await settled();

    assert.ok(rabbit.queues.has("old"));
    assert.ok(!isBound("old"));
    assert.deepEqual(warned, ["old-queue-unbound"]);
  });

  it("keep a queue that the node reads still: of another type, or as an existing one now", async () => {
    declare("q");
    lives.started(life("n", own("q")));

    lives.started(life("n", { mode: "own", name: "q", type: "classic", exchange: "x" }));
    lives.started(life("n", { mode: "existing", name: "q" }));
    await settled();

    assert.ok(isBound("q"));
  });

  it("keep the queue and its memory where other hosts lead to the same cluster, or that cannot be told", async () => {
    declare("q");
    const first = life("n", own("q"));
    lives.started(first);
    const memory = lives.memoryOf(first);
    const second = life("n", own("q"), {
      server: { hosts: "host,other", vhost: "v" },
      broker: brokerOn(rabbit.publishing),
    });

    lives.started(second);
    await settled();
    assert.ok(isBound("q"));
    assert.equal(lives.memoryOf(second), memory);

    rabbit.publishing.cluster = undefined;
    lives.started(first);
    await settled();
    assert.ok(isBound("q"));
    assert.equal(leases, 0);
  });

  it("leave the queue of a node that was deleted before it could start, when the flows run", async () => {
    declare("earlier");

    lives.neverStarted(life("n", own("earlier")));
    await settled();
    assert.ok(isBound("earlier"));
    lives.sweep(() => false);
    await settled();

    assert.ok(!rabbit.queues.has("earlier"));
    assert.equal(leases, 0);
  });

  it("unbind it from an exchange that was changed together with the hosts", async () => {
    declare("q");
    lives.started(life("n", own("q")));

    lives.started(life("n", own("q", "y"), { server: { hosts: "host,other", vhost: "v" } }));
    await settled();

    assert.ok(!isBound("q"));
    assert.ok(rabbit.queues.has("q"));
  });

  it("leave the queue of that name in the cluster that the node has left", async () => {
    declare("q");
    lives.started(life("n", own("q")));
    rabbit.publishing.cluster = "another";

    const server = { hosts: "elsewhere", vhost: "v" };
    lives.started(life("n", own("q"), { server, broker: brokerOn(rabbit.publishing) }));
    await settled();

    assert.ok(!rabbit.queues.has("q"));
    assert.equal(leases, 0);
  });

  it("unbind a queue from an exchange whose events its node wants no more, unless another reads it", async () => {
    const elsewhere = own("q", "y");
    declare("q");
    lives.started(life("1", own("q")));
    lives.started(life("2", own("q")));
    lives.started(life("1", elsewhere));
    await settled();
    assert.ok(isBound("q"), "the other one wants them still");

    lives.removed(life("1", elsewhere));
    lives.started(life("2", elsewhere));
    await settled();

    assert.ok(!isBound("q"));
    assert.ok(rabbit.queues.has("q"));
  });

  it("unbind it too where all its readers were told so, one after the other", async () => {
    declare("q");
    for (const id of ["1", "2"]) lives.started(life(id, own("q")));

    for (const id of ["1", "2"]) lives.started(life(id, own("q", "y")));
    await settled();

    assert.ok(!isBound("q"));
    assert.deepEqual([warned, leases], [[], 0]);
  });

  it("keep a binding where the exchange was changed back meanwhile", async () => {
    declare("q");
    lives.started(life("n", own("q")));

    lives.started(life("n", own("q", "y")));
    lives.started(life("n", own("q")));
    await settled();

    assert.ok(isBound("q"));
  });

  it("keep a queue to which something was just given back, whatever it counts", async () => {
    declare("old");
    const before = life("n", own("old"));
    lives.started(before);
    Object.defineProperty(lives.memoryOf(before), "isOwed", { value: true });

    lives.started(life("n", own("new")));
    await settled();

    assert.ok(rabbit.queues.has("old"));
    assert.ok(!isBound("old"));
  });

  it("touch nothing that another node reads, also while all of them are being restarted", async () => {
    declare("q");
    const [one, other] = [life("1", own("q")), life("2", own("q"))];
    lives.started(one);
    lives.started(other);
    for (const each of [one, other]) lives.stopped(each);

    assert.ok(lives.isShared(one));
    lives.started(life("1", own("elsewhere")));
    await settled();

    assert.ok(isBound("q"));
  });

  it("leave the queues of nodes that were deleted while they were disabled, once", async () => {
    declare("q");
    const [one, other] = [life("1", own("q")), life("2", own("q"))];
    for (const each of [one, other]) {
      lives.started(each);
      lives.stopped(each);
    }
    lives.sweep(() => true);
    await settled();
    assert.ok(isBound("q"), "disabled only");

    lives.sweep((id) => id === "2");
    await settled();
    assert.ok(isBound("q"), "one of them is there still");
    lives.sweep(() => false);
    await settled();

    assert.ok(!rabbit.queues.has("q"));
  });

  it("leave nothing of a node that runs, nor of one that was removed in order", async () => {
    declare("q");
    const running = life("1", own("q"));
    lives.started(running);
    lives.sweep(() => false);
    lives.stopped(running);
    lives.removed(running);
    lives.sweep(() => false);
    await settled();

    assert.deepEqual(rabbit.calls, []);
  });

  it("wait half a minute for the broker of an old queue, and then let it expire", async () => {
    declare("old");
    rabbit.consuming.cut();
    lives.started(life("n", own("old")));
    lives.started(life("n", own("new")));

    await time.advance(31_000);

    assert.equal(leases, 0);
    assert.equal(time.timers, 0);
    assert.ok(isBound("old"));
  });

  it("know a rival: another running node that wants other events of the same queue", () => {
    const mine = life("1", own("q"));
    lives.started(mine);

    assert.equal(lives.rivalOf(life("2", own("q"), { filter: "mine" })), mine);
    assert.equal(lives.rivalOf(life("2", own("q"))), undefined);
    assert.equal(
      lives.rivalOf(life("2", own("q"), { filter: "mine", server: { hosts: "elsewhere", vhost: "v" } })),
      undefined,
    );
    assert.equal(lives.rivalOf(life("1", own("q"), { filter: "mine" })), undefined);
    lives.stopped(mine);
    assert.equal(lives.rivalOf(life("2", own("q"), { filter: "mine" })), undefined);
  });

  it("share a memory where node, queue and broker are the same, and keep none for nothing", () => {
    const first = life("n", own("q"));
    lives.started(first);
    const memory = lives.memoryOf(first);
    assert.equal(lives.memoryOf(life("n", own("q"))), memory);
    assert.notEqual(lives.memoryOf(life("n", own("other"))), memory);
    const temporary = life("n", { mode: "temporary", name: "t", exchange: "x" });
    assert.notEqual(lives.memoryOf(temporary), lives.memoryOf(temporary));

    lives.sweep(() => true);
    assert.equal(lives.size, 1);
    lives.stopped(first);
    lives.removed(first);
    Object.defineProperty(memory, "isOwed", { value: true, configurable: true });
    lives.sweep(() => false);
    assert.equal(lives.memoryOf(first), memory, "the deletion may be undone");
    Object.defineProperty(memory, "isOwed", { value: false });
    lives.sweep(() => false);
    assert.equal(lives.size, 0);
  });
});
