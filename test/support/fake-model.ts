/** An amqplib connection without a broker, with the private parts our guards lean on. */
import { EventEmitter } from "node:events";
import { Writable } from "node:stream";
import type { ChannelModel } from "amqplib";
import type { FakeChannel } from "./fake-channel";

export class FakeModel extends EventEmitter {
  isClosed = false;
  readonly connection: Record<string, unknown> = {
    accept: () => undefined,
    channels: [],
    muxer: { out: new Writable(), _readIncoming: () => undefined },
    recvFrame: () => undefined,
    rest: Buffer.alloc(0),
    stream: { writableEnded: false, destroy: () => undefined },
  };
  /** What a new channel is; a promise that stays open is a broker that does not answer. */
  opens: () => Promise<FakeChannel> = () => new Promise(() => undefined);
  /** How it closes; a frozen broker never answers. */
  closes: () => Promise<void> = () => Promise.resolve();

  createChannel(): Promise<FakeChannel> {
    return this.opens();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.closes();
  }

  /** As amqplib's types have it. */
  get typed(): ChannelModel {
    return this as unknown as ChannelModel;
  }
}
