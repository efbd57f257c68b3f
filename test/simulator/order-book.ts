/** Orders and their files as rs-order keeps them in its database, with the rule that makes an owner wait. */
import type { ProductFile, Selection } from "./catalogue";
import { md5 } from "./catalogue-files";
import type { OrderSeen } from "./happenings";

/** PENDING → AVAILABLE → DOWNLOADED, or ERROR (no storage had it), or DOWNLOAD_ERROR (lost in a ZIP). */
export interface OrderFile extends ProductFile {
  readonly id: number;
  readonly checksum: string | null;
  state: "PENDING" | "AVAILABLE" | "DOWNLOADED" | "ERROR" | "DOWNLOAD_ERROR";
}

/** A part of an order; its id is a database id, not its rank. */
export interface SubOrder {
  readonly id: number;
  readonly files: readonly OrderFile[];
  state: "PENDING" | "RUNNING" | "WAITING_USER" | "ENDED";
}

/** An order. */
export interface Order extends OrderSeen {
  readonly subOrders: readonly SubOrder[];
  status: "RUNNING" | "DONE" | "DONE_WITH_WARNING" | "FAILED" | "DELETED";
  /** True while GRANTED has still to be sent although the order is already at work. */
  grantOwed: boolean;
}

/**
 * `regards.order.max.storage.files.jobs.per.user`: sub-orders at work or waiting for their owner's download.
 */
const SLOTS_PER_OWNER = 2;

/** Every order of every tenant. */
export class OrderBook {
  readonly #orders: Order[] = [];
  #lastOrder = 1_000;
  #lastSubOrder = 98_070;
  #lastFile = 500;

  /** Enters a new order. */
  enter(of: Omit<OrderSeen, "orderId">, selection: Selection): Order {
    const order: Order = {
      ...of,
      orderId: ++this.#lastOrder,
      subOrders: selection.map((files) => ({
        id: ++this.#lastSubOrder,
        files: files.map((file) => ({
          ...file,
          id: ++this.#lastFile,
          checksum: file.checksum === undefined ? md5(file.content) : file.checksum,
          state: "PENDING",
        })),
        state: "PENDING",
      })),
      status: "RUNNING",
      grantOwed: false,
    };
    this.#orders.push(order);
    return order;
  }

  /** An order by its id; another tenant's order is not there. */
  find(tenant: string, orderId: number): Order | undefined {
    return this.#orders.find((order) => order.tenant === tenant && order.orderId === orderId);
  }

  /** A file by its id, with its order; another tenant's is not there, nor is one of an order that was deleted. */
  findFile(tenant: string, fileId: number): { order: Order; file: OrderFile } | undefined {
    for (const order of this.#orders) {
      const file = order.subOrders.flatMap(({ files }) => files).find(({ id }) => id === fileId);
      if (file !== undefined)
        return order.tenant === tenant && order.status !== "DELETED" ? { order, file } : undefined;
    }
    return undefined;
  }

  /** Takes the sub-orders an owner's free slots allow to start, the oldest first, and marks them running. */
  startable(owner: Pick<OrderSeen, "tenant" | "user">): readonly { order: Order; subOrder: SubOrder }[] {
    const all = this.#orders
      .filter((order) => order.tenant === owner.tenant && order.user === owner.user)
      .flatMap((order) => order.subOrders.map((subOrder) => ({ order, subOrder })));
    const taken = all.filter(({ subOrder }) => ["RUNNING", "WAITING_USER"].includes(subOrder.state)).length;
    const next = all
      .filter(({ subOrder }) => subOrder.state === "PENDING")
      .slice(0, Math.max(0, SLOTS_PER_OWNER - taken));
    for (const { subOrder } of next) subOrder.state = "RUNNING";
    return next;
  }
}

/** The end of a sub-order's storage job: its files are there or in error. */
export function fetchFiles(subOrder: SubOrder): void {
  for (const file of subOrder.files) file.state = file.fails ? "ERROR" : "AVAILABLE";
  subOrder.state = subOrder.files.some((file) => file.state === "AVAILABLE") ? "WAITING_USER" : "ENDED";
}

/** What the next ZIP of an order contains: every available file of the whole order. */
export function availableFiles(order: Order): readonly OrderFile[] {
  return order.subOrders.flatMap(({ files }) => files).filter(({ state }) => state === "AVAILABLE");
}

/** Marks files delivered, which frees the slots of the sub-orders that have nothing left. */
export function markDelivered(
  order: Order,
  delivered: readonly OrderFile[],
  lost: readonly OrderFile[],
): void {
  for (const file of delivered) file.state = "DOWNLOADED";
  for (const file of lost) file.state = "DOWNLOAD_ERROR";
  for (const subOrder of order.subOrders) {
    if (subOrder.state !== "WAITING_USER") continue;
    if (subOrder.files.every((file) => file.state !== "AVAILABLE")) subOrder.state = "ENDED";
  }
}

/** True once no sub-order is waiting for storage; a download is not needed for that. */
export function isPrepared(order: Order): boolean {
  return order.subOrders.every(({ state }) => state === "WAITING_USER" || state === "ENDED");
}

/**
 * How an order ends: without a file at all it still ends with a warning, and with a link that answers 204.
 */
export function endStatus(order: Order): "DONE" | "DONE_WITH_WARNING" | "FAILED" {
  const files = order.subOrders.flatMap((subOrder) => subOrder.files);
  const errors = errorCount(files);
  if (files.length === 0) return "DONE_WITH_WARNING";
  if (errors === 0) return "DONE";
  return errors === files.length ? "FAILED" : "DONE_WITH_WARNING";
}

/** How many files no storage could deliver. */
export function errorCount(files: readonly OrderFile[]): number {
  return files.filter(({ state }) => state === "ERROR").length;
}
