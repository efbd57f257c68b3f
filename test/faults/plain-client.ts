/** Runs a plain AMQP client beside our nodes, through the same proxy, and tells what became of it. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { amqpUrl } from "../support/rabbitmq";
import { untilValue } from "../support/until";
import type { PlainOrder } from "./plain-client-process";
import type { Scene } from "./scene";
import { ORDERS } from "./stream";

const QUEUE = "plain";
const ANSWERS = "plain-answers";

/** What a plain client made of a fault. */
export interface PlainOutcome {
  /** Whether it received anything that was published after the cause was gone. */
  readonly cameBack: boolean;
  /** Events it has not received. */
  readonly missing: number;
  /** Answers it believes to have published and the broker does not have. */
  readonly lostAnswers: number;
}

export class PlainClient {
  readonly #scene: Scene;
  readonly #process: ChildProcess;
  readonly #numbers: number[] = [];

  private constructor(scene: Scene, child: ChildProcess) {
    this.#scene = scene;
    this.#process = child;
    child.on("message", (number) => {
      if (typeof number === "number") this.#numbers.push(number);
    });
  }

  /** It consumes when this settles. */
  static async start(scene: Scene): Promise<PlainClient> {
    await scene.stream.administer(async (channel) => {
      await channel.assertExchange(ANSWERS, "fanout", { durable: true });
      await channel.assertQueue(ANSWERS, { durable: true });
      await channel.bindQueue(ANSWERS, ANSWERS, "");
    });
    const child = fork(join(__dirname, "plain-client-process.js"), [], { silent: true });
    const client = new PlainClient(scene, child);
    const { host, port } = scene.proxy;
    const { vhost, user, password } = scene;
    const url = amqpUrl({ host, port, user, password, vhost });
    const order: PlainOrder = { url, queue: QUEUE, exchange: ORDERS, answers: ANSWERS };
    child.send(order);
    await once(child, "message");
    return client;
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await gone;
  }

  /** Draws up its balance. */
  async outcome(mendedAt: number): Promise<PlainOutcome> {
    const { stream, broker, vhost } = this.#scene;
    const seen = new Set(this.#numbers);
    const state = await broker.console.queue(ANSWERS, vhost);
    const arrived = state === undefined ? 0 : state.ready + state.unacked;
    return {
      cameBack: [...stream.taken].some(([number, at]) => at >= mendedAt && seen.has(number)),
      missing: [...stream.taken.keys()].filter((number) => !seen.has(number)).length,
      lostAnswers: Math.max(0, this.#numbers.length - arrived),
    };
  }

  /** Gives it a moment to take what waits for it, if it takes anything at all. */
  async settle(): Promise<void> {
    const missing = () => [...this.#scene.stream.taken.keys()].length - new Set(this.#numbers).size;
    await untilValue(missing, (count) => count <= 0, { what: "the plain client", every: 100 }).catch(
      () => undefined,
    );
  }
}
