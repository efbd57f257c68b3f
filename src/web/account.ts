/**
 * One login for everybody who uses a REGARDS' web side: asked for once, however many wait for it, renewed before it
 * ends, and once more when it ends early. Enters: how to log in. Leaves: a token, for the `Authorization` of a
 * request and for nothing else.
 */
import type { WebTrouble } from "./troubles";

/** What a login has given. */
export interface Login {
  readonly token: string;
  /** So many milliseconds it lasts. */
  readonly lifetime: number;
}

interface Held {
  readonly token: string;
  /** From here on another one is asked for. */
  readonly until: number;
  /** Something has been answered with it: when it is refused now, it has ended. */
  hasWorked: boolean;
}

/** When a tenth is left of it, another one is asked for. */
const RENEWED_AT = 0.9;
/** A refused login is not tried again before: accounts are locked for less. */
const REFUSED_FOR_MS = 30_000;
/** What is not allowed (403) is mostly that, and rarely a token that has ended: not a login for each of them. */
const FORBIDDEN_EVERY_MS = 300_000;

export class Account {
  readonly #login: () => Promise<Login>;
  readonly #now: () => number;
  #held: Held | undefined;
  #asking: Promise<Held> | undefined;
  #refused: { readonly error: unknown; readonly until: number } | undefined;
  #forbiddenAt = Number.NEGATIVE_INFINITY;

  /** @param now a clock nobody sets, in milliseconds */
  constructor(login: () => Promise<Login>, now: () => number) {
    this.#login = login;
    this.#now = now;
  }

  /** A token that is good for a while. */
  async token(): Promise<string> {
    if (this.#held !== undefined && this.#now() < this.#held.until) {
      return this.#held.token;
    }
    return (await this.#ask()).token;
  }

  /** A request was answered as it should be. */
  worked(token: string): void {
    if (this.#held?.token === token) {
      this.#held.hasWorked = true;
    }
  }

  /**
   * This token was refused. A new one, if that may help: somebody else may have got one meanwhile, or it worked
   * before. Undefined where another login would be refused just so.
   */
  async renew(token: string, status: 401 | 403): Promise<string | undefined> {
    if (this.#held !== undefined && this.#held.token !== token) {
      return this.#held.token;
    }
    if (this.#asking === undefined) {
      if (status === 403 && this.#now() < this.#forbiddenAt + FORBIDDEN_EVERY_MS) {
        return undefined;
      }
      if (status === 401 && this.#held?.hasWorked === false) {
        return undefined;
      }
      this.#forbiddenAt = status === 403 ? this.#now() : this.#forbiddenAt;
      this.#held = undefined;
    }
    return (await this.#ask()).token;
  }

  /** Several who need a login wait for the same one. */
  #ask(): Promise<Held> {
    if (this.#refused !== undefined && this.#now() < this.#refused.until) {
      return Promise.reject(this.#refused.error);
    }
    this.#asking ??= this.#login()
      .then(
        ({ token, lifetime }) => {
          const held = { token, until: this.#now() + lifetime * RENEWED_AT, hasWorked: false };
          this.#held = held;
          this.#refused = undefined;
          return held;
        },
        (error: WebTrouble) => {
          if (error.rule === "fail") {
            this.#refused = { error, until: this.#now() + REFUSED_FOR_MS };
          }
          throw error;
        },
      )
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }
}
