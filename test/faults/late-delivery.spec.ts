/** RabbitMQ may go on delivering on a channel it has just closed: the deliveries of quorum queues are not called off. */
import assert from "node:assert/strict";
import type { Connection } from "../../src/amqp/connection";
import { FrameRelay } from "../support/frame-relay";
import { BODY, type Frame, frame, HEADER, method, methodOf, shortString } from "../support/frames";
import { plainConnection } from "../support/plain-connection";
import { type FreshVhost, freshVhost } from "../support/shared-rabbitmq";
import { untilValue } from "../support/until";

const CHANNEL_CLOSE = "20.40";

/** What follows the goodbye on the same channel: a whole message, as it would arrive. */
function afterwards(closed: Frame): Buffer {
  if (methodOf(closed) !== CHANNEL_CLOSE) return closed.bytes;
  const { channel } = closed;
  const tag = Buffer.from([0, 0, 0, 0, 0, 0, 0, 1, 0]);
  const body = Buffer.from("too late");
  const header = Buffer.alloc(14);
  header.writeUInt16BE(60, 0);
  header.writeUInt32BE(body.length, 8);
  return Buffer.concat([
    closed.bytes,
    method(channel, 60, 60, shortString("consumer"), tag, shortString(""), shortString("")),
    frame(HEADER, channel, header),
    frame(BODY, channel, body),
  ]);
}

describe("a delivery on a channel the broker has closed", () => {
  let vhost: FreshVhost;
  let relay: FrameRelay;
  let connection: Connection;

  beforeEach(async () => {
    vhost = await freshVhost();
    relay = await FrameRelay.start(vhost, afterwards);
    connection = plainConnection(relay.address, vhost);
    connection.open();
    await untilValue(
      () => connection.isUp,
      (isUp) => isUp,
      { what: "the connection" },
    );
  });

  afterEach(async () => {
    await connection.close();
    await relay.close();
    await vhost.drop();
  });

  it("is nobody's any more: the other channels of the connection notice nothing", async () => {
    const phases: string[] = [];
    connection.onState(({ phase }) => phases.push(phase));
    const { channel: neighbour } = await connection.channel();
    const { channel } = await connection.channel();
    const closed = new Promise((resolve) => channel.once("close", resolve));

    await assert.rejects(channel.checkQueue("nowhere"), /404/);
    await closed;
    await neighbour.assertQueue("here", { durable: true });
    const { channel: next } = await connection.channel();

    assert.equal((await next.checkQueue("here")).queue, "here");
    assert.deepEqual(phases, []);
  });
});
