/** Whose queue it is: several readers, two installations, changed settings, a fresh platform, and what is refused. */
import assert from "node:assert/strict";
import { connect } from "amqplib";
import { ConsumeStage, DEAD, inNode, ORDERS, probe, QUEUE, upTo } from "../consume/stage";
import { ownQueue, tab } from "../nodes/flows";
import { startNodeRed } from "../support/node-red";
import { needsPrivateBroker } from "../support/shared-rabbitmq";
import { untilValue } from "../support/until";

describe("an in-node and its queue", function () {
  this.timeout(60_000);
  let stage: ConsumeStage;

  before(function () {
    needsPrivateBroker(this);
  });

  beforeEach(async () => {
    stage = await ConsumeStage.set();
  });

  afterEach(() => stage.strike());

  it("one of two readers of an own queue is deleted under load, and the other gets all that is left (B4)", async () => {
    const second = inNode({ id: "in-2", wires: [["second"], [], [], [], [], []] });
    await stage.deploy([inNode(), probe("first"), second, probe("second")]);
    await stage.untilReading("in-2");
    await stage.publish(upTo(75));

    const rest = stage.publish(Array.from({ length: 225 }, (_, index) => 76 + index));
    await stage.redeploy({ "in-2": undefined });
    await rest;

    await untilValue(
      () => new Set([...stage.ids("first"), ...stage.ids("second")]).size,
      (count) => count === 300,
      { what: "300 of 300" },
    );
    await stage.untilSettled();
    assert.equal(stage.ids("first").length + stage.ids("second").length, 300, "none twice");
  });

  it("a queue that somebody else reads is said in the status, and once in the log (B5)", async () => {
    await stage.deploy([inNode(), probe("first")]);
    const stranger = await connect(stage.vhost.url);
    await (await stranger.createChannel()).consume(QUEUE, () => undefined);

    await stage.redeploy({ in: { name: "again" } });

    await stage.nodeRed.untilStatus("in", ({ text }) => text === "shared with 1 other reader");
    const lines = stage.nodeRed.logs.filter(
      ({ level, msg }) => level === "warn" && /is also read by 1/.test(msg),
    );
    assert.equal(lines.length, 1);
    await stranger.close();
  });

  it("the same flow in two installations reads two queues (B5)", async () => {
    const nodes = [inNode({ queue: "" }), probe("first")];
    await stage.deploy(nodes);
    const other = await startNodeRed();
    try {
      await other.deploy([tab, stage.broker(), ...nodes]);
      await other.untilStatus("in", ({ code }) => code === "connected");
      const names = [
        await ownQueue(stage.nodeRed, "nodered.all.order", "in"),
        await ownQueue(other, "nodered.all.order", "in"),
      ];

      await stage.publish([1]);

      await Promise.all([stage.nodeRed.nextMessage("first"), other.nextMessage("first")]);
      assert.notEqual(names[0], names[1]);
      for (const name of names) {
        assert.equal((await stage.queue(name))?.consumers, 1);
      }
    } finally {
      await other.stop();
    }
  });

  it("an order in and a submission in never share a queue: the second is refused, in red (B5)", async () => {
    const other = { ...inNode({ id: "sub" }), type: "regards-submission-in", wires: [[], [], [], [], []] };
    await stage.deploy([inNode(), probe("first"), other]);

    await stage.nodeRed.untilStatus("sub", ({ fill }) => fill === "red");
    await stage.nodeRed.untilLog(
      ({ level, msg }) => level === "error" && msg.includes(`Queue ${QUEUE} is also read`),
    );
    assert.equal((await stage.queue())?.consumers, 1);
  });

  it("the first event of a fresh platform comes: REGARDS' exchange is declared as REGARDS does (B6)", async () => {
    await stage.channel.deleteExchange(ORDERS);
    await stage.deploy([inNode(), probe("first")]);

    // REGARDS declares its exchange, then publishes.
    await stage.channel.assertExchange(ORDERS, "fanout", { durable: true });
    await stage.publish([1]);

    await stage.nodeRed.nextMessage("first");
  });

  it("where it may not declare the exchange it waits for it, names the permission and what it costs (B6)", async () => {
    const { broker, user, vhost } = stage.vhost;
    await stage.channel.deleteExchange(ORDERS);
    await broker.console.setPermissions(user, vhost, { configure: "^nodered" });
    await stage.nodeRed.deploy([tab, stage.broker(), inNode(), probe("first")]);

    await stage.nodeRed.untilStatus("in", ({ code }) => code === "exchange-missing");
    await stage.nodeRed.untilLog(
      ({ level, msg }) =>
        level === "warn" && msg.includes(`configure on ${ORDERS}`) && /first event/.test(msg),
    );
  });

  describe("changed in the dialog (B13)", () => {
    const bound = async () =>
      (await stage.vhost.broker.console.bindings(stage.vhost.vhost))
        .filter(({ source_name: source }) => source === ORDERS)
        .map((binding) => binding.destination_name)
        .sort();

    it("another type: the queue is used as it is, and the status says so", async () => {
      await stage.deploy([inNode({ queueType: "classic" }), probe("first")]);
      await stage.redeploy({ in: { queueType: "quorum" } });

      await stage.nodeRed.untilStatus("in", ({ text = "" }) => /^queue used as it is: x-/.test(text));
      await stage.publish([1]);
      await stage.nodeRed.nextMessage("first");
      await stage.untilSettled();
    });

    for (const [what, edits, queue] of [
      ["name", { in: { queue: "nodered.other" } }, "nodered.other"],
      ["mode", { in: { queueMode: "existing", queue: "admins" } }, undefined],
    ] as const) {
      it(`another ${what}: the old queue is unbound at once, and goes when nothing waits in it`, async () => {
        await stage.channel.assertQueue("admins", { durable: true });
        await stage.deploy([inNode(), probe("first")]);

        await stage.redeploy(edits);

        await untilValue(bound, (names) => !names.includes(QUEUE), { what: "the old queue unbound" });
        await untilValue(
          async () => [await stage.queue(QUEUE), await stage.queue(DEAD)],
          (queues) => queues.every((each) => each === undefined),
          { what: "the old queues to go" },
        );
        await untilValue(bound, (names) => names.join() === (queue ?? ""), { what: "the new binding" });
      });
    }

    it("another list of hosts that leads to the same RabbitMQ: it is the same queue, and nothing is lost or repeated", async () => {
      const { host, port } = stage.vhost;
      const gate = { ...probe("first"), hold: true };
      await stage.deploy([inNode({ maxInFlight: 1_000 }), gate]);
      await stage.publish(upTo(3));
      await stage.nodeRed.untilMessages("first", 3);
      let last = 3;
      const publishing = setInterval(() => void stage.publish([++last]), 50);
      try {
        for (const hosts of [`${host}:${port},${host}:${port}`, `localhost:${port}`]) {
          await stage.redeploy({ broker: { hosts } }, { timeout: 30_000 });
          await stage.untilReading();
        }
      } finally {
        clearInterval(publishing);
      }

      await stage.untilQueue(QUEUE, { ready: 0, unacked: last });
      await stage.nodeRed.untilMessages("first", last);
      assert.deepEqual(
        stage.ids("first").sort((one, other) => one - other),
        upTo(last),
      );
    });

    it("another tenant: the old default queue is unbound and says what waits in it", async () => {
      const gate = { ...probe("first"), hold: true };
      await stage.deploy([inNode({ queue: "" }), gate]);
      const old = await ownQueue(stage.nodeRed, "nodered.all.order", "in");
      await stage.publish(upTo(15));
      await stage.nodeRed.untilMessages("first", 10);

      await stage.redeploy({ broker: { tenant: "project1" } }, { timeout: 20_000 });

      const fresh = await ownQueue(stage.nodeRed, "nodered.project1.order", "in");
      await untilValue(bound, (names) => names.join() === fresh, { what: "the new binding alone" });
      await stage.nodeRed.untilLog(
        ({ level, msg }) => level === "warn" && msg.includes(old) && /: 15\b/.test(msg),
      );
    });
  });

  it("a stream is refused in words as soon as its first event tells, which stays in it (q17)", async () => {
    await stage.channel.assertQueue("stream", { durable: true, arguments: { "x-queue-type": "stream" } });

    await stage.nodeRed.deploy([
      tab,
      stage.broker(),
      inNode({ queueMode: "existing", queue: "stream" }),
      probe("first"),
    ]);
    await stage.nodeRed.untilStatus("in", ({ code }) => code === "connected");
    stage.channel.sendToQueue("stream", Buffer.from('{"status":"GRANTED"}'));

    await stage.nodeRed.untilStatus(
      "in",
      ({ fill, text }) => fill === "red" && text === "the queue is a stream",
    );
  });

  it("a queue that another consumer reads alone is said in these words, and read when it is free (q21)", async () => {
    await stage.channel.assertQueue("admins", { durable: true });
    const stranger = await connect(stage.vhost.url);
    await (await stranger.createChannel()).consume("admins", () => undefined, { exclusive: true });

    await stage.nodeRed.deploy([
      tab,
      stage.broker(),
      inNode({ queueMode: "existing", queue: "admins" }),
      probe("first"),
    ]);

    await stage.nodeRed.untilStatus("in", ({ text = "" }) => /another one reads it alone/.test(text));
    await stranger.close();
    await stage.untilReading();
  });

  it("a queue name that leaves no room for its dead-letter queue is refused by name (q21)", async () => {
    await stage.nodeRed.deploy([tab, stage.broker(), inNode({ queue: "q".repeat(252) }), probe("first")]);

    await stage.nodeRed.untilLog(({ level, msg }) => level === "error" && /too long for RabbitMQ/.test(msg));
  });
});
