/**
 * What is being fetched: each order or product by one node at a time, each folder by one, and, of what was begun and
 * not brought to its end, the folder. Enters: somebody who wants to fetch. Leaves: their turn, with what is to be
 * known of earlier ones. It is shared by all download nodes of a process.
 */
import type { Outcome } from "./fetching";
import { Turns } from "./slots";

/** Beyond so many that always fail, the oldest are forgotten. */
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
   * @param name unique to the order or product, at its REGARDS
   * @param fetch gets the folder in which it was last begun and not brought to its end
   */
  async inTurn(
    name: string,
    folder: string,
    signal: AbortSignal,
    fetch: (before: string | undefined) => Promise<Outcome>,
  ): Promise<Outcome> {
    const turn = await this.#turns.take(name, signal);
    try {
      // Two orders of one number are two orders, and wait for each other's folder.
      const place = await this.#turns.take(JSON.stringify([folder]), signal);
      try {
        return await this.#begun(name, folder, fetch);
      } finally {
        place();
      }
    } finally {
      turn();
    }
  }

  async #begun(
    name: string,
    folder: string,
    fetch: (before: string | undefined) => Promise<Outcome>,
  ): Promise<Outcome> {
    const before = this.#begunIn.get(name);
    this.#begunIn.delete(name);
    this.#begunIn.set(name, folder);
    for (const oldest of this.#begunIn.keys()) {
      if (this.#begunIn.size <= this.#most) {
        break;
      }
      this.#begunIn.delete(oldest);
    }
    const outcome = await fetch(before);
    if (outcome.failed.length === 0) {
      this.#begunIn.delete(name);
    }
    return outcome;
  }
}
