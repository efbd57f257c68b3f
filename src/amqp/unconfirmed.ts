/**
 * The messages of one exchange that have no verdict yet, in the order they were published in: those that wait to be
 * sent, and those that were sent and wait for a confirm. Enters: messages, and what became of them. Leaves: one
 * verdict a message, through its `conclude`. It knows no channel and no clock.
 */
import type { PublishResult } from "./outgoing";
import { closedBefore, type Entry, late, uncertain, type Waiting } from "./waiting-message";

export class Unconfirmed {
  /** Both in order; a set forgets one in the middle as fast as the first. */
  #unsent = new Set<Entry>();
  #sent = new Map<string, Entry>();
  /** Those with a limit of their own. */
  readonly #limited = new Set<Entry>();

  /** What waits to be sent, the oldest first; `sent` and `conclude` may be called meanwhile. */
  get unsent(): Iterable<Entry> {
    return this.#unsent;
  }

  get hasUnsent(): boolean {
    return this.#unsent.size > 0;
  }

  get hasSent(): boolean {
    return this.#sent.size > 0;
  }

  add(waiting: Waiting): void {
    const entry: Entry = { ...waiting, sentAt: undefined, wasSent: false, returned: undefined };
    this.#unsent.add(entry);
    if (entry.message.giveUpAfter !== undefined) {
      this.#limited.add(entry);
    }
  }

  sent(entry: Entry, now: number): void {
    entry.sentAt = now;
    entry.wasSent = true;
    entry.returned = undefined;
    this.#unsent.delete(entry);
    this.#sent.set(entry.messageId, entry);
  }

  /** The one that was sent under this id and waits for its confirm. */
  awaiting(messageId: string): Entry | undefined {
    return this.#sent.get(messageId);
  }

  /** The wait for every confirm begins again. */
  waitAnew(now: number): void {
    for (const entry of this.#sent.values()) {
      entry.sentAt = now;
    }
  }

  /**
   * The channel is lost: what was sent and not confirmed must be sent again, in the old order, unless it must not be
   * repeated.
   * @param isRefusal the broker has closed a channel on which it had confirmed nothing over what was on it: a message
   *   alone on it was not taken
   */
  takeBack(isRefusal: boolean): void {
    const sent = [...this.#sent.values()];
    const isRefused = isRefusal && sent.length === 1;
    const again: Entry[] = [];
    for (const entry of sent) {
      if (entry.message.repeat === "never" && !isRefused) {
        this.conclude(entry, uncertain("the connection was lost"));
      } else {
        entry.sentAt = undefined;
        entry.wasSent &&= !isRefused;
        again.push(entry);
      }
    }
    if (sent.length > 0) {
      this.#sent = new Map();
      this.#unsent = new Set([...again, ...this.#unsent]);
    }
  }

  /** Concludes what has passed a limit of its own. */
  giveUpLimited(now: number, why: string): void {
    for (const entry of this.#limited) {
      const { giveUpAfter = Number.POSITIVE_INFINITY } = entry.message;
      if (entry.since + giveUpAfter <= now) {
        this.conclude(entry, late(entry, giveUpAfter, why));
      }
    }
  }

  /** Concludes what the broker should have confirmed by now. */
  giveUpSent(now: number, limit: number, why: string): void {
    for (const entry of this.#sent.values()) {
      if ((entry.sentAt ?? now) + limit > now) {
        return;
      }
      this.conclude(entry, late(entry, limit, why));
    }
  }

  /** Nothing will be sent any more. */
  close(): void {
    for (const entry of [...this.#sent.values(), ...this.#unsent]) {
      this.conclude(entry, closedBefore(entry));
    }
  }

  conclude(entry: Entry, result: PublishResult): void {
    this.#unsent.delete(entry);
    this.#sent.delete(entry.messageId);
    this.#limited.delete(entry);
    entry.conclude(result);
  }
}
