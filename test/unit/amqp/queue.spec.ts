/** How queues come to be and how they are left, told from what the broker is asked. */
import assert from "node:assert/strict";
import { type Aside, leaveQueue, type OwnQueue, prepareQueue } from "../../../src/amqp/queue";
import { FakeRabbit } from "../../support/fake-rabbit";

const queue: OwnQueue = { mode: "own", name: "q", type: "quorum", exchange: "x" };

describe("leaving a queue", () => {
  let rabbit: FakeRabbit;
  const aside: Aside = (work) => rabbit.consuming.aside(work);
  const isBound = (): boolean => rabbit.bindings.some((each) => each.queue === "q" && each.exchange === "x");

  beforeEach(async () => {
    rabbit = new FakeRabbit();
    rabbit.exchanges.add("x");
    await prepareQueue(aside, queue);
    await aside((channel) => channel.bindQueue("q", "x", ""));
    rabbit.calls.splice(0);
  });

  async function read(name: string): Promise<void> {
    const { channel } = await rabbit.consuming.channel();
    await channel.consume(name, () => undefined);
  }

  it("deletes it and what belongs to it when nothing waits there", async () => {
    assert.deepEqual(await leaveQueue(aside, queue, false), { kind: "deleted" });

    assert.equal(rabbit.queues.size, 0);
  });

  it("touches nothing that somebody reads", async () => {
    await read("q");
    rabbit.calls.splice(0);

    assert.deepEqual(await leaveQueue(aside, queue, false), { kind: "shared" });

    assert.deepEqual(rabbit.calls, ["look q"]);
  });

  for (const name of ["q", "q.retry", "q.dead"]) {
    it(`keeps all, unbound, when something waits in ${name}`, async () => {
      rabbit.declare(name);
      rabbit.publish("", name, "a");

      assert.deepEqual(await leaveQueue(aside, queue, false), { kind: "kept", waiting: 1 });

      assert.ok(!isBound());
      assert.ok(rabbit.queues.has("q") && rabbit.queues.has("q.dead"));
    });
  }

  it("keeps all when somebody reads its dead letters", async () => {
    await read("q.dead");

    assert.equal((await leaveQueue(aside, queue, false)).kind, "kept");
  });

  it("keeps all to which something was just given back, whatever is counted", async () => {
    assert.deepEqual(await leaveQueue(aside, queue, true), { kind: "kept", waiting: 0 });

    assert.ok(!isBound());
  });

  it("binds it again for who has come to read it meanwhile", async () => {
    rabbit.delays = async (call) => {
      if (call === "unbind q x") await read("q");
    };

    assert.deepEqual(await leaveQueue(aside, queue, false), { kind: "shared" });

    assert.ok(isBound());
  });

  it("deletes the rest when the queue itself is gone", async () => {
    rabbit.delete("q");

    assert.deepEqual(await leaveQueue(aside, queue, false), { kind: "deleted" });

    assert.equal(rabbit.queues.size, 0);
  });
});
