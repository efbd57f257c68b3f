/**
 * What one message asks to acknowledge, and how far it has come. It outlives the node that took it: the next
 * one goes on where this one was stopped. Enters: a subject and a label, as a flow gave them; verdicts.
 * Leaves: what is still to be published, under which message id.
 */
import { randomUUID } from "node:crypto";
import { urnsIn } from "../regards/acknowledgement";

export class AckRequest {
  readonly subject: unknown;
  readonly recipientLabel: unknown;
  /** The outbox has taken it once: it has a right to be taken again. */
  wasTaken = false;
  readonly #ids = new Map<string, string>();
  readonly #confirmed = new Map<string, string>();

  constructor(subject: unknown, recipientLabel: unknown) {
    this.subject = subject;
    this.recipientLabel = recipientLabel;
  }

  /** The message id of one URN's acknowledgement, the same at every attempt. */
  idOf(urn: string): string {
    const id = this.#ids.get(urn) ?? randomUUID();
    this.#ids.set(urn, id);
    return id;
  }

  /** The broker has it. */
  confirm(urn: string, messageId: string): void {
    this.#confirmed.set(urn, messageId);
  }

  /** The message id under which the broker has it; undefined when it has not. */
  confirmedAs(urn: string): string | undefined {
    return this.#confirmed.get(urn);
  }

  /** True when the broker has a part of it. */
  get isBegun(): boolean {
    return this.#confirmed.size > 0;
  }

  /** Takes over what an earlier try of the same message has reached. */
  continueFrom(earlier: AckRequest): void {
    if (earlier.recipientLabel === this.recipientLabel) {
      for (const [urn, messageId] of earlier.#confirmed) {
        this.#confirmed.set(urn, messageId);
      }
    }
  }

  /** The URNs in it that the broker has not confirmed. */
  get unconfirmed(): string[] {
    try {
      return urnsIn(this.subject).filter((urn) => !this.#confirmed.has(urn));
    } catch {
      return [];
    }
  }
}
