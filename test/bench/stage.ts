/** The running parts of the bench: a RabbitMQ, a Node-RED and a raw client, each in a process of its own. */
import { join, resolve } from "node:path";
import { type ChannelModel, type ConfirmChannel, connect, type Options } from "amqplib";
import { startNodeRed } from "../support/node-red";
import { type RabbitMq, startRabbitMq } from "../support/rabbitmq";
import type { FlowNode, TestNodeRed } from "../support/test-node-red";
import { groupTime, TICK_MS, untilAtRest } from "./broker-time";
import { ORDERS } from "./events";
import type { Profiler } from "./profiler";
import { RawClient } from "./raw/client";
import type { Scale } from "./scale";
import type { Figures } from "./tally";

/** A queue as the bench declares it. */
export type QueueKind = "classic" | "quorum" | "priorities";

const REPOSITORY = resolve(__dirname, "../..");
const NODES = [REPOSITORY, join(__dirname, "palette")];
const ARGUMENTS: Readonly<Record<QueueKind, Record<string, unknown>>> = {
  classic: {},
  quorum: { "x-queue-type": "quorum" },
  // What REGARDS' own deployment samples declare.
  priorities: { "x-max-priority": 255 },
};
/** Unconfirmed messages while a queue is filled. */
const FILL_WINDOW = 2_000;

export class Stage {
  readonly broker: RabbitMq;
  readonly nodeRed: TestNodeRed;
  readonly raw: RawClient;
  readonly scale: Scale;
  readonly say: (line: string) => void;
  readonly channel: ConfirmChannel;
  /** Of Node-RED. */
  readonly version: 4 | 5;
  readonly #profiler: Profiler;
  readonly #connection: ChannelModel;
  #queues = 0;

  private constructor(parts: Parts) {
    this.broker = parts.broker;
    this.nodeRed = parts.nodeRed;
    this.raw = parts.raw;
    this.scale = parts.scale;
    this.say = parts.say;
    this.channel = parts.channel;
    this.version = parts.version;
    this.#profiler = parts.profiler;
    this.#connection = parts.connection;
  }

  static async set(
    scale: Scale,
    profiler: Profiler,
    say: (line: string) => void,
    version: 4 | 5 = 5,
  ): Promise<Stage> {
    const cleanUps: (() => Promise<unknown>)[] = [];
    try {
      const broker = await startRabbitMq({ say });
      cleanUps.push(() => broker.stop());
      const nodeRed = await startNodeRed({ nodesDir: NODES, version });
      cleanUps.push(() => nodeRed.stop());
      const raw = await RawClient.start(version);
      cleanUps.push(() => raw.stop());
      const connection = await connect(broker.url);
      const channel = await connection.createConfirmChannel();
      return new Stage({ broker, nodeRed, raw, connection, channel, scale, profiler, say, version });
    } catch (error) {
      for (const cleanUp of cleanUps.reverse()) await cleanUp();
      throw error;
    }
  }

  async strike(): Promise<void> {
    await this.nodeRed.stop();
    await this.raw.stop();
    await this.#connection.close();
    await this.broker.stop();
  }

  /** One more Node-RED with our nodes, for what needs a fresh one; whoever starts it stops it. */
  anotherNodeRed(env: Readonly<Record<string, string>> = {}): Promise<TestNodeRed> {
    return startNodeRed({ nodesDir: NODES, version: this.version, env });
  }

  /** The exchange of order events, which REGARDS declares when it publishes the first. */
  async declareOrders(): Promise<void> {
    await this.channel.assertExchange(ORDERS, "fanout", { durable: true });
  }

  /** An empty queue under a name of its own. */
  async queue(kind: QueueKind): Promise<string> {
    const name = `bench.${kind}.${++this.#queues}`;
    await this.channel.assertQueue(name, { durable: true, arguments: ARGUMENTS[kind] });
    return name;
  }

  async remove(queue: string): Promise<void> {
    await this.channel.deleteQueue(queue);
  }

  /** Publishes to one queue and waits until the broker has all of it, and has come to rest. */
  async fill(
    queue: string,
    count: number,
    message: (number: number) => { readonly body: Buffer; readonly properties: Options.Publish },
  ): Promise<void> {
    for (let number = 0; number < count; number += 1) {
      const { body, properties } = message(number);
      this.channel.publish("", queue, body, properties);
      if (number % FILL_WINDOW === FILL_WINDOW - 1) await this.channel.waitForConfirms();
    }
    await this.channel.waitForConfirms();
    const { processGroup } = this.broker;
    if (processGroup !== undefined) await untilAtRest(processGroup, this.scale.restSeconds);
  }

  /** Adds the processor time of the broker to the figures of a run. */
  async withBrokerTime(run: () => Promise<Figures>): Promise<Figures> {
    const group = this.broker.processGroup;
    if (group === undefined) return run();
    const before = await groupTime(group);
    const figures = await run();
    const after = await groupTime(group);
    if (before === undefined || after === undefined) return figures;
    // What is shorter than the system counts is told as one count.
    return { ...figures, broker: Math.max(after - before, TICK_MS) };
  }

  /** Deploys a flow and waits for the figures of the node that counts. */
  async runFlow(
    title: string,
    flow: readonly FlowNode[],
    counter: string,
    { timeout = 240_000, meanwhile = async () => undefined }: RunOptions = {},
  ): Promise<Figures> {
    this.nodeRed.forget();
    await this.#profiler.start(this.nodeRed);
    await this.nodeRed.deploy(flow);
    await meanwhile();
    const figures = await this.nodeRed.nextMessage(counter, { timeout });
    await this.#profiler.stop(this.nodeRed, title);
    await this.nodeRed.deploy([]);
    return figures as unknown as Figures;
  }
}

interface RunOptions {
  readonly timeout?: number;
  /** What happens while the flow runs. */
  readonly meanwhile?: () => Promise<unknown>;
}

interface Parts {
  readonly broker: RabbitMq;
  readonly nodeRed: TestNodeRed;
  readonly raw: RawClient;
  readonly connection: ChannelModel;
  readonly channel: ConfirmChannel;
  readonly scale: Scale;
  readonly profiler: Profiler;
  readonly say: (line: string) => void;
  readonly version: 4 | 5;
}
