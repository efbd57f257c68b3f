/** Refusals as this RabbitMQ and this amqplib really word them, by the cause they are named with. */
import assert from "node:assert/strict";
import { faultOf } from "../../src/amqp/fault";
import { plainConnection } from "../support/plain-connection";
import { type FreshVhost, freshVhost } from "../support/shared-rabbitmq";
import { until } from "../support/until";

describe("a refusal", () => {
  let vhost: FreshVhost;
  let connection: ReturnType<typeof plainConnection>;

  before(async () => {
    vhost = await freshVhost();
    connection = plainConnection(vhost, vhost);
    connection.open();
    await until(() => connection.isUp, { what: "a connection" });
  });

  after(async () => {
    await connection?.close();
    await vhost?.drop();
  });

  async function codeOf(work: Parameters<typeof connection.aside>[0]): Promise<unknown> {
    try {
      await connection.aside(work);
    } catch (error) {
      return faultOf(error).code;
    }
    return undefined;
  }

  it("over a queue's name of more than 255 bytes is one about the name", async () => {
    assert.equal(await codeOf((channel) => channel.assertQueue("q".repeat(256))), "queue-name");
    assert.equal(await codeOf((channel) => channel.assertQueue("é".repeat(128))), "queue-name");
  });

  it("over a queue that somebody reads alone is not one of permission", async () => {
    const { channel: reader } = await connection.channel();
    await reader.assertQueue("alone");
    await reader.consume("alone", () => undefined, { exclusive: true });

    assert.equal(await codeOf((channel) => channel.consume("alone", () => undefined)), "queue-exclusive");
    await reader.close();
  });

  it("over a queue that belongs to another connection is one about that", async () => {
    const other = plainConnection(vhost, vhost);
    other.open();
    await until(() => other.isUp, { what: "another connection" });
    const { channel } = await other.channel();
    await channel.assertQueue("theirs", { exclusive: true });

    assert.equal(await codeOf((mine) => mine.checkQueue("theirs")), "queue-locked");
    await other.close();
  });

  it("over an exchange that is not there names it", async () => {
    assert.equal(await codeOf((channel) => channel.checkExchange("nowhere")), "exchange-missing");
  });
});
