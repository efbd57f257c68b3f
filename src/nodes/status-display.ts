/**
 * Shows a node's status, and keeps the editors from being flooded by it. Enters: that something changed, and a way to
 * tell the status of now. Leaves: the latest status, at most four times a second. It never knows what a status is of.
 */
import { now } from "../amqp/clock";
import type { NodeStatus } from "./status";

/** Between two looks, and between two reports of nothing but counters, in milliseconds. */
const LOOK_MS = 250;
const COUNTERS_MS = 1_000;

/** Shows the latest status at most four times a second, and never the same one twice. */
export class StatusDisplay {
  readonly #show: (status: NodeStatus) => void;
  readonly #compute: () => NodeStatus;
  readonly #every: number;
  #timer: NodeJS.Timeout | undefined;
  #shown = "";
  #counted = "";
  #lookedAt = Number.NEGATIVE_INFINITY;
  #shownAt = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  /** @param every milliseconds between two looks */
  constructor(compute: () => NodeStatus, show: (status: NodeStatus) => void, every: number = LOOK_MS) {
    this.#compute = compute;
    this.#show = show;
    this.#every = every;
  }

  /** Something changed. */
  touch(): void {
    if (this.#timer === undefined && !this.#isStopped) {
      this.#lookIn(this.#lookedAt + this.#every - now());
    }
  }

  /** Shows nothing any more: its node is closed. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #lookIn(milliseconds: number): void {
    if (milliseconds <= 0) {
      this.#look();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, milliseconds);
    this.#timer.unref();
  }

  #look(): void {
    const at = now();
    this.#lookedAt = at;
    const status = this.#compute();
    const seen = `${status.fill} ${status.shape} ${status.text}`;
    const counted = JSON.stringify(status.counters);
    if (seen === this.#shown) {
      if (counted === this.#counted) {
        return;
      }
      if (at < this.#shownAt + COUNTERS_MS) {
        this.#lookIn(this.#shownAt + COUNTERS_MS - at);
        return;
      }
    }
    this.#shown = seen;
    this.#counted = counted;
    this.#shownAt = at;
    this.#show(status);
  }
}
