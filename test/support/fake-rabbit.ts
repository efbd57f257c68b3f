/**
 * RabbitMQ in a hundred lines: queues, bindings, consumers, and what is redelivered when a channel goes. A test
 * publishes, cuts, keeps back answers and confirms, and reads what is where. It knows no arguments but the
 * dead-letter ones, and no prefetch: to give out more than was asked for is what some tests want.
 */
import { EventEmitter } from "node:events";
import type { Channel, ConfirmChannel, ConsumeMessage, GetMessage } from "amqplib";
import type { Connection, ConnectionState, OpenChannel } from "../../src/amqp/connection";

export interface Stored {
  readonly content: string;
  readonly exchange: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, unknown>>;
  redelivered: boolean;
}

interface FakeQueue {
  readonly ready: Stored[];
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly consumers: Map<string, { readonly channel: FakeRabbitChannel; readonly give: Give }>;
}

interface Binding {
  readonly queue: string;
  readonly exchange: string;
  readonly key: string;
}

type Give = (message: ConsumeMessage | null) => void;
type Confirm = (error: unknown) => void;
type Properties = Readonly<Record<string, unknown>> & {
  readonly headers?: Readonly<Record<string, unknown>>;
};

export class FakeRabbit {
  readonly queues = new Map<string, FakeQueue>();
  readonly exchanges = new Set<string>();
  readonly bindings: Binding[] = [];
  /** Everything it was asked for, in order: "consume q", "ack 3", "bind q x key". */
  readonly calls: string[] = [];
  /** What it refuses, as an error. */
  refuses: ((call: string) => Error | undefined) | undefined;
  /** What it never answers. */
  ignores: ((call: string) => boolean) | undefined;
  /** What it takes its time for, or fails at without closing the channel. */
  delays: ((call: string) => Promise<void>) | undefined;
  /** False: acknowledgements go down the wire and never arrive. */
  isListening = true;
  /** False: what is published arrives and is not confirmed. */
  confirms = true;
  readonly consuming = new FakeLink(this);
  readonly publishing = new FakeLink(this);
  #tags = 0;

  declare(queue: string, options: { arguments?: Readonly<Record<string, unknown>> } = {}): FakeQueue {
    const there = this.queues.get(queue);
    if (there !== undefined) return there;
    const made: FakeQueue = { ready: [], arguments: options.arguments ?? {}, consumers: new Map() };
    this.queues.set(queue, made);
    return made;
  }

  /** What waits in a queue, nobody having it. */
  ready(queue: string): Stored[] {
    return this.queues.get(queue)?.ready ?? [];
  }

  /** What consumers of the queue have and have not settled. */
  unacked(queue: string): Stored[] {
    return [...this.consuming.channels]
      .flatMap(({ unacked }) => [...unacked.values()])
      .filter((each) => each.queue === queue)
      .map(({ stored }) => stored);
  }

  /** Publishes to an exchange, or with "" to the queue of that name. */
  publish(exchange: string, key: string, content: string, properties: Properties = {}): boolean {
    const { headers = {}, ...rest } = properties;
    const targets =
      exchange === ""
        ? [key]
        : this.bindings
            .filter((each) => each.exchange === exchange && (each.key === "" || each.key === key))
            .map(({ queue }) => queue);
    const there = targets.filter((name) => this.queues.has(name));
    for (const name of there) {
      const stored: Stored = { content, exchange, properties: rest, headers, redelivered: false };
      this.queues.get(name)?.ready.push(stored);
      this.#giveOut(name);
    }
    return there.length > 0;
  }

  /** The time of everything in a retry queue is over. */
  expire(queue: string): void {
    const { ready, arguments: options } = this.declare(queue);
    for (const { content, properties, headers } of ready.splice(0)) {
      const exchange = String(options["x-dead-letter-exchange"]);
      const key = String(options["x-dead-letter-routing-key"]);
      this.publish(exchange, key, content, { ...properties, headers: died(headers, queue, "expired") });
    }
  }

  /** Somebody deletes the queue, or it moves to another member of the cluster. */
  delete(queue: string): void {
    const { consumers } = this.declare(queue);
    this.queues.delete(queue);
    for (const { give } of consumers.values()) give(null);
  }

