/**
 * What is being fetched: each order or product by one node at a time, each folder by one, and, of what was begun and
 * not brought to its end, the folder. Enters: somebody who wants to fetch. Leaves: their turn, with what is to be
 * known of earlier ones. It is shared by all download nodes of a process.
 */
import type { Outcome } from "./fetching";
import { Turns } from "./slots";

/** Of more than so many that do not come to their end, the oldest are forgotten. */
const MOST = 10_000;

export class OrdersUnderWay {
  readonly #turns = new Turns();
  readonly #begunIn = new Map<string, string>();
  readonly #most: number;

  constructor(most = MOST) {
    this.#most = most;
  }

  /**
   * Has it fetched when nobody else fetches the same, or anything into the same folder.
   * @param key tells the order or product from every other, at whichever REGARDS
   * @param work gets the folder in which it was last begun and not brought to its end
   */
  async inTurn(
    key: string,
    folder: string,
    signal: AbortSignal,
    work: (before: string | undefined) => Promise<Outcome>,
  ): Promise<Outcome> {
    const turn = await this.#turns.take(key, signal);
    try {
      // Two orders of one number are two orders, and wait for each other's folder.
      const place = await this.#turns.take(JSON.stringify([folder]), signal);
      try {
        return await this.#begun(key, folder, work);
      } finally {
        place();
      }
    } finally {
      turn();
    }
  }

  async #begun(
    key: string,
    folder: string,
    work: (before: string | undefined) => Promise<Outcome>,
  ): Promise<Outcome> {
    const before = this.#begunIn.get(key);
    this.#begunIn.delete(key);
    this.#begunIn.set(key, folder);
    for (const oldest of this.#begunIn.keys()) {
      if (this.#begunIn.size <= this.#most) {
        break;
      }
      this.#begunIn.delete(oldest);
    }
    const outcome = await work(before);
    if (outcome.failed.length === 0) {
      this.#begunIn.delete(key);
    }
    return outcome;
  }
}
