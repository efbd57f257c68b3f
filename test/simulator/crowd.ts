/**
 * Everybody else on the platform. All tenants and all users share one exchange per event, so whoever listens
 * sees orders made in the web UI, another project's traffic and the requests REGARDS makes to itself.
 */
import { randomUUID } from "node:crypto";
import type { Client } from "./client";
import type { Events } from "./happenings";
import { availableFiles, type OrderBook } from "./order-book";
import type { Orders } from "./orders";

/** Who the others are, and what they act on. */
export interface CrowdSurroundings {
  readonly client: Client;
  readonly events: Events;
  readonly book: OrderBook;
  readonly orders: Orders;
  readonly tenants: readonly string[];
  readonly user: string;
}

/** What REGARDS puts before the correlation id of an order that was not made over AMQP. */
export const FOREIGN_CORRELATION = "auto-correlation-id-";

/** The other users. */
export class Crowd {
  readonly #around: CrowdSurroundings;

  constructor(around: CrowdSurroundings) {
    this.#around = around;
    // They fetch their files in their browsers; else two orders would use up their slots for ever.
    around.events.on("subOrderReady", ({ tenant, orderId, correlationId }) => {
      if (!correlationId.startsWith(FOREIGN_CORRELATION)) return;
      const order = around.book.find(tenant, orderId);
      if (order !== undefined) around.orders.delivered(order, availableFiles(order), [], []);
    });
  }

  /** One order, one submission and one internal worker request in every tenant. */
  async act(): Promise<void> {
    const { client, tenants, user } = this.#around;
    for (const tenant of tenants) {
      await client.requestOrder({ tenant, user, correlationId: `${FOREIGN_CORRELATION}${randomUUID()}` });
      await client.submit({ tenant, owner: user });
      await client.requestWork({ tenant, owner: "rs-lta-manager", contentType: "lta-request" });
    }
  }
}