  consume(queue: string, channel: FakeRabbitChannel, give: Give): string {
    const tag = `ctag-${++this.#tags}`;
    this.declare(queue).consumers.set(tag, { channel, give });
    setImmediate(() => this.#giveOut(queue));
    return tag;
  }

  /** Puts back at the head of its queue what a consumer had. */
  requeue(queue: string, stored: readonly Stored[]): void {
    for (const each of stored) each.redelivered = true;
    this.queues.get(queue)?.ready.unshift(...stored);
    setImmediate(() => this.#giveOut(queue));
  }

  #giveOut(name: string): void {
    const queue = this.queues.get(name);
    const [consumer] = queue?.consumers.values() ?? [];
    while (queue !== undefined && consumer !== undefined && queue.ready.length > 0) {
      const stored = queue.ready.shift();
      if (stored !== undefined) consumer.channel.receive(name, stored, consumer.give);
    }
  }
}

/** The broker's history of a message, one entry for each queue and reason. */
function died(headers: Stored["headers"], queue: string, reason: string): Record<string, unknown> {
  const before = (headers["x-death"] ?? []) as readonly Readonly<Record<string, unknown>>[];
  const isSame = (each: Readonly<Record<string, unknown>>) => each.queue === queue && each.reason === reason;
  const count = Number(before.find(isSame)?.count ?? 0) + 1;
  return { ...headers, "x-death": [{ queue, reason, count }, ...before.filter((each) => !isSame(each))] };
}

export class FakeRabbitChannel extends EventEmitter {
  readonly unacked = new Map<number, { readonly queue: string; readonly stored: Stored }>();
  readonly owed: Confirm[] = [];
  isClosed = false;
  readonly #rabbit: FakeRabbit;
  readonly #link: FakeLink;
  #tag = 0;

  constructor(rabbit: FakeRabbit, link: FakeLink) {
    super();
    this.#rabbit = rabbit;
    this.#link = link;
  }

  receive(queue: string, stored: Stored, give: Give): void {
    const deliveryTag = ++this.#tag;
    this.unacked.set(deliveryTag, { queue, stored });
    const { content, exchange, properties, headers, redelivered } = stored;
    const fields = { deliveryTag, redelivered, exchange, routingKey: "", consumerTag: "" };
    const message = { content: Buffer.from(content), fields, properties: { ...properties, headers } };
    give(message as unknown as ConsumeMessage);
  }

  async prefetch(count: number): Promise<void> {
    await this.#ask(`prefetch ${count}`);
  }

