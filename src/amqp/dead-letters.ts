/**
 * All there is to know about dead letters: what an own queue gives up goes to its dead-letter queue as a copy
 * that carries the reason, and the original is accepted once the broker has confirmed the copy. Where no copy
 * gets through, the broker is told to dead-letter the original itself, without our reason but as safely. What
 * becomes of an existing queue's events is its administrator's choice. Enters: a delivery and a reason.
 * Leaves: how the delivery is to be settled, never before the letter is safe.
 */
import { now } from "./clock";
import type { Copies } from "./copies";
import type { Delivery } from "./delivery";
import { faultOf } from "./fault";
import {
  type Aside,
  DEAD_LETTER_SUFFIX,
  deadLetterName,
  look,
  prepareDeadLetterQueue,
  type QueuePlan,
  TO_DEAD,
} from "./queue";

/** Headers we add to what is given up. */
const REASON_HEADER = "regards-flow.reason";
const NODE_HEADER = "regards-flow.node";
const ATTEMPTS_HEADER = "regards-flow.attempts";
const TIME_HEADER = "regards-flow.given-up-at";

/** Why a message is given up. */
export interface GivenUp {
  /** In words, for the person who reads the dead-letter queue. */
  readonly reason: string;
  /** The node that reported it. */
  readonly node: string;
  readonly attempts: number;
}

/** How to settle what is given up; `hold` where nothing is safe yet: ask again later. */
export type HowToSettle = "accept" | "reject" | "hold";

/** So long the dead-letter queue counts as being there. */
const TRUST_MS = 1_000;

/** So long the way by copies is not tried again after one did not get through. */
const DETOUR_MS = 10_000;

export class DeadLetters {
  readonly #queue: QueuePlan;
  readonly #aside: Aside;
  /** Only an own queue has them. */
  readonly #copies: Copies | undefined;
  #there: { readonly until: number; readonly known: Promise<boolean> } | undefined;
  #detourUntil = Number.NEGATIVE_INFINITY;
  #refusal: string | undefined;

  constructor(queue: QueuePlan, aside: Aside, copies: Copies | undefined) {
    this.#queue = queue;
    this.#aside = aside;
    this.#copies = copies;
  }

  /** Why no letter can be written just now, in words. */
  get trouble(): string | undefined {
    return this.#refusal ?? this.#copies?.trouble;
  }

  /**
   * Makes a letter of a delivery.
   * @param isOurs whether the broker's queue dead-letters as this node would have declared it
   */
  async give(delivery: Delivery, { reason, node, attempts }: GivenUp, isOurs: boolean): Promise<HowToSettle> {
    const queue = this.#queue;
    const copies = this.#copies;
    if (queue.mode !== "own" || copies === undefined) {
      return "reject";
    }
    const isThere = await this.#isThere();
    if (isThere && now() >= this.#detourUntil) {
      const headers = {
        [REASON_HEADER]: reason.slice(0, 1_000),
        [NODE_HEADER]: node.slice(0, 200),
        [ATTEMPTS_HEADER]: attempts,
        [TIME_HEADER]: new Date().toISOString(),
      };
      if (await copies.publish(TO_DEAD, delivery, headers)) {
        return "accept";
      }
      this.#detourUntil = now() + DETOUR_MS;
    }
    // A quorum queue keeps what it dead-letters until the dead-letter queue has it, a classic queue does not.
    return isOurs && (queue.type === "quorum" || isThere) ? "reject" : "hold";
  }

  /** RabbitMQ drops what is published towards a dead-letter queue that somebody has deleted: it is made again first. */
  #isThere(): Promise<boolean> {
    const queue = this.#queue;
    if (queue.mode === "own" && (this.#there === undefined || now() > this.#there.until)) {
      const known = prepareDeadLetterQueue(this.#aside, queue).then(
        () => {
          this.#refusal = undefined;
          return true;
        },
        (error) => {
          this.#refusal = faultOf(error).detail;
          // Without the right to declare it, it may still be there: it was made before the queue was read.
          return this.#isSeen(deadLetterName(queue.name));
        },
      );
      this.#there = { until: now() + TRUST_MS, known };
    }
    return this.#there?.known ?? Promise.resolve(false);
  }

  async #isSeen(queue: string): Promise<boolean> {
    try {
      return (await look(this.#aside, queue)) !== undefined;
    } catch {
      return false;
    }
  }
}

/**
 * True for what was given up before: it leaves a dead-letter queue, was sent back from one, or was moved by hand,
 * which goes by the default exchange. REGARDS' exchanges take whatever a publisher writes, so there the header is
 * an invention.
 */
export function isDeadLetter({ headers, exchange }: Pick<Delivery, "headers" | "exchange">): boolean {
  return headers[REASON_HEADER] !== undefined && (exchange === "" || exchange.endsWith(DEAD_LETTER_SUFFIX));
}

/** What a letter says of why and when it was given up; of what the broker has moved by itself, what the broker says. */
export function givenUpOf({ headers }: Pick<Delivery, "headers">): Partial<GivenUp> & {
  readonly time: string | undefined;
} {
  const reason = text(headers[REASON_HEADER]) ?? text(headers["x-first-death-reason"]);
  const node = text(headers[NODE_HEADER]);
  const attempts = headers[ATTEMPTS_HEADER];
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(node === undefined ? {} : { node }),
    ...(typeof attempts === "number" ? { attempts } : {}),
    time: text(headers[TIME_HEADER]),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
