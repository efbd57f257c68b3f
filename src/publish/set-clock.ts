/**
 * Notices that somebody has set the time of day: NTP on a machine that started without a clock, an administrator, a
 * machine that was suspended. Enters: the time of day, and the clock that nobody sets. Leaves: by how much.
 */
import type { Clock } from "../amqp/clock";

/** What is less is the two clocks' own difference, in milliseconds. */
const LEAST = 2_000;

export class SetClock {
  readonly #clock: Clock;
  readonly #today: () => number;
  #apart: number;

  /** @param today milliseconds since 1970 */
  constructor(clock: Clock, today: () => number) {
    this.#clock = clock;
    this.#today = today;
    this.#apart = today() - clock.now();
  }

  /** By how many milliseconds the time of day was set since the last call, backwards below 0; else 0. */
  shift(): number {
    const apart = this.#today() - this.#clock.now();
    const shift = apart - this.#apart;
    this.#apart = apart;
    return Math.abs(shift) < LEAST ? 0 : shift;
  }
}
