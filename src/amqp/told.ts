/**
 * What the broker was told last on one channel. AMQP confirms no acknowledgement: when a connection is lost,
 * the verdicts of the last moment may not have arrived, and those deliveries come again. How many can be missing
 * depends on the queue. Enters: settled deliveries. Leaves: the last of them, for whoever must know the messages
 * again.
 */
import type { Delivery } from "./delivery";
import type { Verdict } from "./settlements";

/** A verdict that may not have arrived, and what the message is known by. */
export interface Told {
  readonly fingerprint: string;
  readonly verdict: Verdict | undefined;
}

/**
 * A classic queue writes to disk in batches what was acknowledged: when its broker is killed, the last batch is
 * forgotten, and those messages come again. The batch has at most 32 768 entries, two for each message.
 */
const CLASSIC_BATCH = 16_384;

/** From so many on fingerprints are kept rather than messages, which would hold the memory of all their parts. */
const MOST_MESSAGES = 2_000;

/** How many of the last verdicts on a queue can be missing after a loss. */
export function mostMissing(prefetch: number, isQuorum: boolean): number {
  // A quorum queue hands out no more than the prefetch before it has the verdicts safe.
  return isQuorum ? prefetch : Math.max(prefetch, CLASSIC_BATCH);
}

/** Bodies kept for fingerprints that are rarely needed, in bytes for a whole channel. */
const MOST_BYTES = 8 * 1024 * 1024;

export class LastTold {
  readonly #limit: number;
  /** The fingerprint of a larger body is made at once, so that it need not be kept. */
  readonly #largest: number;
  #ring: Told[] = [];
  #next = 0;

  /** @param limit how many are kept */
  constructor(limit: number) {
    this.#limit = limit;
    this.#largest = limit > MOST_MESSAGES ? -1 : MOST_BYTES / limit;
  }

  /** The broker was told how this delivery ends. */
  add(delivery: Delivery): void {
    const { verdict } = delivery;
    const isLarge = delivery.content.length > this.#largest;
    this.#ring[this.#next] = isLarge ? { fingerprint: delivery.fingerprint, verdict } : delivery;
    this.#next = (this.#next + 1) % this.#limit;
  }

  /** The last of them, in no particular order; they are not told again. */
  take(): readonly Told[] {
    const taken = this.#ring;
    this.#ring = [];
    this.#next = 0;
    return taken;
  }
}
