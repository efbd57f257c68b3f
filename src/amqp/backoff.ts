/** How long to wait before the next attempt: full jitter, so that many clients do not return in step. */

/** Limits of the wait, in milliseconds. */
export interface BackoffLimits {
  readonly first: number;
  readonly longest: number;
}

/** Never hotter than this, whatever the dice say. */
const SHORTEST = 100;

/** Doubles its ceiling with every failure until the longest wait; starts again after `reset()`. */
export class Backoff {
  readonly #limits: BackoffLimits;
  readonly #random: () => number;
  #failures = 0;

  constructor(limits: BackoffLimits, random: () => number = Math.random) {
    this.#limits = limits;
    this.#random = random;
  }

  /** The wait before the next attempt, in milliseconds. */
  next(): number {
    const ceiling = Math.min(this.#limits.longest, this.#limits.first * 2 ** Math.min(this.#failures, 20));
    this.#failures += 1;
    return Math.max(SHORTEST, Math.round(this.#random() * ceiling));
  }

  reset(): void {
    this.#failures = 0;
  }
}
