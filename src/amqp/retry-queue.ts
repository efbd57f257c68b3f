/**
 * Where an event of an own queue waits for its next attempt: in a queue beside it that gives every message back
 * after its time. So nothing of it depends on Node-RED: the wait survives restarts, other events go on
 * meanwhile, and the copy counts its attempts exactly, on classic queues too. Enters: a delivery and a delay.
 * Leaves: whether the broker has it for sure; the original may then be accepted.
 */
import { randomUUID } from "node:crypto";
import { type Copies, ownHeader } from "./copies";
import { isDeadLetter } from "./dead-letters";
import type { Delivery } from "./delivery";
import { type Aside, type OwnQueue, prepareRetryQueue, TO_QUEUE, TO_RETRY } from "./queue";

const ATTEMPTS_HEADER = "regards-flow.attempts";
const DEATHS_HEADER = "regards-flow.deaths";
const REDELIVERED_HEADER = "regards-flow.redelivered";

/** What a message of an own queue has been through, by its own account. */
export interface History {
  /** Attempts that failed. */
  readonly attempts: number;
  /** How often the process ended without a word while it had the message. */
  readonly deaths: number;
  /** True where an earlier process or another reader may have had it, though this copy is new. */
  readonly redelivered: boolean;
}

/** What a message has been through that says nothing of itself. */
export const NO_HISTORY: History = { attempts: 0, deaths: 0, redelivered: false };

export class RetryQueue {
  readonly #queue: OwnQueue;
  readonly #aside: Aside;
  readonly #copies: Copies;
  readonly #unconfirmed: (messageId: string) => void;
  #prepared: Promise<void> | undefined;

  /** @param unconfirmed is told the id of a copy that may still come, though the original is kept in its stead */
  constructor(queue: OwnQueue, aside: Aside, copies: Copies, unconfirmed: (messageId: string) => void) {
    this.#queue = queue;
    this.#aside = aside;
    this.#copies = copies;
    this.#unconfirmed = unconfirmed;
  }

  /** Has it come again after `delay` milliseconds; false where the broker has not confirmed that. */
  async postpone(delivery: Delivery, history: History, delay: number): Promise<boolean> {
    try {
      this.#prepared ??= prepareRetryQueue(this.#aside, this.#queue);
      await this.#prepared;
    } catch {
      this.#prepared = undefined;
      return false;
    }
    const isConfirmed = await this.#publish(TO_RETRY, delivery, history, delay);
    if (!isConfirmed) {
      // Somebody may have deleted it.
      this.#prepared = undefined;
    }
    return isConfirmed;
  }

  /** Has it come again at once, at the end of the queue. */
  again(delivery: Delivery, history: History): Promise<boolean> {
    return this.#publish(TO_QUEUE, delivery, history);
  }

  async #publish(key: string, delivery: Delivery, history: History, expiration?: number): Promise<boolean> {
    const messageId = randomUUID();
    const options = expiration === undefined ? { messageId } : { messageId, expiration };
    const isConfirmed = await this.#copies.publish(key, delivery, headers(history), options);
    if (!isConfirmed) {
      this.#unconfirmed(messageId);
    }
    return isConfirmed;
  }

  /** What the message says it has been through; what was sent back from the dead-letter queue begins anew. */
  history(delivery: Delivery): History {
    if (isDeadLetter(delivery)) {
      return NO_HISTORY;
    }
    const attempts = ownHeader(delivery, this.#queue, ATTEMPTS_HEADER);
    const deaths = ownHeader(delivery, this.#queue, DEATHS_HEADER);
    return {
      attempts: typeof attempts === "number" ? attempts : 0,
      deaths: typeof deaths === "number" ? deaths : 0,
      redelivered: ownHeader(delivery, this.#queue, REDELIVERED_HEADER) === true,
    };
  }
}

function headers({ attempts, deaths, redelivered }: History): Record<string, unknown> {
  return { [ATTEMPTS_HEADER]: attempts, [DEATHS_HEADER]: deaths, [REDELIVERED_HEADER]: redelivered };
}
