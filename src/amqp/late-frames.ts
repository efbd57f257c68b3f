/**
 * Keeps what comes too late for one channel from taking the whole connection down. RabbitMQ may still deliver
 * on a channel it has just closed (a consumer timeout on a quorum queue shows it); amqplib 2.3 has let go of
 * the channel by then and ends the connection over it. Those deliveries were never ours: the broker gives
 * them out again. Enters: a fresh connection.
 */
import type { ChannelModel } from "amqplib";

/** What amqplib keeps to itself: the way of each frame to its channel, and `null` where one was. */
interface FrameSink {
  readonly channels: readonly (object | null | undefined)[];
  accept(frame: { readonly channel: number }): unknown;
}

/**
 * From now on, frames for a channel that is gone are dropped.
 * @returns false when amqplib has changed too much for that
 */
export function dropLateFrames({ connection }: Pick<ChannelModel, "connection">): boolean {
  const sink = connection as unknown as Partial<FrameSink>;
  const { accept, channels } = sink;
  if (typeof accept !== "function" || !Array.isArray(channels)) {
    return false;
  }
  sink.accept = (frame) => (channels[frame.channel] === null ? undefined : accept.call(connection, frame));
  return true;
}
