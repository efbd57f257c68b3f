/** The order events the bench publishes: bodies and properties as rs-order of REGARDS 2.0 writes them. */
import type { Options } from "amqplib";

/** Java class and exchange of an order event. */
export const EVENT_CLASS = "fr.cnes.regards.modules.order.amqp.output.OrderResponseDtoEvent";
export const ORDERS = `regards.broadcast.${EVENT_CLASS}`;

const LINK = "https://regards.example/api/v1/rs-order/user/orders/12/download";
const MESSAGE = "A sub-order of user bench@example is finished and ready to download.";

/** One event's body; `bytes` pads its message, `message` replaces it. */
export function orderBody(number: number, { bytes = 0, message = MESSAGE } = {}): Buffer {
  const body = (words: string): Buffer =>
    Buffer.from(
      JSON.stringify({
        status: "SUBORDER_DONE",
        orderId: number,
        correlationId: `bench-${number}`,
        message: words,
        downloadLink: LINK,
        totalSubOrders: 3,
        subOrderId: 1,
      }),
    );
  const plain = body(message);
  return plain.length >= bytes ? plain : body(message.padEnd(message.length + bytes - plain.length, "."));
}

/** One event's properties and headers. */
export function orderProperties(number: number, tenant: string): Options.Publish {
  return {
    persistent: true,
    priority: 1,
    contentType: "application/json",
    contentEncoding: "UTF-8",
    appId: "REGARDS",
    correlationId: `bench-${number}`,
    timestamp: 1_760_000_000,
    headers: { "regards.tenant": tenant, "regards.type": EVENT_CLASS, "regards.converter": "GSON" },
  };
}

/** The name of the nth tenant. */
export function tenantName(number: number): string {
  return `project${number}`;
}