  async consume(
    queue: string,
    give: Give,
    options: { arguments?: Record<string, unknown> } = {},
  ): Promise<{ consumerTag: string }> {
    const hasOffset = options.arguments?.["x-stream-offset"] !== undefined;
    await this.#ask(`consume ${queue}${hasOffset ? " from an offset" : ""}`, queue);
    if (hasOffset && this.#rabbit.queues.get(queue)?.arguments["x-queue-type"] !== "stream") {
      const refusal = new Error(`PRECONDITION_FAILED - invalid arg 'x-stream-offset' for queue '${queue}'`);
      this.breakDown(refusal);
      throw refusal;
    }
    // The broker ends a consumer together with its channel.
    if (this.isClosed) throw new Error("Channel closed");
    return { consumerTag: this.#rabbit.consume(queue, this, give) };
  }

  async cancel(tag: string): Promise<void> {
    await this.#ask(`cancel ${tag}`);
    for (const { consumers } of this.#rabbit.queues.values()) consumers.delete(tag);
  }

  async checkQueue(queue: string): Promise<{ messageCount: number; consumerCount: number }> {
    await this.#ask(`look ${queue}`, queue);
    const { ready, consumers } = this.#rabbit.declare(queue);
    return { messageCount: ready.length, consumerCount: consumers.size };
  }

  async get(queue: string): Promise<GetMessage | false> {
    await this.#ask(`get ${queue}`, queue);
    const ready = this.#rabbit.ready(queue);
    const stored = ready.shift();
    let got: GetMessage | false = false;
    if (stored !== undefined) {
      this.receive(queue, stored, (message) => {
        if (message !== null) got = { ...message, fields: { ...message.fields, messageCount: ready.length } };
      });
    }
    return got;
  }

  /** Everything it was given and has not settled goes back, in its order. */
  nackAll(): void {
    this.#ensureOpen();
    this.#rabbit.calls.push("return all");
    const had = [...this.unacked.values()];
    this.unacked.clear();
    for (const name of new Set(had.map(({ queue }) => queue))) {
      this.#rabbit.requeue(
        name,
        had.filter(({ queue }) => queue === name).map(({ stored }) => stored),
      );
    }
  }

  async assertQueue(queue: string, options: { arguments?: Record<string, unknown> } = {}): Promise<void> {
    await this.#ask(`declare ${queue}`);
    this.#rabbit.declare(queue, options);
  }

  async deleteQueue(queue: string): Promise<void> {
    await this.#ask(`delete ${queue}`, queue);
    this.#rabbit.delete(queue);
  }

  async checkExchange(exchange: string): Promise<void> {
    await this.#ask(`check ${exchange}`, undefined, exchange);
  }

  async assertExchange(exchange: string): Promise<void> {
    await this.#ask(`declare-exchange ${exchange}`);
    this.#rabbit.exchanges.add(exchange);
  }

  async bindQueue(queue: string, exchange: string, key: string): Promise<void> {
    await this.#ask(`bind ${queue} ${exchange} ${key}`.trim(), queue, exchange);
    const { bindings } = this.#rabbit;
    if (!bindings.some((each) => each.queue === queue && each.exchange === exchange && each.key === key)) {
      bindings.push({ queue, exchange, key });
    }
  }

  async unbindQueue(queue: string, exchange: string, key: string): Promise<void> {
    await this.#ask(`unbind ${queue} ${exchange} ${key}`.trim(), queue, exchange);
    const { bindings } = this.#rabbit;
    const place = bindings.findIndex((each) => each.queue === queue && each.exchange === exchange);
    if (place >= 0) bindings.splice(place, 1);
  }

  ack({ fields }: { fields: { deliveryTag: number } }, allUpTo = false): void {
    this.#settle(`ack ${fields.deliveryTag}${allUpTo ? " multiple" : ""}`, () => {
      for (const tag of [...this.unacked.keys()]) {
        if (tag === fields.deliveryTag || (allUpTo && tag < fields.deliveryTag)) this.unacked.delete(tag);
      }
    });
  }

