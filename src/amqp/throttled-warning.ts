/** Says a repeated thing once, then counts it: an incident may concern ten thousand events. */

const PAUSE_MS = 60_000;

export class ThrottledWarning {
  readonly #say: (also: number) => void;
  #saidAt = Number.NEGATIVE_INFINITY;
  #unsaid = 0;

  /** @param say is told how many others there were since it last spoke */
  constructor(say: (also: number) => void) {
    this.#say = say;
  }

  /** It happened; returns whether it was said. */
  happened(now: number = Date.now()): boolean {
    if (now - this.#saidAt < PAUSE_MS) {
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
