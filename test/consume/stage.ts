/**
 * What the tests of an event's way share: a vhost of the shared broker, the shared Node-RED, and one queue
 * between them. Enters: flows and events. Leaves: what the broker, the flow and the status say.
 */
import assert from "node:assert/strict";
import { type ChannelModel, type ConfirmChannel, connect, type GetMessage } from "amqplib";
import { broadcastExchange, order } from "../../src/regards/services";
import { drained } from "../faults/drained";
import { brokerNode, tab } from "../nodes/flows";
import type { QueueState } from "../support/broker-console";
import type { DeployOptions, Edits } from "../support/flow-edits";
import { sharedNodeRed } from "../support/shared-node-red";
import { type FreshVhost, freshVhost } from "../support/shared-rabbitmq";
import type { FlowNode, TestNodeRed } from "../support/test-node-red";
import { untilValue } from "../support/until";

export const ORDERS = broadcastExchange("regards", order.eventClass);
/** The queue of the in-node, and those that belong to it. */
export const QUEUE = "nodered.mine";
export const DEAD = `${QUEUE}.dead`;
export const RETRY = `${QUEUE}.retry`;

/** Status codes under which a node reads its queue. */
const READING = [
  "connected",
  "in-flight",
  "dead-letters",
  "shared",
  "used-as-it-is",
  "held",
  "waiting-node",
  "nothing-wanted",
];

/** What a node counts in its status. */
export type Counters = Readonly<Record<string, number>>;

export class ConsumeStage {
  readonly vhost: FreshVhost;
  readonly nodeRed: TestNodeRed;
  readonly channel: ConfirmChannel;
  readonly #connection: ChannelModel;

  private constructor(
    vhost: FreshVhost,
    nodeRed: TestNodeRed,
    connection: ChannelModel,
    channel: ConfirmChannel,
  ) {
    this.vhost = vhost;
    this.nodeRed = nodeRed;
    this.channel = channel;
    this.#connection = connection;
  }

  /** @param nodeRed the shared one unless a test kills its own */
  static async set(nodeRed?: TestNodeRed): Promise<ConsumeStage> {
    const vhost = await freshVhost();
    const connection = await connect(vhost.url);
    const channel = await connection.createConfirmChannel();
    await channel.assertExchange(ORDERS, "fanout", { durable: true });
    return new ConsumeStage(vhost, nodeRed ?? (await sharedNodeRed()), connection, channel);
  }

  async strike(): Promise<void> {
    if (this.nodeRed.isAlive) {
      await this.nodeRed.deploy([], { timeout: 30_000 });
    }
    await this.#connection.close().catch(() => undefined);
    await this.vhost.drop();
  }

  /** The broker node, as a flow holds it. */
  broker(properties: Readonly<Record<string, unknown>> = {}): FlowNode {
    return brokerNode(this.vhost, properties);
  }

  /** Deploys nodes on one tab beside the broker node, and waits until the in-node named `in` reads. */
  async deploy(nodes: readonly FlowNode[], options: DeployOptions = {}): Promise<void> {
    await this.nodeRed.deploy([tab, this.broker(), ...nodes], options);
    await this.untilReading();
  }

  redeploy(edits: Edits, options: DeployOptions = {}): Promise<void> {
    return this.nodeRed.redeploy(edits, options);
  }

  async untilReading(id = "in"): Promise<void> {
    await this.nodeRed.untilStatus(id, ({ code = "" }) => READING.includes(code), { timeout: 20_000 });
  }

  /** Publishes events with these order ids, as REGARDS would, and waits for the confirms. */
  async publish(orderIds: readonly number[], more: object = {}, headers: object = {}): Promise<void> {
    for (const orderId of orderIds) {
      const body = { orderId, status: "GRANTED", correlationId: `order-${orderId}`, ...more };
      this.channel.publish(ORDERS, "", Buffer.from(JSON.stringify(body)), {
        persistent: true,
        headers: { "regards.tenant": "project1", ...headers },
      });
    }
    await this.channel.waitForConfirms();
  }

  queue(name = QUEUE): Promise<QueueState | undefined> {
    return this.vhost.broker.console.queue(name, this.vhost.vhost);
  }

  /** Waits until the queue has so many messages of each kind; what is not said does not matter. */
  async untilQueue(name: string, wanted: Partial<QueueState>, timeout = 10_000): Promise<void> {
    await untilValue(
      () => this.queue(name),
      (queue) =>
        queue !== undefined &&
        Object.entries(wanted).every(([key, value]) => Reflect.get(queue, key) === value),
      { what: `${JSON.stringify(wanted)} in ${name}`, timeout },
    );
  }

  /** Nothing is left in the queue, neither waiting nor in hand. */
  untilSettled(timeout?: number): Promise<void> {
    return this.untilQueue(QUEUE, { ready: 0, unacked: 0 }, timeout);
  }

  /** Takes so many letters out of the dead-letter queue. */
  async letters(count: number, name = DEAD): Promise<GetMessage[]> {
    await this.untilQueue(name, { ready: count });
    const letters = await drained(this.#connection, name);
    assert.equal(letters.length, count);
    return letters;
  }

  /** The order ids of all letters there are. */
  async lettersOf(name = DEAD): Promise<number[]> {
    return (await drained(this.#connection, name)).map(orderIdOf);
  }

  /** Waits for what the node counts. */
  async untilCounted(wanted: Counters, id = "in"): Promise<void> {
    await this.nodeRed.untilStatus(id, (status) => {
      const { counters = {} } = status as { readonly counters?: Counters };
      return Object.entries(wanted).every(([name, count]) => counters[name] === count);
    });
  }

  /** The order ids that have reached a probe, in order. */
  ids(probeId: string): number[] {
    return this.nodeRed.messages(probeId).map(orderIdOf);
  }
}

/** Which order a message or a letter is about. */
export function orderIdOf(message: object): number {
  const { payload, content } = message as { readonly payload?: unknown; readonly content?: Buffer };
  const body = content === undefined ? payload : (JSON.parse(content.toString()) as unknown);
  return (body as { readonly orderId: number }).orderId;
}

/** An order in with an own classic queue and everything but its first output unwired. */
export function inNode(properties: Readonly<Record<string, unknown>> = {}): FlowNode {
  return {
    id: "in",
    type: "regards-order-in",
    z: "tab",
    broker: "broker",
    queue: QUEUE,
    queueType: "classic",
    wires: [["first"], [], [], [], [], []],
    ...properties,
  };
}

export function probe(id: string, properties: Readonly<Record<string, unknown>> = {}): FlowNode {
  return { id, type: "test-probe", z: "tab", wires: [], ...properties };
}

/** A function node whose code may send to `next`. */
export function code(id: string, func: string, ...next: string[]): FlowNode {
  return { id, name: id, type: "function", z: "tab", func, outputs: 1, libs: [], wires: [next] };
}

/** The numbers from one to `count`. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
