/** What goes wrong in the demo, on demand: RabbitMQ goes away for a while, the disk is full for a while. */
import { setTimeout as pause } from "node:timers/promises";
import type { RabbitMq } from "../support/rabbitmq";
import type { TestNodeRed } from "../support/test-node-red";

/** When RabbitMQ was away, in milliseconds since 1970; without an end while it is. */
export interface Outage {
  readonly from: number;
  to?: number;
}

/** Does them, and remembers what was done. */
export class Mishaps {
  readonly outages: Outage[] = [];
  readonly #broker: RabbitMq;
  readonly #nodeRed: TestNodeRed;
  readonly #ending = new AbortController();
  #outage: Promise<void> = Promise.resolve();
  #isFull = false;

  constructor(broker: RabbitMq, nodeRed: TestNodeRed) {
    this.#broker = broker;
    this.#nodeRed = nodeRed;
  }

  /** Whether RabbitMQ may be stopped: somebody else's is left alone. */
  get mayStopRabbitMq(): boolean {
    return this.#broker.isPrivate;
  }

  /** Stops RabbitMQ as an administrator would, and starts it again so many milliseconds later; once at a time. */
  takeRabbitMqAway(milliseconds: number): Promise<void> {
    const last = this.outages.at(-1);
    const isAway = last !== undefined && last.to === undefined;
    if (this.mayStopRabbitMq && !isAway) this.#outage = this.#stopAndStart(milliseconds);
    return this.#outage;
  }

  /** Nothing is started any more; resolves when nothing is on its way either. */
  async end(): Promise<void> {
    this.#ending.abort();
    await this.#outage.catch(() => undefined);
  }

  /** For so many milliseconds Node-RED sees a disk without room for another file; nothing is written. */
  async fillDisk(milliseconds: number): Promise<void> {
    if (this.#isFull) return;
    this.#isFull = true;
    await this.#nodeRed.evaluate(async (_RED, length) => {
      const disk = process.getBuiltinModule("node:fs/promises");
      const { statfs } = disk;
      Object.assign(disk, { statfs: async () => ({ bavail: 0, bsize: 4096 }) });
      setTimeout(() => Object.assign(disk, { statfs }), length);
    }, milliseconds);
    await pause(milliseconds, undefined, { signal: this.#ending.signal });
    this.#isFull = false;
  }

  async #stopAndStart(milliseconds: number): Promise<void> {
    const outage: Outage = { from: Date.now() };
    this.outages.push(outage);
    await this.#broker.shutdown();
    await pause(milliseconds, undefined, { signal: this.#ending.signal });
    await this.#broker.start();
    outage.to = Date.now();
  }
}
