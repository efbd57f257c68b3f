/**
 * Remembers messages that were published in part, so that a second try of the same message does not publish
 * that part again. Enters: requests and how they ended, by the id of their message. It forgets the oldest.
 */
import type { Request } from "./request";

/** So many are remembered. */
const MOST = 1_000;

export class EarlierTries {
  readonly #begun = new Map<string, Request>();

  /** Lets a request go on where an earlier one of the same message ended. */
  resume(messageId: string, request: Request): void {
    const earlier = this.#begun.get(messageId);
    if (earlier !== undefined) {
      request.continueFrom(earlier);
    }
  }

  /** A request has its verdict. */
  ended(messageId: string, request: Request, isPublished: boolean): void {
    this.#begun.delete(messageId);
    if (isPublished || !request.isBegun) {
      return;
    }
    this.#begun.set(messageId, request);
    const [oldest] = this.#begun.keys();
    if (this.#begun.size > MOST && oldest !== undefined) {
      this.#begun.delete(oldest);
    }
  }
}
