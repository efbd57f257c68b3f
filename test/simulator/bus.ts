/**
 * RabbitMQ as REGARDS uses it: durable fanout exchanges, an empty routing key. Comes back after a lost
 * connection, because the demo outlives a laptop's sleep and tests restart the broker under it.
 */
import { setTimeout as pause } from "node:timers/promises";
import { type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect, type Options } from "amqplib";

/** Where the broker is. */
export interface AmqpAddress {
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly vhost: string;
}

/** What is done with a message that arrived; it is already taken off the queue. */
export type Listener = (message: ConsumeMessage) => void;

interface Link {
  readonly connection: ChannelModel;
  readonly channel: ConfirmChannel;
}

const RECONNECT_EVERY_MS = 500;

/** The simulator's one connection. */
export class Bus {
  readonly #address: AmqpAddress;
  readonly #onLost: (error: Error) => void;
  readonly #closing = new AbortController();
  readonly #exchanges = new Set<string>();
  readonly #listeners: { readonly exchange: string; readonly listener: Listener }[] = [];
  #link: Promise<Link>;

  private constructor(address: AmqpAddress, onLost: (error: Error) => void) {
    this.#address = address;
    this.#onLost = onLost;
    this.#link = this.#connect();
  }

  /** Connects once; from then on a lost connection is found again in the background. */
  static async open(address: AmqpAddress, onLost: (error: Error) => void): Promise<Bus> {
    const bus = new Bus(address, onLost);
    await bus.#link;
    return bus;
  }

  /** Declares an exchange the way REGARDS does: fanout, durable, nothing else. */
  async declare(exchange: string): Promise<void> {
    if (this.#exchanges.has(exchange)) return;
    const { channel } = await this.#link;
    await channel.assertExchange(exchange, "fanout", { durable: true });
    this.#exchanges.add(exchange);
  }

  /** Consumes what is published to an exchange, through a queue that lives as long as the connection. */
  async listen(exchange: string, listener: Listener): Promise<void> {
    await this.declare(exchange);
    const { channel } = await this.#link;
    await consume(channel, exchange, listener);
    this.#listeners.push({ exchange, listener });
  }

  /** Declares the durable queue a REGARDS administrator would make for a recipient. */
  async recipientQueue(queue: string, exchange: string): Promise<void> {
    await this.declare(exchange);
    const { channel } = await this.#link;
    await channel.assertQueue(queue, { durable: true });
    await channel.bindQueue(queue, exchange, "");
  }

  /** Publishes to a declared exchange and resolves when the broker has confirmed it. */
  async publish(exchange: string, content: Buffer, options: Options.Publish): Promise<void> {
    await this.declare(exchange);
    for (;;) {
      const link = await this.#link;
      try {
        await confirmed(link.channel, exchange, content, options);
        return;
      } catch (error) {
        const sameLink = (await this.#link) === link;
        if (sameLink || this.#closing.signal.aborted) throw error;
      }
    }
  }

  /** Removes what `declare` and `recipientQueue` made; consumers bound to it stop hearing REGARDS. */
  async removeAll(queues: readonly string[]): Promise<void> {
    const { channel } = await this.#link;
    for (const queue of queues) await channel.deleteQueue(queue);
    for (const exchange of this.#exchanges) await channel.deleteExchange(exchange);
  }

  /** Closes the connection; its queues go with it. */
  async close(): Promise<void> {
    this.#closing.abort();
    try {
      const { connection } = await this.#link;
      await connection.close();
    } catch {
      // Already gone, which is what was wanted.
    }
  }

  async #connect(): Promise<Link> {
    const connection = await connect(
      { protocol: "amqp", heartbeat: 30, ...this.#address },
      { timeout: 5_000, clientProperties: { connection_name: "simulated REGARDS" } },
    );
    // The `close` that follows tells the same; without a listener amqplib's `error` ends the process.
    connection.on("error", () => undefined);
    connection.on("close", (error) => this.#lost(error));
    const channel = await connection.createConfirmChannel();
    channel.on("error", (error) => this.#onLost(error));
    channel.on("handler-error", (error) => this.#onLost(error));
    for (const exchange of this.#exchanges)
      await channel.assertExchange(exchange, "fanout", { durable: true });
    for (const { exchange, listener } of this.#listeners) await consume(channel, exchange, listener);
    return { connection, channel };
  }

  #lost(error: Error | undefined): void {
    if (this.#closing.signal.aborted) return;
    this.#onLost(new Error("the simulated REGARDS lost its broker and looks for it again", { cause: error }));
    this.#link = this.#reconnect();
    // Whoever publishes next meets the failure; without anybody it must not end the process.
    this.#link.catch(() => undefined);
  }

  async #reconnect(): Promise<Link> {
    for (;;) {
      await pause(RECONNECT_EVERY_MS, undefined, { signal: this.#closing.signal });
      try {
        return await this.#connect();
      } catch {
        // Not there yet: REGARDS' own containers wait for RabbitMQ in the same way.
      }
    }
  }
}

async function consume(channel: ConfirmChannel, exchange: string, listener: Listener): Promise<void> {
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.bindQueue(queue, exchange, "");
  await channel.consume(queue, (message) => message !== null && listener(message), { noAck: true });
}

function confirmed(
  channel: ConfirmChannel,
  exchange: string,
  content: Buffer,
  options: Options.Publish,
): Promise<void> {
  return new Promise((resolve, reject) => {
    channel.publish(exchange, "", content, options, (error: Error | null) =>
      error ? reject(error) : resolve(),
    );
  });
}
