/**
 * What one message asks REGARDS for, and how far it has come. It outlives the node that took it: the next one
 * goes on where this one was stopped. Enters: what was asked, as a flow gave it; verdicts. Leaves: what is still
 * to be published, under which message id.
 */
import { randomUUID } from "node:crypto";
import type { Asked } from "../regards/publication";
import type { RequestKind } from "../regards/requests";
import type { AskedRequests } from "./asked-requests";

export class Request {
  readonly kind: RequestKind;
  readonly asked: Asked;
  /** The outbox has taken it once: it has a right to be taken again. */
  wasTaken = false;
  /** The memory that has it: another broker node has another one. */
  rememberedBy: Pick<AskedRequests, "forget"> | undefined;
  readonly #ids = new Map<string, string>();
  readonly #confirmed = new Map<string, string>();

  constructor(kind: RequestKind, asked: Asked) {
    this.kind = kind;
    this.asked = asked;
  }

  /** The message id of one publication, the same at every attempt. */
  idOf(key: string): string {
    const id = this.#ids.get(key) ?? randomUUID();
    this.#ids.set(key, id);
    return id;
  }

  /** The broker has it. */
  confirm(key: string, messageId: string): void {
    this.#confirmed.set(key, messageId);
  }

  /** The message id under which the broker has it; undefined when it has not. */
  confirmedAs(key: string): string | undefined {
    return this.#confirmed.get(key);
  }

  /** True when the broker has a part of it. */
  get isBegun(): boolean {
    return this.#confirmed.size > 0;
  }

  /** Takes over what an earlier try of the same message has reached. */
  continueFrom(earlier: Request): void {
    if (this.kind.isSame?.(this.asked, earlier.asked)) {
      for (const [key, messageId] of earlier.#confirmed) {
        this.#confirmed.set(key, messageId);
      }
    }
  }

  /** The keys in it that the broker has not confirmed. */
  get unconfirmed(): string[] {
    try {
      return this.kind.keysOf(this.asked).filter((key) => !this.#confirmed.has(key));
    } catch {
      return [];
    }
  }
}
