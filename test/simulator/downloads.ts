/** `GET /user/orders/{id}/download`: everything available of an order in one ZIP, then 204. */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { offsetDateTime } from "./gson";
import { availableFiles, type Order, type OrderFile } from "./order-book";
import type { Orders } from "./orders";
import type { Work } from "./work";
import { type ZipEntry, zipOf } from "./zip";

/** What a hostile server might have a client write beside its folder. */
export const MISNAMED = "regards-misnamed.zip";

/**
 * How the next download goes wrong: a file that fails and is named in NOTICE.txt, a 500, a body that
 * trickles, a connection cut in the middle, a file name that leads out of its folder.
 */
export type Disturbance = "misnamed" | "notice" | "failing" | "slow" | "truncated";

/** The download endpoint. */
export class Downloads {
  readonly #orders: Orders;
  readonly #work: Work;
  readonly #disturbances: Disturbance[] = [];

  constructor(orders: Orders, work: Work) {
    this.#orders = orders;
    this.#work = work;
  }

  /** Makes the next downloads go wrong, one each. */
  disturb(...disturbances: readonly Disturbance[]): void {
    this.#disturbances.push(...disturbances);
  }

  /** Answers a download. A HEAD runs the same export: Spring maps it to the GET handler. */
  async answer(order: Order, response: ServerResponse): Promise<void> {
    const files = availableFiles(order);
    if (files.length === 0) {
      response.writeHead(204).end();
      this.#orders.delivered(order, [], [], []);
      return;
    }
    const disturbance = this.#disturbances.shift();
    if (disturbance === "failing") {
      response.writeHead(500, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ messages: ["I/O error while the order was exported"] }));
      return;
    }
    const lost = disturbance === "notice" ? files.slice(0, 1) : [];
    const delivered = files.filter((file) => !lost.includes(file));
    const notices = lost.map(({ name }) => `Failed to download file (${name}): the storage did not answer.`);
    const whole = await this.#stream(order, entriesOf(delivered, notices), response, disturbance);
    // Files are only marked once the ZIP is written (2.0): a broken transfer leaves them available.
    if (!whole) return;
    this.#orders.delivered(order, delivered, lost, notices);
    response.end();
  }

  async #stream(
    order: Order,
    entries: readonly ZipEntry[],
    response: ServerResponse,
    disturbance: Disturbance | undefined,
  ): Promise<boolean> {
    const name = `order_${order.orderId}_${offsetDateTime(new Date(), 578)}.zip`;
    response.writeHead(200, {
      "Content-Type": "application/octet-stream",
      "Content-Disposition": `attachment;filename=${disturbance === "misnamed" ? `../${MISNAMED}` : name}`,
    });
    const pieces = [...zipOf(entries)];
    const kept = disturbance === "truncated" ? pieces.slice(0, Math.ceil(pieces.length / 2)) : pieces;
    for (const piece of kept) {
      if (disturbance === "slow") await this.#work.step(5);
      if (response.destroyed) return false;
      if (!response.write(piece)) await Promise.race([once(response, "drain"), once(response, "close")]);
    }
    if (disturbance !== "truncated") return !response.destroyed;
    response.destroy();
    return false;
  }
}

function entriesOf(files: readonly OrderFile[], notices: readonly string[]): readonly ZipEntry[] {
  if (notices.length === 0) return files;
  return [...files, { name: "NOTICE.txt", content: Buffer.from(notices.join("\n")) }];
}
