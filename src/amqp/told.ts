/**
 * What the broker was told last on one channel. AMQP confirms no acknowledgement: when a connection is lost,
 * the verdicts of the last moment may not have arrived, and those deliveries come again. The broker never has
 * more deliveries unsettled than the prefetch, so no more than the last so many verdicts can be missing.
 * Enters: settled deliveries. Leaves: the last of them, for whoever must know the messages again.
 */
import type { Delivery } from "./delivery";
import type { Verdict } from "./settlements";

/** A verdict that may not have arrived, and what the message is known by. */
export interface Told {
  readonly fingerprint: string;
  readonly verdict: Verdict | undefined;
}

/** Bodies kept for fingerprints that are rarely needed, in bytes for a whole channel. */
const MOST_BYTES = 8 * 1024 * 1024;

export class LastTold {
  readonly #limit: number;
  /** The fingerprint of a larger body is made at once, so that it need not be kept. */
  readonly #largest: number;
  #ring: Told[] = [];
  #next = 0;

  /** @param prefetch how many deliveries may be unsettled at once */
  constructor(prefetch: number) {
    this.#limit = prefetch;
    this.#largest = MOST_BYTES / prefetch;
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
