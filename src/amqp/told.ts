/**
 * What the broker was told last on one channel. AMQP confirms no acknowledgement: when a connection is lost,
 * the verdicts of the last moment may not have arrived, and those deliveries come again. How many can be missing
 * depends on the queue. Enters: settled deliveries. Leaves: the last of them, for whoever must know the messages
 * again.
 */
import { type Delivery, FINGERPRINT_LENGTH } from "./delivery";
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

/** From so many on only fingerprints are kept: messages would hold the memory of all their parts. */
const MOST_MESSAGES = 2_000;

/** How many of the last verdicts on a queue can be missing after a loss. */
export function mostMissing(prefetch: number, isQuorum: boolean): number {
  // A quorum queue hands out no more than the prefetch before it has the verdicts safe.
  return isQuorum ? prefetch : Math.max(prefetch, CLASSIC_BATCH);
}

/** The last verdicts on a channel, as many of them as can be missing. */
export interface LastTold {
  /** The broker was told how this delivery ends. */
  add(delivery: Delivery): void;
  /** The last of them, in no particular order; they are not told again. */
  take(): readonly Told[];
}

/** @param limit how many are kept */
export function lastTold(limit: number): LastTold {
  return limit > MOST_MESSAGES ? new ToldFingerprints(limit) : new ToldDeliveries(limit);
}

/** Bodies kept for fingerprints that are rarely needed, in bytes for a whole channel. */
const MOST_BYTES = 8 * 1024 * 1024;

/** A few: their fingerprints need not be made as long as nothing is lost. */
class ToldDeliveries implements LastTold {
  readonly #limit: number;
  /** The fingerprint of a larger body is made at once, so that it need not be kept. */
  readonly #largest: number;
  #ring: Told[] = [];
  #next = 0;

  constructor(limit: number) {
    this.#limit = limit;
    this.#largest = MOST_BYTES / limit;
  }

  add(delivery: Delivery): void {
    const { verdict } = delivery;
    const isLarge = delivery.content.length > this.#largest;
    this.#ring[this.#next] = isLarge ? { fingerprint: delivery.fingerprint, verdict } : delivery;
    this.#next = (this.#next + 1) % this.#limit;
  }

  take(): readonly Told[] {
    const taken = this.#ring;
    this.#ring = [];
    this.#next = 0;
    return taken;
  }
}

/**
 * Many, side by side in one piece of memory. Kept as objects they would live just long enough for the garbage
 * collector to take them for old, and a long backlog would cost hundreds of megabytes until it looks at those.
 */
class ToldFingerprints implements LastTold {
  readonly #limit: number;
  #bytes: Buffer | undefined;
  #verdicts: (Verdict | undefined)[] = [];
  #next = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add({ fingerprint, verdict }: Delivery): void {
    this.#bytes ??= Buffer.alloc(this.#limit * FINGERPRINT_LENGTH);
    this.#bytes.write(fingerprint, this.#next * FINGERPRINT_LENGTH, "latin1");
    this.#verdicts[this.#next] = verdict;
    this.#next = (this.#next + 1) % this.#limit;
  }

  take(): readonly Told[] {
    const taken = this.#verdicts.map((verdict, index) => {
      const start = index * FINGERPRINT_LENGTH;
      const fingerprint = this.#bytes?.toString("latin1", start, start + FINGERPRINT_LENGTH) ?? "";
      return { fingerprint, verdict };
    });
    this.#verdicts = [];
    this.#next = 0;
    return taken;
  }
}
