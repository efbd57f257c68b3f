/** `GET /user/orders/{id}/download`: everything available of an order in one ZIP, then 204. */
import type { ServerResponse } from "node:http";
import { sendBody } from "./body";
import { offsetDateTime } from "./gson";
import { availableFiles, type Order, type OrderFile } from "./order-book";
import type { Trouble } from "./troubles";
import type { Work } from "./work";
import { type ZipEntry, zipOf } from "./zip";

/** What a hostile server might have a client write beside its folder. */
export const MISNAMED = "regards-misnamed.zip";

/**
 * How the next download goes wrong: a file that fails and is named in NOTICE.txt, a 500, a body that
 * trickles, a connection cut in the middle, a file name that leads out of its folder.
 */
export type Disturbance = "misnamed" | "notice" | "failing" | "slow" | "truncated";

/** Who records what a download has delivered, and what it could not; maybe nothing. */
export interface Deliveries {
  delivered(
    order: Order,
    files: readonly OrderFile[],
    lost: readonly OrderFile[],
    notices: readonly string[],
  ): void;
}

/** REGARDS as it is now, or as it was. */
export type Version = "2.0" | "1.14";

/** The download endpoint. */
export class Downloads {
  readonly #orders: Deliveries;
  readonly #work: Work;
  readonly #version: Version;
  readonly #disturbances: Disturbance[] = [];

  constructor(orders: Deliveries, work: Work, version: Version = "2.0") {
    this.#orders = orders;
    this.#work = work;
    this.#version = version;
  }

  /** A file has gone out by its id: it is downloaded, or lost for the list and the ZIP. */
  fileEnded(order: Order, file: OrderFile, isWhole: boolean): void {
    this.#orders.delivered(order, isWhole ? [file] : [], isWhole ? [] : [file], []);
  }

  /** Makes the next downloads go wrong, one each. */
  disturb(...disturbances: readonly Disturbance[]): void {
    this.#disturbances.push(...disturbances);
  }

  /** Answers a download. A HEAD runs the same export: Spring maps it to the GET handler. */
  async answer(order: Order, response: ServerResponse, trouble?: Trouble): Promise<void> {
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
    const whole = await this.#stream(order, entriesOf(delivered, notices), response, disturbance, trouble);
    // Files are only marked once the ZIP is written (2.0): a broken transfer leaves them available, and takes them
    // away in 1.14.
    if (!whole && this.#version === "2.0") return;
    this.#orders.delivered(order, delivered, lost, notices);
  }

  async #stream(
    order: Order,
    entries: readonly ZipEntry[],
    response: ServerResponse,
    disturbance: Disturbance | undefined,
    trouble: Trouble | undefined,
  ): Promise<boolean> {
    const name = `order_${order.orderId}_${offsetDateTime(new Date(), 578)}.zip`;
    const headers = {
      "Content-Type": "application/octet-stream",
      "Content-Disposition": `attachment;filename=${disturbance === "misnamed" ? `../${MISNAMED}` : name}`,
    };
    const pause = disturbance === "slow" ? 5 : 0;
    const wrong = disturbance === "truncated" ? ({ cut: "chunked" } as const) : trouble;
    return await sendBody(response, { headers, pieces: [...zipOf(entries)], pause }, wrong, this.#work);
  }
}

function entriesOf(files: readonly OrderFile[], notices: readonly string[]): readonly ZipEntry[] {
  const entries: ZipEntry[] = [];
  const names = new Map<string, number>();
  for (const { name, content } of distinct(files)) {
    const before = names.get(name) ?? 0;
    names.set(name, before + 1);
    entries.push({ name: before === 0 ? name : name.replace(/(?=(?:\.[^.]*)?$)/, ` (${before})`), content });
  }
  if (notices.length === 0) return entries;
  return [...entries, { name: "NOTICE.txt", content: Buffer.from(notices.join("\n")) }];
}

/** The same file twice, by name and checksum, is once in the ZIP. */
function distinct(files: readonly OrderFile[]): readonly OrderFile[] {
  const keys = files.map(({ name, checksum }) => `${checksum} ${name}`);
  return files.filter(
    ({ checksum }, place) => checksum === null || keys.indexOf(keys[place] ?? "") === place,
  );
}
