/**
 * Where a fault happens: a vhost of its own, a proxy in front of the broker, a numbered stream of events, and
 * a Node-RED that takes each event and acknowledges a product for it.
 */
import { randomUUID } from "node:crypto";
import { connect, type GetMessage } from "amqplib";
import { amqpUrl, type RabbitMq } from "../support/rabbitmq";
import { TcpProxy } from "../support/tcp-proxy";
import type { LogEntry, Message, Status, TestNodeRed } from "../support/test-node-red";
import { untilValue } from "../support/until";
import { drained } from "./drained";
import { ACKS, EVENTS, type FlowOptions, type Login, numberedFlow } from "./flow";
import { ORDER_REQUESTS, REQUEST_SINK, type Verdict } from "./requests";
import { NumberedStream } from "./stream";

/** The codes of a status under which a node takes and sends. */
const WORKING = ["connected", "in-flight", "outbox", "dead-letters", "shared"];

/** What REGARDS would read: every acknowledgement that was published. */
export const SINK = "acks";

/** An event as the flow received it, or an acknowledgement as it left. */
export interface Receipt {
  readonly number: number;
  readonly redelivered: boolean;
  readonly at: number;
}

export class Scene implements Login {
  readonly broker: RabbitMq;
  readonly vhost: string;
  readonly user: string;
  readonly password: string;
  readonly proxy: TcpProxy;
  readonly stream: NumberedStream;
  readonly options: FlowOptions;
  /** Acknowledgements taken out of the sink before the end. */
  readonly acks: GetMessage[] = [];
  /** What has to be closed in the end. */
  readonly leftovers: { close(): Promise<void> }[] = [];
  /** Those who take part, the present one last. */
  readonly nodeReds: TestNodeRed[];

  private constructor(broker: RabbitMq, nodeRed: TestNodeRed, proxy: TcpProxy, options: FlowOptions) {
    const name = `fault-${randomUUID().slice(0, 8)}`;
    this.broker = broker;
    this.nodeReds = [nodeRed];
    this.vhost = name;
    this.user = name;
    this.password = `${name}-secret`;
    this.proxy = proxy;
    this.options = options;
    this.stream = new NumberedStream(amqpUrl({ ...broker, vhost: name }));
  }

  /**
   * Everything is there and connected, and the stream flows, when this settles.
   * @param prepare what has to be done before the flow is deployed
   */
  static async set(
    broker: RabbitMq,
    nodeRed: TestNodeRed,
    options: FlowOptions,
    prepare: (scene: Scene) => Promise<void> = () => Promise.resolve(),
  ): Promise<Scene> {
    nodeRed.forget();
    const scene = new Scene(broker, nodeRed, await TcpProxy.start(broker), options);
    await scene.furnish();
    await scene.stream.start();
    await scene.openSink();
    await prepare(scene);
    await scene.deploy();
    await scene.untilConnected();
    scene.stream.flow();
    return scene;
  }

  /** Deploys the flow, once more if it is there already. */
  async deploy(): Promise<void> {
    await this.nodeRed.deploy(numberedFlow(this, this.options), { timeout: 30_000 });
  }

  get hosts(): string {
    return `${this.proxy.host}:${this.proxy.port}`;
  }

  /** The one that works now. */
  get nodeRed(): TestNodeRed {
    const last = this.nodeReds.at(-1);
    if (last === undefined) throw new Error("there is no Node-RED on this scene");
    return last;
  }

  /** The vhost and its user; also to bring them back. */
  async furnish(): Promise<void> {
    const { console, user } = this.broker;
    await console.addVhost(this.vhost);
    await console.setPermissions(user, this.vhost);
    await console.addUser(this.user, this.password).catch(() => undefined);
    await console.setPermissions(this.user, this.vhost);
  }

  /** The exchanges of the acknowledgements and the orders, and the queues that keep them. */
  async openSink(): Promise<void> {
    const sinks = [
      [ACKS, SINK],
      [ORDER_REQUESTS, REQUEST_SINK],
    ] as const;
    await this.stream.administer(async (channel) => {
      for (const [exchange, queue] of sinks) {
        await channel.assertExchange(exchange, "fanout", { durable: true });
        await channel.assertQueue(queue, { durable: true });
        await channel.bindQueue(queue, exchange, "");
      }
    });
  }

  /** Brings what is in the sink into safety. */
  async collectAcks(): Promise<void> {
    const connection = await connect(amqpUrl({ ...this.broker, vhost: this.vhost }));
    this.acks.push(...(await drained(connection, SINK)));
    await connection.close();
  }

  /** Both nodes have what they need. */
  async untilConnected(timeout = 30_000): Promise<void> {
    const isWorking = ({ code = "" }: Status) => WORKING.includes(code);
    await this.nodeRed.untilStatus("in", isWorking, { timeout });
    await this.nodeRed.untilStatus("ack", isWorking, { timeout });
    if (this.options.order !== undefined) await this.nodeRed.untilStatus("order", isWorking, { timeout });
  }

  /** Every event every Node-RED has received, in order. */
  received(): Receipt[] {
    return this.#at("seen").map(({ payload, regards }) => {
      const { orderId } = payload as { readonly orderId: number };
      const { redelivered, receivedAt } = regards as { redelivered: boolean; receivedAt: string };
      return { number: orderId, redelivered, at: Date.parse(receivedAt) };
    });
  }

  /** Every acknowledgement that was confirmed, in order. */
  published(): Receipt[] {
    return this.#at("published").map(({ number, at }) => {
      return { number: Number(number), redelivered: false, at: Number(at) };
    });
  }

  /** Every acknowledgement that was refused. */
  refused(): readonly Message[] {
    return this.#at("refused");
  }

  /** What the flow was told of every order. */
  verdicts(): Verdict[] {
    const codeOf = ({ error }: Message) => (error as { readonly code: string } | undefined)?.code;
    return ["asked", "not-asked"].flatMap((probe) =>
      this.#at(probe).map((message) => ({ number: Number(message.number), code: codeOf(message) })),
    );
  }

  /** What our nodes have said since the scene was set, from information up. */
  lines(): LogEntry[] {
    const isLoud = ({ level }: LogEntry) => level !== "debug" && level !== "trace";
    return this.nodeReds
      .flatMap(({ logs }) => logs)
      .filter((entry) => isLoud(entry) && entry.type?.startsWith("regards-"));
  }

  /** Waits until the broker holds none of the events: all were handled, or given up. */
  async untilEmpty(timeout = 60_000): Promise<void> {
    const read = () => this.broker.console.queue(EVENTS, this.vhost);
    await untilValue(read, (queue) => queue?.ready === 0 && queue.unacked === 0, {
      what: `an empty queue ${EVENTS}`,
      timeout,
    });
  }

  /** Takes everything down again. */
  async strike(): Promise<void> {
    await this.stream.stop();
    if (this.nodeRed.isAlive) await this.nodeRed.deploy([], { timeout: 30_000 });
    await this.proxy.close();
    await Promise.all(this.leftovers.map((leftover) => leftover.close()));
    await this.broker.console.deleteVhost(this.vhost);
    await this.broker.console.deleteUser(this.user);
  }

  #at(probe: string): Message[] {
    return this.nodeReds.flatMap((nodeRed) => nodeRed.messages(probe));
  }
}
