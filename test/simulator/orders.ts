/** rs-order: takes order requests, prepares sub-orders slot by slot, and tells what became of them. */
import type { Events, OrderSeen } from "./happenings";
import { Dropped, type Incoming, text } from "./intake";
import {
  endStatus,
  errorCount,
  fetchFiles,
  isPrepared,
  markDelivered,
  type Order,
  type OrderBook,
  type OrderFile,
  type SubOrder,
} from "./order-book";
import { type Accepted, judge, type Refusal } from "./order-request";
import { granted, orderEnd, subOrderDone } from "./order-responses";
import type { Publisher } from "./publisher";
import type { Work } from "./work";

/** What rs-order needs around it. */
export interface OrderSurroundings {
  readonly book: OrderBook;
  readonly publisher: Publisher;
  readonly events: Events;
  readonly work: Work;
  readonly users: readonly string[];
  /** The project's `host` as its administrator typed it. */
  readonly host: () => string;
}

/** Every third order is granted after its first sub-order, as two unordered transactions do now and then. */
const LATE_GRANT_EVERY = 3;

/** The order service. */
export class Orders {
  readonly #around: OrderSurroundings;
  #accepted = 0;

  constructor(around: OrderSurroundings) {
    this.#around = around;
  }

  /** Handles an order request; throws `Dropped` where REGARDS stays silent. */
  request({ tenant, body }: Incoming): void {
    const verdict = judge(body, this.#around.users);
    this.#around.work.run(async () => {
      await this.#around.work.step();
      if ("selection" in verdict) await this.#begin(tenant, verdict);
      else await this.#refuse(tenant, verdict);
    });
  }

  /** Handles a cancellation, which REGARDS never answers; throws `Dropped` where it does not look for an order. */
  cancel({ tenant, body }: Incoming): void {
    const correlationId = text(body.correlationId);
    if (correlationId === undefined || correlationId.length > 255)
      throw new Dropped("invalid", "correlationId");
    if (!Number.isInteger(Number(body.orderId ?? undefined))) throw new Dropped("invalid", "orderId");
    const order = this.#around.book.find(tenant, Number(body.orderId));
    if (order === undefined) return;
    order.status = "DELETED";
    for (const subOrder of order.subOrders) subOrder.state = "ENDED";
    this.#fillSlots(order);
  }

  /** Records what a download delivered (maybe nothing) and lets the owner's next sub-orders start. */
  delivered(
    order: Order,
    files: readonly OrderFile[],
    lost: readonly OrderFile[],
    notices: readonly string[],
  ): void {
    markDelivered(order, files, lost);
    const names = files.map(({ name }) => name);
    if (files.length + lost.length === 0) this.#around.events.emit("nothingLeft", { ...seen(order) });
    else this.#around.events.emit("downloaded", { ...seen(order), files: names, notices });
    this.#fillSlots(order);
  }

  async #begin(tenant: string, { user, correlationId, selection, isStuck }: Accepted): Promise<void> {
    const order = this.#around.book.enter({ tenant, user, correlationId }, selection);
    this.#accepted += 1;
    order.grantOwed = true;
    if (isStuck) {
      await this.#grant(order);
      return;
    }
    if (this.#accepted % LATE_GRANT_EVERY !== 0) await this.#grant(order);
    if (order.subOrders.length === 0) await this.#finish(order);
    else this.#fillSlots(order);
  }

  #fillSlots(owner: OrderSeen): void {
    for (const { order, subOrder } of this.#around.book.startable(owner)) {
      this.#around.work.run(() => this.#prepare(order, subOrder));
    }
  }

  async #prepare(order: Order, subOrder: SubOrder): Promise<void> {
    await this.#around.work.step(2);
    if (order.status === "DELETED") return;
    fetchFiles(subOrder);
    if (subOrder.state === "WAITING_USER") await this.#announce(order, subOrder);
    if (isPrepared(order) && order.status === "RUNNING") await this.#finish(order);
    this.#fillSlots(order);
  }

  async #announce(order: Order, subOrder: SubOrder): Promise<void> {
    const files = subOrder.files.filter(({ state }) => state === "AVAILABLE").map(({ name }) => name);
    await this.#respond(order, subOrderDone(order, subOrder, this.#link(order)));
    this.#around.events.emit("subOrderReady", {
      ...seen(order),
      subOrderId: subOrder.id,
      totalSubOrders: order.subOrders.length,
      files,
    });
    if (order.grantOwed) await this.#grant(order);
  }

  async #grant(order: Order): Promise<void> {
    order.grantOwed = false;
    await this.#respond(order, granted(order));
    this.#around.events.emit("orderGranted", seen(order));
  }

  async #finish(order: Order): Promise<void> {
    order.status = endStatus(order);
    // DONE is another transaction, a scheduler's turn later.
    await this.#around.work.step();
    await this.#respond(order, orderEnd(order, this.#link(order)));
    const done = order.status === "DONE";
    this.#around.events.emit(done ? "orderDone" : "orderFailed", {
      ...seen(order),
      status: done ? "DONE" : "FAILED",
      errors: errorCount(order.subOrders.flatMap(({ files }) => files)),
      downloadable: order.status !== "FAILED",
    });
    if (order.grantOwed) await this.#grant(order);
  }

  async #refuse(tenant: string, refusal: Refusal): Promise<void> {
    await this.#around.publisher.respond("order", refusal, tenant);
    this.#around.events.emit("orderRefused", { tenant, ...refusal });
  }

  #respond(order: Order, body: object): Promise<void> {
    return this.#around.publisher.respond("order", body, order.tenant);
  }

  #link(order: Order): string {
    return `${this.#around.host()}/api/v1/rs-order/user/orders/${order.orderId}/download`;
  }
}

function seen({ tenant, user, orderId, correlationId }: OrderSeen): OrderSeen {
  return { tenant, user, orderId, correlationId };
}
