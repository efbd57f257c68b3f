/**
 * A stream of numbered order events, as REGARDS would publish them, which knows of each number whether the
 * broker took it: only what was confirmed, and routed somewhere, can be lost afterwards.
 */
import { setTimeout as pause } from "node:timers/promises";
import { type ConfirmChannel, connect, type Message } from "amqplib";
import { broadcastExchange, order } from "../../src/regards/services";
import { untilValue } from "../support/until";
import { RATE } from "./form";

export const ORDERS = broadcastExchange("regards", order.eventClass);
export const TENANT = "project1";

const TICK_MS = 20;
const RETRY_MS = 200;
/** A blocked broker takes nothing: no more than this is sent ahead of its confirms. */
const MOST_UNCONFIRMED = 500;

export class NumberedStream {
  readonly #url: string;
  /** When each event was confirmed, by number. */
  readonly #taken = new Map<number, number>();
  readonly #returned = new Set<number>();
  #next = 1;
  #unconfirmed = 0;
  #channel: ConfirmChannel | undefined;
  #isFlowing = false;
  #isOver = false;
  #running: Promise<void> | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /** Numbers the broker has taken responsibility for, and when. */
  get taken(): ReadonlyMap<number, number> {
    return this.#taken;
  }

  /** The exchange is there when this settles. */
  async start(): Promise<void> {
    this.#running = this.#keepPublishing();
    await this.restart();
  }

  /** Settles when it has a channel again, and with it the exchange. */
  async restart(): Promise<void> {
    await untilValue(
      () => this.#channel,
      (channel) => channel !== undefined,
      { what: "the stream to begin" },
    );
  }

  flow(): void {
    this.#isFlowing = true;
  }

  /** Publishes nothing more until `flow`, and waits for the confirms still missing. */
  async pause(): Promise<void> {
    this.#isFlowing = false;
    await untilValue(
      () => this.#unconfirmed,
      (count) => count === 0,
      { what: "the stream's confirms", timeout: 30_000 },
    );
  }

  /** Publishes so many events at once, beside the flow. */
  async burst(count: number, more: object = {}): Promise<void> {
    let left = count;
    for (let index = 0; index < count; index += 1) {
      this.#publish(more, () => {
        left -= 1;
      });
    }
    await untilValue(
      () => left,
      (missing) => missing === 0,
      { what: "the burst's confirms", timeout: 30_000 },
    );
  }

  /** Does something on the stream's own channel, as an administrator would. */
  async administer<T>(work: (channel: ConfirmChannel) => Promise<T>): Promise<T> {
    if (this.#channel === undefined) throw new Error("the stream has no channel");
    return await work(this.#channel);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #keepPublishing(): Promise<void> {
    while (!this.#isOver) {
      await this.#publishWhileConnected().catch(() => undefined);
      this.#channel = undefined;
      this.#unconfirmed = 0;
      if (!this.#isOver) await pause(RETRY_MS);
    }
  }

  async #publishWhileConnected(): Promise<void> {
    const connection = await connect(this.#url, { timeout: 2_000 });
    let isOpen = true;
    connection.on("error", () => undefined);
    connection.on("close", () => {
      isOpen = false;
    });
    try {
      const channel = await connection.createConfirmChannel();
      channel.on("error", () => undefined);
      channel.on("close", () => {
        isOpen = false;
      });
      channel.on("return", ({ properties }: Message) => this.#returned.add(Number(properties.messageId)));
      await channel.assertExchange(ORDERS, "fanout", { durable: true });
      this.#channel = channel;
      while (isOpen && !this.#isOver) {
        for (let due = (RATE * TICK_MS) / 1_000; due > 0 && this.#isFlowing && isOpen; due -= 1) {
          if (this.#unconfirmed < MOST_UNCONFIRMED) this.#publish();
        }
        await pause(TICK_MS);
      }
    } finally {
      if (isOpen) await connection.close().catch(() => undefined);
    }
  }

  #publish(more: object = {}, onVerdict?: () => void): void {
    const number = this.#next;
    this.#next += 1;
    this.#unconfirmed += 1;
    const event = { orderId: number, status: "GRANTED", correlationId: `order-${number}`, ...more };
    const options = {
      mandatory: true,
      persistent: true,
      messageId: String(number),
      headers: { "regards.tenant": TENANT },
    };
    this.#channel?.publish(ORDERS, "", Buffer.from(JSON.stringify(event)), options, (error) => {
      this.#unconfirmed -= 1;
      onVerdict?.();
      // The return of what nobody would receive comes before its confirm.
      if (!error && !this.#returned.delete(number)) this.#taken.set(number, Date.now());
    });
  }
}