  nack({ fields }: { fields: { deliveryTag: number } }): void {
    this.#settle(`return ${fields.deliveryTag}`, () => {
      const had = this.unacked.get(fields.deliveryTag);
      this.unacked.delete(fields.deliveryTag);
      if (had !== undefined) this.#rabbit.requeue(had.queue, [had.stored]);
    });
  }

  reject({ fields }: { fields: { deliveryTag: number } }): void {
    this.#settle(`reject ${fields.deliveryTag}`, () => {
      const had = this.unacked.get(fields.deliveryTag);
      this.unacked.delete(fields.deliveryTag);
      const options = this.#rabbit.queues.get(had?.queue ?? "")?.arguments ?? {};
      const exchange = String(options["x-dead-letter-exchange"]);
      const key = String(options["x-dead-letter-routing-key"]);
      if (had === undefined) return;
      const { content, properties, headers } = had.stored;
      this.#rabbit.publish(exchange, key, content, {
        ...properties,
        headers: died(headers, had.queue, "rejected"),
      });
    });
  }

  publish(exchange: string, key: string, content: Buffer, options: Properties, confirm: Confirm): boolean {
    this.#ensureOpen();
    this.#rabbit.calls.push(`publish ${exchange} ${key}`);
    const isRouted = this.#rabbit.publish(exchange, key, content.toString(), options);
    if (!isRouted) setImmediate(() => this.emit("return", { properties: options }));
    if (this.#rabbit.confirms) setImmediate(() => confirm(null));
    else this.owed.push(confirm);
    return true;
  }

  async close(): Promise<void> {
    this.#ensureOpen();
    if (this.#rabbit.ignores?.("close") === true) await new Promise(() => undefined);
    this.breakDown();
  }

  /** It is gone, and the broker has again what came by it and was not settled. */
  breakDown(error?: Error): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#link.channels.delete(this);
    for (const { consumers } of this.#rabbit.queues.values()) {
      for (const [tag, { channel }] of consumers) if (channel === this) consumers.delete(tag);
    }
    const had = [...this.unacked.values()];
    this.unacked.clear();
    for (const name of new Set(had.map(({ queue }) => queue))) {
      this.#rabbit.requeue(
        name,
        had.filter(({ queue }) => queue === name).map(({ stored }) => stored),
      );
    }
    if (error !== undefined) this.emit("error", error);
    this.emit("close");
    for (const confirm of this.owed.splice(0)) confirm(new Error("channel closed"));
  }

  #settle(call: string, work: () => void): void {
    this.#ensureOpen();
    this.#rabbit.calls.push(call);
    if (this.#rabbit.isListening) work();
  }

  #ensureOpen(): void {
    if (this.isClosed) throw new Error("Channel closed");
  }

  async #ask(call: string, queue?: string, exchange?: string): Promise<void> {
    this.#ensureOpen();
    this.#rabbit.calls.push(call);
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#rabbit.ignores?.(call) === true) await new Promise(() => undefined);
    await this.#rabbit.delays?.(call);
    this.#ensureOpen();
    const refusal = this.#rabbit.refuses?.(call) ?? this.#missing(queue, exchange);
    if (refusal !== undefined) {
      this.breakDown(refusal);
      throw refusal;
    }
  }

  #missing(queue: string | undefined, exchange: string | undefined): Error | undefined {
    if (queue !== undefined && !this.#rabbit.queues.has(queue)) {
      return new Error(`NOT_FOUND - no queue '${queue}' in vhost '/'`);
    }
    if (exchange !== undefined && !this.#rabbit.exchanges.has(exchange)) {
      return new Error(`NOT_FOUND - no exchange '${exchange}' in vhost '/'`);
    }
    return undefined;
  }
}

/** A connection to it, as far as subscriptions and publishers use one. */
export class FakeLink {
  readonly channels = new Set<FakeRabbitChannel>();
  state: ConnectionState = { phase: "connected" };
  cluster: string | undefined = "rabbit";
  /** How many channels were opened for one question. */
  asides = 0;
  readonly #rabbit: FakeRabbit;
  readonly #listeners = new Set<(state: ConnectionState) => void>();
  #generation = 1;

  constructor(rabbit: FakeRabbit) {
    this.#rabbit = rabbit;
  }

  get typed(): Connection {
    return this as unknown as Connection;
  }

  get isUp(): boolean {
    return this.state.phase === "connected" || this.state.phase === "blocked";
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  onState(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async channel(): Promise<OpenChannel> {
    const channel = await this.#open();
    return { channel: channel as unknown as Channel, generation: this.#generation };
  }

  async confirmChannel(): Promise<OpenChannel<ConfirmChannel>> {
    const channel = await this.#open();
    return { channel: channel as unknown as ConfirmChannel, generation: this.#generation };
  }

  async aside<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
    this.asides += 1;
    const channel = await this.#open();
    try {
      return await work(channel as unknown as Channel);
    } finally {
      channel.breakDown();
    }
  }

  /** It is lost, with every channel on it: those say so first. */
  cut(): void {
    for (const channel of [...this.channels]) channel.breakDown();
    this.become({ phase: "reconnecting", fault: { code: "lost", detail: "Connection lost" }, retryAt: 0 });
  }

  restore(): void {
    this.#generation += 1;
    this.become({ phase: "connected" });
  }

  become(state: ConnectionState): void {
    this.state = state;
    for (const listener of [...this.#listeners]) listener(state);
  }

  async #open(): Promise<FakeRabbitChannel> {
    if (!this.isUp) throw new Error("Connection closed");
    if (this.#rabbit.ignores?.("open") === true) await new Promise(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    const channel = new FakeRabbitChannel(this.#rabbit, this);
    channel.on("error", () => undefined);
    this.channels.add(channel);
    return channel;
  }
}
