/**
 * One delivery as a handle that is settled at most once, and only on the channel it came by: a stale
 * verdict on a newer channel would close it or, worse, acknowledge somebody else's message.
 */
import { hash } from "node:crypto";
import type { ConsumeMessage, GetMessage, MessageProperties } from "amqplib";
import type { Verdict } from "./settlements";
import { unreadableHeaders } from "./unreadable";

/** Where verdicts go. */
export interface Settler {
  settle(delivery: Delivery, verdict: Verdict): void;
}

const NOTHING = Buffer.alloc(0);

/** Two SHA-1 digests in Base64, all of them ASCII. */
export const FINGERPRINT_LENGTH = 56;

export class Delivery {
  /** Why `headers` is empty although the message has some. */
  readonly unreadable: string | undefined;
  readonly exchange: string;
  readonly redelivered: boolean;
  readonly tag: number;
  readonly generation: number;
  readonly #settler: Settler;
  #content: Buffer;
  #properties: Partial<MessageProperties>;
  #headers: Readonly<Record<string, unknown>>;
  #open = true;
  #verdict: Verdict | undefined;
  #fingerprint: string | undefined;

  constructor(message: ConsumeMessage | GetMessage, generation: number, settler: Settler) {
    this.#content = message.content;
    this.#properties = message.properties;
    this.#headers = message.properties.headers ?? {};
    this.unreadable = unreadableHeaders(message.properties);
    this.exchange = message.fields.exchange;
    this.redelivered = message.fields.redelivered;
    this.tag = message.fields.deliveryTag;
    this.generation = generation;
    this.#settler = settler;
  }

  get content(): Buffer {
    return this.#content;
  }

  get properties(): Partial<MessageProperties> {
    return this.#properties;
  }

  get headers(): Readonly<Record<string, unknown>> {
    return this.#headers;
  }

  /** False once a verdict was given or the channel was lost. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** What was told the broker; undefined while it is open, and when its channel was lost before. */
  get verdict(): Verdict | undefined {
    return this.#verdict;
  }

  /**
   * Tells this message from every other as far as that can be done: REGARDS sets no message id, so a message is
   * known by what it says, to whom, and in which second. Two deliveries of one message have the same, for headers
   * that the broker adds (`x-…`) do not count.
   */
  get fingerprint(): string {
    this.#fingerprint ??= hash("sha1", this.#content, "base64") + hash("sha1", this.#particulars(), "base64");
    return this.#fingerprint;
  }

  #particulars(): string {
    const { correlationId, timestamp, messageId } = this.#properties;
    const particulars: unknown[] = [this.exchange, correlationId, timestamp, messageId];
    // A quorum queue that gives a message out again has sorted its headers.
    for (const name of Object.keys(this.#headers).sort()) {
      const value = this.#headers[name];
      if (!name.startsWith("x-") && typeof value !== "object") {
        particulars.push(name, value);
      }
    }
    return JSON.stringify(particulars);
  }

  /** Gives the verdict; false when it comes too late and changes nothing. */
  settle(verdict: Verdict): boolean {
    if (!this.#open) {
      return false;
    }
    this.#open = false;
    this.#verdict = verdict;
    this.#settler.settle(this, verdict);
    return true;
  }

  /** Nobody reads it any more; what it is known by stays. */
  release(): void {
    void this.fingerprint;
    this.#content = NOTHING;
    this.#properties = {};
    this.#headers = {};
  }

  /** The channel is gone and the broker has the message again. */
  lose(): void {
    this.#open = false;
  }
}
