/** Says a repeated thing once, then counts it: an incident may concern ten thousand events. */
import { now as clock } from "./clock";

const PAUSE_MS = 60_000;

export class ThrottledWarning {
  readonly #say: (also: number) => void;
  readonly #pause: number;
  #saidAt = Number.NEGATIVE_INFINITY;
  #unsaid = 0;

  /**
   * @param say is told how many others there were since it last spoke
   * @param pause how long it then keeps silent, in milliseconds
   */
  constructor(say: (also: number) => void, pause: number = PAUSE_MS) {
    this.#say = say;
    this.#pause = pause;
  }

  /** It happened; returns whether it was said. */
  happened(now: number = clock()): boolean {
    if (now - this.#saidAt < this.#pause) {
      this.#unsaid += 1;
      return false;
    }
    const also = this.#unsaid;
    this.#saidAt = now;
    this.#unsaid = 0;
    this.#say(also);
    return true;
  }
}
