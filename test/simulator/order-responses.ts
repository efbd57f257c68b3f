/**
 * The bodies rs-order publishes about an order, each with exactly the fields its producer sets (REGARDS
 * 2.0).
 */
import { errorCount, type Order, type SubOrder } from "./order-book";

/** GRANTED carries no message. */
export function granted({ orderId, correlationId }: Order) {
  return { status: "GRANTED", orderId, correlationId };
}

/** SUBORDER_DONE, with errors when a file of this sub-order could not be had. */
export function subOrderDone(order: Order, subOrder: SubOrder, downloadLink: string) {
  const errors = errorCount(subOrder.files);
  const end = errors > 0 ? "finished with some warnings" : "finished and ready to download";
  return {
    status: "SUBORDER_DONE",
    orderId: order.orderId,
    correlationId: order.correlationId,
    message: `A sub-order of user ${order.user} is ${end}.`,
    downloadLink,
    ...(errors > 0 ? { errorType: "INTERNAL_ERROR", errors } : {}),
    totalSubOrders: order.subOrders.length,
    subOrderId: subOrder.id,
  };
}

/** DONE, or one of the FAILED shapes: with a link unless nothing could be retrieved. */
export function orderEnd(order: Order, link: string) {
  const errors = errorCount(order.subOrders.flatMap(({ files }) => files));
  return {
    status: order.status === "DONE" ? "DONE" : "FAILED",
    orderId: order.orderId,
    correlationId: order.correlationId,
    message: `Order of user ${order.user} is ${ENDS[order.status]}`,
    ...(order.status === "FAILED" ? {} : { downloadLink: link }),
    ...(order.status === "DONE" ? {} : { errorType: "INTERNAL_ERROR" }),
    ...(errors > 0 ? { errors } : {}),
    totalSubOrders: order.subOrders.length,
  };
}

const ENDS: Readonly<Record<Order["status"], string>> = {
  RUNNING: "running",
  DELETED: "deleted",
  DONE: "finished",
  DONE_WITH_WARNING: "finished with some warnings.",
  FAILED: "finished with errors. One or many files could not be retrieved.",
};
