/**
 * A consumer's queue, beside the reading of it: its dead letters and its retry queue, what was found on looking at
 * it, and leaving it when the node is deleted. Enters: the plan of the queue, what the subscription finds. Leaves:
 * what the status shows of it. It takes no delivery and settles none.
 */
import type { Connection } from "../amqp/connection";
import { Copies } from "../amqp/copies";
import { DeadLetters } from "../amqp/dead-letters";
import { withDeadline } from "../amqp/deadline";
import { type Aside, leaveQueue, type QueuePlan } from "../amqp/queue";
import { RetryQueue } from "../amqp/retry-queue";
import type { Finding } from "../amqp/subscription";
import type { ConsumerParts } from "./parts";

/** What became of a deleted node's queue: it is not to be left, is gone, holds so many events, or was out of reach. */
export type Leaving = "not-ours" | "left" | { readonly kept: number } | "unreachable";

export class ConsumerQueue {
  readonly deadLetters: DeadLetters;
  /** Only an own queue has one. */
  readonly retryQueue: RetryQueue | undefined;
  readonly #plan: QueuePlan;
  readonly #connection: Connection;
  readonly #aside: Aside;
  readonly #copies: Copies | undefined;
  readonly #changed: () => void;
  #finding: Finding = { otherReaders: 0, deadLetters: 0, differs: undefined };

  constructor({ settings, broker, host, memory }: ConsumerParts, connection: Connection) {
    const { queue } = settings;
    this.#plan = queue;
    this.#connection = connection;
    this.#changed = () => host.changed();
    this.#aside = (work) => connection.aside(work, "the queue's answer");
    if (queue.mode === "own") {
      this.#copies = new Copies(queue, () => broker.lease("publish"), this.#changed);
      this.retryQueue = new RetryQueue(queue, this.#aside, this.#copies, (id) => memory.disown(id));
    }
    this.deadLetters = new DeadLetters(queue, this.#aside, this.#copies);
  }

  get finding(): Finding {
    return this.#finding;
  }

  found(finding: Finding): void {
    this.#finding = finding;
    this.#changed();
  }

  /** One event more was given up; where an administrator's queue sends it, nobody tells. */
  gaveUp(): void {
    if (this.#plan.mode === "own") {
      this.#count(1);
    }
    this.#changed();
  }

  /** Somebody has sent so many given-up events back; the next look at the queue is some time off. */
  sentBack(count: number): void {
    this.#count(-count);
    this.#changed();
  }

  /** Nothing more is copied to its dead letters or its retry queue. */
  async close(limit: number): Promise<void> {
    await this.#copies?.close(limit);
  }

  /**
   * The node was deleted: its own queue goes with it, unless somebody reads it or something waits in it.
   * @param isOwed true while events of it are still to be settled
   */
  async leave(isOwed: boolean, limit: number): Promise<Leaving> {
    if (this.#plan.mode !== "own") {
      return "not-ours";
    }
    if (!this.#connection.isUp) {
      return "unreachable";
    }
    try {
      const leaving = leaveQueue(this.#aside, this.#plan, isOwed);
      const left = await withDeadline(leaving, limit, "leaving the queue");
      return left.kind === "kept" ? { kept: left.waiting } : "left";
    } catch {
      return "unreachable";
    }
  }

  #count(more: number): void {
    const deadLetters = Math.max(0, this.#finding.deadLetters + more);
    this.#finding = { ...this.#finding, deadLetters };
  }
}
