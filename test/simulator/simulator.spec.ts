import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "amqplib";
import { startRabbitMq } from "../support/rabbitmq";
import { freshVhost, needsPrivateBroker } from "../support/shared-rabbitmq";
import { startSimulator } from "./simulator";
import { amqpOf, setStage } from "./stage";
import { exchangeOf } from "./wire";
import { tap } from "./wiretap";

describe("the simulated REGARDS", () => {
  it("publishes any event of a test's own making, with the right properties or without", async () => {
    const stage = await setStage();

    await stage.regards.publish("order", "{ not json", { tenant: "project2", headers: { extra: 1 } });
    await stage.regards.publish("order", { status: "NEW" }, { headers: { "regards.tenant": undefined } });

    const [broken, tenantless] = [
      await stage.wire.until(({ raw }) => raw === "{ not json"),
      await stage.wire.untilAbout({ status: "NEW" }),
    ];
    await stage.strike();
    assert.equal(broken.headers["regards.tenant"], "project2");
    assert.equal(broken.headers.extra, 1);
    assert.equal("regards.tenant" in tenantless.headers, false);
  });

  it("keeps to its own exchange namespace", async () => {
    const stage = await setStage({ prefix: "elsewhere" });

    const requestId = await stage.regards.requestWork();
    const { fields } = await stage.wire.untilAbout({ requestId, state: "SUCCESS" });

    await stage.strike();
    assert.match(fields.exchange, /^elsewhere\.broadcast\./);
  });

  it("has no order exchange on a fresh platform before the first response", async function () {
    needsPrivateBroker(this);
    const vhost = await freshVhost();
    const amqp = amqpOf(vhost);
    const regards = await startSimulator({ amqp, pace: 5, fresh: true });

    const before = await tap(amqp, exchangeOf("regards", "order")).then(
      () => "there",
      (error: Error) => error.message,
    );
    const granted = once(regards.events, "orderGranted");
    await regards.requestOrder();
    await granted;
    const after = await tap(amqp, exchangeOf("regards", "order"));

    await after.stop();
    await regards.stop();
    await vhost.drop();
    assert.match(before, /404|NOT_FOUND/);
  });

  it("finds its broker again after an outage and answers what is asked then", async function () {
    needsPrivateBroker(this);
    this.timeout(60_000);
    const broker = await startRabbitMq();
    try {
      const regards = await startSimulator({ amqp: amqpOf(broker), pace: 5 });
      const lost = once(regards.events, "trouble");
      await broker.shutdown();
      await lost;
      await broker.start();

      const result = once(regards.events, "workerResult");
      await regards.requestWork();
      const [{ state }] = await result;

      await regards.stop();
      assert.equal(state, "SUCCESS");
    } finally {
      await broker.stop();
    }
  });

  it("stops in the middle of its work, and takes its exchanges away when asked", async function () {
    needsPrivateBroker(this);
    const vhost = await freshVhost();
    const regards = await startSimulator({ amqp: amqpOf(vhost), pace: 60_000 });
    await regards.requestOrder();
    await regards.disseminate();

    await regards.stop({ removeExchanges: true });

    const connection = await connect({ protocol: "amqp", ...amqpOf(vhost) });
    connection.on("error", () => undefined);
    const channel = await connection.createChannel();
    channel.on("error", () => undefined);
    await assert.rejects(channel.checkExchange(exchangeOf("regards", "orderRequest")), /NOT_FOUND/);
    await connection.close();
    await vhost.drop();
    assert.equal(await fetch(regards.address).catch(() => "gone"), "gone");
  });
});
