/** A confirm that never comes, without waiting half a minute for it as the node does. */
import assert from "node:assert/strict";
import { connect } from "amqplib";
import type { Connection } from "../../src/amqp/connection";
import { Publisher, type PublishResult } from "../../src/amqp/publisher";
import { plainConnection } from "../support/plain-connection";
import { type FreshVhost, freshVhost } from "../support/shared-rabbitmq";
import { untilValue } from "../support/until";
import { ConfirmThief } from "./confirm-thief";

const EXCHANGE = "confirmed";

describe("a confirm that never comes", function () {
  this.timeout(20_000);
  let vhost: FreshVhost;
  let thief: ConfirmThief;
  let connection: Connection;
  let publisher: Publisher;

  beforeEach(async () => {
    vhost = await freshVhost();
    const administrator = await connect(vhost.url);
    const channel = await administrator.createChannel();
    await channel.assertExchange(EXCHANGE, "fanout", { durable: true });
    await channel.assertQueue(EXCHANGE, { durable: true });
    await channel.bindQueue(EXCHANGE, EXCHANGE, "");
    await administrator.close();
    thief = await ConfirmThief.start(vhost);
    connection = plainConnection(thief.address, vhost, 30);
    publisher = new Publisher(connection, 10, () => undefined, { confirm: 400 });
    connection.open();
  });

  afterEach(async () => {
    await publisher.close(100);
    await connection.close();
    await thief.close();
    await vhost.drop();
  });

  it("is given up after a while, and the next message is confirmed again", async () => {
    thief.steals = true;
    const first = await publish();
    thief.steals = false;
    const second = await publish();

    assert.equal(first.confirmed === false && first.code, "NOT_CONFIRMED");
    assert.equal(second.confirmed, true);
    assert.equal(publisher.waiting, 0);
  });

  it("is asked for again on another connection, with the same message id", async () => {
    assert.equal((await publish()).confirmed, true);
    thief.steals = true;
    const waiting = publish();
    await untilValue(
      () => thief.stolen,
      (stolen) => stolen === 1,
      { what: "the stolen confirm" },
    );
    thief.steals = false;
    thief.cut();

    const result = await waiting;
    assert.equal(result.confirmed, true);
    const state = await vhost.broker.console.queue(EXCHANGE, vhost.vhost);
    assert.equal(state?.ready, 3);
  });

  function publish(): Promise<PublishResult> {
    return publisher.publish({
      exchange: EXCHANGE,
      routingKey: "",
      content: Buffer.from("x"),
      properties: {},
    });
  }
});
