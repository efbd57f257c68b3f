/**
 * Counts how often an event was tried. A quorum queue counts by itself and remembers across a restart of
 * Node-RED, but counts lost connections too; so what this process knows of an event goes first. A classic
 * queue counts nothing: there the count is this process's own.
 */
import { createHash } from "node:crypto";
import type { Delivery } from "../amqp/delivery";

/** More unfinished business than this is forgotten, oldest first. */
const LIMIT = 10_000;

export class Attempts {
  readonly #failed = new Map<string, number>();

  /** Which attempt this delivery is, from 1. */
  of(delivery: Delivery): number {
    const counted = delivery.headers["x-delivery-count"];
    if (!delivery.redelivered && counted === undefined) {
      return 1;
    }
    const known = this.#failed.size === 0 ? undefined : this.#failed.get(fingerprint(delivery));
    return (known ?? (typeof counted === "number" ? counted : 0)) + 1;
  }

  /** So many attempts at this event failed; 0 when it only went back with its channel. */
  remember(delivery: Delivery, failed: number): void {
    const key = fingerprint(delivery);
    this.#failed.delete(key);
    this.#failed.set(key, failed);
    for (const oldest of this.#failed.keys()) {
      if (this.#failed.size <= LIMIT) {
        break;
      }
      this.#failed.delete(oldest);
    }
  }

  /** The event has ended. */
  forget(delivery: Delivery): void {
    if (this.#failed.size > 0) {
      this.#failed.delete(fingerprint(delivery));
    }
  }
}

/** REGARDS sets no message id, so an event is known by what it says and when it was said. */
function fingerprint({ content, properties }: Delivery): string {
  return createHash("sha1")
    .update(content)
    .update(`\0${String(properties.correlationId)}\0${String(properties.timestamp)}`)
    .digest("base64");
}
