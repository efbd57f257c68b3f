/** Our guards on amqplib's private parts fit the amqplib that is installed. */
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { type ConfirmChannel, connect } from "amqplib";
import { guardLink } from "../../src/amqp/link";
import { sharedRabbitMq } from "../support/shared-rabbitmq";

describe("the guards on amqplib", () => {
  it("let what is published in one go leave in a few writes, in order", async () => {
    const { url } = await sharedRabbitMq();
    const model = await connect(url);
    try {
      const channel = await model.createConfirmChannel();
      const { queue } = await channel.assertQueue("", { exclusive: true });
      const socket = (model.connection as unknown as { readonly stream: Socket }).stream;
      const writes = await writesOf(socket, () => publish(channel, queue));
      assert.ok(writes > COUNT / 2, `${writes} writes: amqplib gathers by itself now, and ours can go`);
      guardLink(model);

      const gathered = await writesOf(socket, () => publish(channel, queue));

      assert.ok(gathered <= COUNT / 10, `${gathered} writes`);
      const received: string[] = [];
      await new Promise<void>((resolve) => {
        void channel.consume(queue, (message) => {
          received.push(String(message?.content));
          if (received.length === 2 * COUNT) resolve();
        });
      });
      const inOrder = Array.from({ length: COUNT }, (_, number) => String(number));
      assert.deepEqual(received, [...inOrder, ...inOrder]);
    } finally {
      await model.close();
    }
  });

  it("find their place in the amqplib that is installed", async () => {
    const { url } = await sharedRabbitMq();
    const model = await connect(url);
    try {
      assert.deepEqual(guardLink(model), []);
    } finally {
      await model.close();
    }
  });
});

const COUNT = 500;

/** In one go, and confirmed. */
async function publish(channel: ConfirmChannel, queue: string): Promise<void> {
  for (let number = 0; number < COUNT; number++) {
    channel.sendToQueue(queue, Buffer.from(String(number)));
  }
  await channel.waitForConfirms();
}

/** How many times the socket is written to meanwhile. */
async function writesOf(socket: Socket, meanwhile: () => Promise<void>): Promise<number> {
  const { _write, _writev } = socket;
  let writes = 0;
  socket._write = (...args) => {
    writes += 1;
    _write.apply(socket, args);
  };
  socket._writev = (...args) => {
    writes += 1;
    _writev?.apply(socket, args);
  };
  await meanwhile();
  Object.assign(socket, { _write, _writev });
  return writes;
}
