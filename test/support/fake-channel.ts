/** A channel and a connection without a broker: a test says what the broker answers, and reads what it was told. */
import { EventEmitter } from "node:events";
import type { Channel, ConfirmChannel } from "amqplib";
import type { ConnectionState, OpenChannel } from "../../src/amqp/connection";

type Confirm = (error: unknown) => void;

/** What was published on it, with the confirm still owed. */
export interface Published {
  readonly exchange: string;
  readonly content: string;
  readonly messageId: string;
  readonly confirm: Confirm;
}

export class FakeChannel extends EventEmitter {
  readonly published: Published[] = [];
  /** So many more messages fit before the broker has to say `drain`. */
  room = Number.POSITIVE_INFINITY;
  isClosed = false;
  /** What `publish` throws, if anything. */
  failure: Error | undefined;

  publish(exchange: string, _key: string, content: Buffer, options: { messageId: string }, confirm: Confirm) {
    if (this.failure !== undefined) throw this.failure;
    this.published.push({ exchange, content: content.toString(), messageId: options.messageId, confirm });
    this.room -= 1;
    return this.room > 0;
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  /** The broker closes it, as over a missing exchange; amqplib then fails what is unconfirmed. */
  breakDown(error: Error): void {
    this.emit("error", error);
    this.emit("close");
    for (const { confirm } of this.published) confirm(new Error("channel closed"));
  }

  drain(): void {
    this.room = Number.POSITIVE_INFINITY;
    this.emit("drain");
  }
}

export class FakeConnection {
  state: ConnectionState = { phase: "connected" };
  readonly channels: FakeChannel[] = [];
  /** What the broker says to a look at an exchange or to a new channel, if it refuses. */
  refuses: ((exchange: string) => Error | undefined) | undefined;
  /** Room of the channels to come. */
  room = Number.POSITIVE_INFINITY;
  readonly #listeners = new Set<(state: ConnectionState) => void>();

  onState(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async confirmChannel(): Promise<OpenChannel<ConfirmChannel>> {
    const channel = new FakeChannel();
    channel.room = this.room;
    this.channels.push(channel);
    return { channel: channel as unknown as ConfirmChannel, generation: 1 };
  }

  async aside<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
    const checkExchange = async (exchange: string): Promise<void> => {
      const refusal = this.refuses?.(exchange);
      if (refusal !== undefined) throw refusal;
    };
    return work({ checkExchange } as unknown as Channel);
  }

  become(state: ConnectionState): void {
    this.state = state;
    for (const listener of [...this.#listeners]) listener(state);
  }
}
