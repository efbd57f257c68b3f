/** The orders the bench publishes, for our node and for the raw client alike. */
import { randomUUID } from "node:crypto";
import type { Options } from "amqplib";
import { TENANT } from "./acknowledgements";

/** The user of all of them. */
export const USER = "bench@regards.test";
export const ORDER_EXCHANGE =
  "regards.broadcast.fr.cnes.regards.modules.order.amqp.input.OrderRequestDtoEvent";

/** The product of an order; each number has its own. */
export function productOf(number: number): string {
  return `PRODUCT_${number.toString().padStart(8, "0")}`;
}

/** The body of an order, of the size of our node's, and its properties but the message id. */
export function order(number: number): { readonly content: Buffer; readonly properties: Options.Publish } {
  const correlationId = `nodered-broker-20260101T000000Z-${randomUUID().slice(-12)}`;
  const queries = [`providerId:("${productOf(number)}") AND last:true`];
  return {
    content: Buffer.from(JSON.stringify({ queries, correlationId, user: USER })),
    properties: {
      persistent: true,
      mandatory: true,
      contentType: "application/json",
      contentEncoding: "UTF-8",
      priority: 1,
      appId: "node-red",
      correlationId,
      headers: { "regards.tenant": TENANT },
    },
  };
}
