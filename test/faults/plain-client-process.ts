/**
 * An AMQP client as tutorials write it, for comparison: it consumes, publishes an answer, acknowledges, and
 * logs errors instead of dying of them. Nobody supervises it.
 */
import { connect } from "amqplib";

/** What it is told, and what it reports for every event. */
export interface PlainOrder {
  readonly url: string;
  readonly queue: string;
  readonly exchange: string;
  readonly answers: string;
}

async function run({ url, queue, exchange, answers }: PlainOrder): Promise<void> {
  const connection = await connect(url);
  connection.on("error", (error: unknown) => console.error(String(error)));
  const channel = await connection.createChannel();
  channel.on("error", (error: unknown) => console.error(String(error)));
  await channel.assertQueue(queue, { durable: true });
  await channel.bindQueue(queue, exchange, "");
  await channel.prefetch(20);
  await channel.consume(queue, (message) => {
    if (message === null) return;
    const { orderId } = JSON.parse(message.content.toString()) as { orderId: number };
    channel.publish(answers, "", message.content, { persistent: true });
    channel.ack(message);
    process.send?.(orderId);
  });
  process.send?.("ready");
}

process.once("disconnect", () => process.exit());
process.once("message", (order: PlainOrder) => {
  run(order).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
