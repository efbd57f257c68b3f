/** Takes everything out of a queue, to look at it. */
import type { ChannelModel, GetMessage } from "amqplib";

/** Everything in a queue, which need not exist; it is empty afterwards. */
export async function drained(connection: ChannelModel, queue: string): Promise<GetMessage[]> {
  const channel = await connection.createChannel();
  const messages: GetMessage[] = [];
  // A queue that is not there closes the channel.
  channel.on("error", () => undefined);
  for (;;) {
    const message = await channel.get(queue, { noAck: true }).catch(() => false as const);
    if (message === false) return messages;
    messages.push(message);
  }
}
