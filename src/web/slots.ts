/**
 * How much may go on at a time. Enters: somebody who wants to begin. Leaves: their turn, and how to give it back;
 * whoever is aborted while waiting leaves the queue.
 */

/** So many at a time. */
export class Slots {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Resolves, in order, when there is room. */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#taken >= this.#most) {
      await this.#wait(signal);
    } else {
      this.#taken += 1;
    }
    let isBack = false;
    return () => {
      if (!isBack) {
        isBack = true;
        this.#leave();
      }
    };
  }

  /** Whose turn it is takes over the slot as it is. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#taken -= 1;
    } else {
      next();
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        signal.removeEventListener("abort", abort);
        resolve();
      };
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(begin), 1);
        reject(signal.reason);
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#waiting.push(begin);
    });
  }
}

/** One at a time for each key; who comes second waits. */
export class Turns {
  readonly #slots = new Map<string, { readonly slot: Slots; users: number }>();

  async take(key: string, signal: AbortSignal): Promise<() => void> {
    const known = this.#slots.get(key) ?? { slot: new Slots(1), users: 0 };
    this.#slots.set(key, known);
    known.users += 1;
    const forget = (): void => {
      known.users -= 1;
      if (known.users === 0) {
        this.#slots.delete(key);
      }
    };
    try {
      const giveBack = await known.slot.take(signal);
      return () => {
        giveBack();
        forget();
      };
    } catch (error) {
      forget();
      throw error;
    }
  }
}
