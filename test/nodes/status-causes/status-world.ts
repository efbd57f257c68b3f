/**
 * Where a test makes things go wrong for a node, to see what it says: a vhost, a Node-RED whose clock can be set
 * forward, and whatever a cause has put up, taken down again after it. Enters: flows. Leaves: statuses.
 */
import { type ConfirmChannel, connect } from "amqplib";
import { ConsumeStage, inNode, ORDERS, probe } from "../../consume/stage";
import { startNodeRed } from "../../support/node-red";
import type { FlowNode, Status, TestNodeRed } from "../../support/test-node-red";
import { tab } from "../flows";

type Properties = Readonly<Record<string, unknown>>;

export class StatusWorld {
  readonly nodeRed: TestNodeRed;
  readonly stage: ConsumeStage;
  readonly #undo: (() => unknown)[] = [];

  private constructor(nodeRed: TestNodeRed, stage: ConsumeStage) {
    this.nodeRed = nodeRed;
    this.stage = stage;
  }

  static async make(): Promise<StatusWorld> {
    const nodeRed = await startNodeRed({ settings: { runtimeState: { enabled: true, ui: false } } });
    return new StatusWorld(nodeRed, await ConsumeStage.set(nodeRed));
  }

  /** The queue of the node that a cause has deployed. */
  readonly queue = "nodered.mine";

  get console(): ConsumeStage["vhost"]["broker"]["console"] {
    return this.stage.vhost.broker.console;
  }

  /** Deploys an order in named `in` and a probe behind it, without waiting for anything. */
  async show(node: Properties = {}, broker: Properties = {}, more: readonly FlowNode[] = []): Promise<void> {
    const flow = [tab, this.stage.broker(broker), inNode(node), probe("first", { hold: true }), ...more];
    await this.nodeRed.deploy(flow, { incomplete: true });
  }

  /** Deploys it, waits until it reads, and publishes some events that it shall hold. */
  async hold(events: number, node: Properties = {}): Promise<void> {
    await this.show(node);
    await this.stage.untilReading();
    await this.stage.publish(Array.from({ length: events }, (_, index) => index));
    await this.nodeRed.untilMessages("first", events);
  }

  /** Publishes so many events that are of no concern to the node. */
  async publishFor(headers: object, body: unknown, exchange = ORDERS, count = 20): Promise<void> {
    await this.stage.untilReading();
    for (let index = 0; index < count; index += 1) {
      this.stage.channel.publish(exchange, "", Buffer.from(JSON.stringify(body)), { headers });
    }
    await this.stage.channel.waitForConfirms();
  }

  /** Another client of the same vhost, until the cause is over. */
  async stranger(): Promise<ConfirmChannel> {
    const connection = await connect(this.stage.vhost.url);
    this.after(() => connection.close());
    const channel = await connection.createConfirmChannel();
    channel.on("error", () => undefined);
    return channel;
  }

  /** Sets the clock that nobody sets forward, in Node-RED, until the cause is over. */
  async later(milliseconds: number): Promise<void> {
    await this.#shift(milliseconds);
    this.after(() => this.#shift(0));
  }

  /** Waits that are drawn by lot are as long as they can be in Node-RED, until the cause is over. */
  async noLuck(): Promise<void> {
    await this.nodeRed.evaluate(() => {
      const lots = Math as { random: () => number; drawn?: () => number };
      lots.drawn = lots.random;
      lots.random = () => 0.999;
    });
    this.after(() =>
      this.nodeRed.evaluate(() => {
        const lots = Math as { random: () => number; drawn?: () => number };
        lots.random = lots.drawn ?? lots.random;
      }),
    );
  }

  /** What is to be undone when the cause is over; the last first. */
  after(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  status(node: string, says: RegExp): Promise<Status> {
    const shown = (): Status | undefined =>
      this.nodeRed.statuses(node).find(({ text = "" }) => says.test(text));
    // What is shown for a moment only counts as well.
    return this.nodeRed
      .untilStatus(node, () => shown() !== undefined, { timeout: 25_000 })
      .then((last) => shown() ?? last);
  }

  /** Takes down what the cause has put up, its flow and its queues. */
  async mend(): Promise<void> {
    for (const undo of this.#undo.splice(0).reverse()) await undo();
    await this.nodeRed.deploy([], { timeout: 30_000 });
    for (const { name } of await this.console.queues(this.stage.vhost.vhost)) {
      await this.console.deleteQueue(name, this.stage.vhost.vhost);
    }
    this.nodeRed.forget();
  }

  async end(): Promise<void> {
    await this.stage.strike();
    await this.nodeRed.stop();
  }

  async #shift(milliseconds: number): Promise<void> {
    await this.nodeRed.evaluate((_RED, by) => {
      const clock = globalThis.performance as { now: () => number; real?: () => number };
      const real = clock.real ?? clock.now.bind(clock);
      clock.real = real;
      clock.now = () => real() + by;
    }, milliseconds);
  }
}
