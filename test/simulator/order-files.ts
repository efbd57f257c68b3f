/**
 * rs-order's lists of files and files by id. The list has the available files only; a file goes out by its id in
 * every state but pending and in error, also when it counts as downloaded.
 */
import type { ServerResponse } from "node:http";
import { sendBody } from "./body";
import type { Downloads } from "./downloads";
import { availableFiles, type Order, type OrderBook, type OrderFile } from "./order-book";
import type { Session } from "./tokens";
import type { Trouble } from "./troubles";
import type { Work } from "./work";

/** What is asked for by a page of a list. */
export interface Page {
  readonly number: number;
  readonly size: number;
}

/** An answer without a stream. */
export interface PlainAnswer {
  readonly statusCode: number;
  readonly body: unknown;
}

/** Java's `Integer.parseInt` fails on the length of a file as large as this, and the file stays as it was. */
export const TOO_LARGE_TO_COUNT = 2 ** 31;

/** The size of a page nobody has named. */
const USUAL_PAGE = 10;

/** How a file's transfer has gone, as the server sees it. */
export interface Transfer {
  readonly fileId: number;
  readonly isWhole: boolean;
}

export class OrderFiles {
  readonly #book: OrderBook;
  readonly #downloads: Downloads;
  readonly #work: Work;
  readonly #transfers: Transfer[] = [];
  #running = 0;
  #most = 0;

  constructor(book: OrderBook, downloads: Downloads, work: Work) {
    this.#book = book;
    this.#downloads = downloads;
    this.#work = work;
  }

  /** Every transfer by id, in the order in which they ended. */
  get transfers(): readonly Transfer[] {
    return this.#transfers;
  }

  /** The most transfers there ever were at the same time. */
  get most(): number {
    return this.#most;
  }

  /** `GET /orders/{id}/files/available`, or of one sub-order. */
  list(session: Session, orderId: number, subOrderId: number | undefined, page: Page): PlainAnswer {
    const order = this.#book.find(session.tenant, orderId);
    if (order === undefined) return { statusCode: 404, body: { messages: [`Order ${orderId} not found`] } };
    if (order.user !== session.user) return { statusCode: 403, body: { messages: ["Not your order"] } };
    const ids = new Set(
      order.subOrders
        .filter(({ id }) => subOrderId === undefined || id === subOrderId)
        .flatMap(({ files }) => files.map(({ id }) => id)),
    );
    const files = availableFiles(order).filter(({ id }) => ids.has(id));
    const { number, size } = page;
    const content = files.slice(number * size, (number + 1) * size).map((file) => ({
      content: rowOf(file),
      links: [],
    }));
    const metadata = {
      number,
      size,
      totalElements: files.length,
      totalPages: Math.ceil(files.length / size),
    };
    return { statusCode: 200, body: { content, metadata, links: [] } };
  }

  /** `GET /orders/files/{fileId}`. */
  async file(
    session: Session,
    fileId: number,
    response: ServerResponse,
    trouble: Trouble | undefined,
  ): Promise<PlainAnswer | undefined> {
    const found = this.#book.findFile(session.tenant, fileId);
    if (found === undefined) return { statusCode: 404, body: { messages: [`File ${fileId} not found`] } };
    const { order, file } = found;
    if (order.user !== session.user) return { statusCode: 403, body: { messages: ["Not your file"] } };
    if (file.state === "PENDING") return { statusCode: 202, body: undefined };
    if (file.state === "ERROR") return { statusCode: 422, body: { messages: ["The storage has lost it"] } };
    this.#running += 1;
    this.#most = Math.max(this.#most, this.#running);
    let isWhole = false;
    try {
      isWhole = await sendBody(response, sendingOf(file), trouble, this.#work);
    } finally {
      this.#running -= 1;
      this.#transfers.push({ fileId, isWhole });
    }
    this.#ended(order, file, isWhole);
    return undefined;
  }

  /** Complete: downloaded. Not complete: lost for the list and the ZIP, but not for its id. */
  #ended(order: Order, file: OrderFile, isWhole: boolean): void {
    const size = file.claimedSize ?? file.content.length;
    if (file.isReference || size >= TOO_LARGE_TO_COUNT) return;
    this.#downloads.fileEnded(order, file, isWhole);
  }
}

/** The page a query asks for. */
export function pageOf(query: URLSearchParams): Page {
  const whole = (name: string, otherwise: number): number => {
    const value = Number(query.get(name) ?? otherwise);
    return Number.isInteger(value) && value >= 0 ? value : otherwise;
  };
  return { number: whole("page", 0), size: whole("size", USUAL_PAGE) || USUAL_PAGE };
}

/** Absent fields are not written, as Gson leaves them out. */
function rowOf(file: OrderFile) {
  return {
    id: file.id,
    ...(file.productId === undefined ? {} : { productId: file.productId }),
    version: file.version ?? 1,
    // The double slash is REGARDS' own.
    downloadUrl: `/api/v1/rs-order//orders/files/${file.id}`,
    mimeType: file.mimeType ?? "image/tiff",
    ...(file.isReference || file.checksum === null ? {} : { checksum: file.checksum }),
    ...(file.isReference ? {} : { filesize: file.claimedSize ?? file.content.length }),
    filename: file.name,
  };
}

function sendingOf(file: OrderFile) {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < file.content.length; at += 1 << 16) {
    pieces.push(file.content.subarray(at, at + (1 << 16)));
  }
  const headers = {
    "Content-Type": file.mimeType ?? "image/tiff",
    "Content-Disposition": `attachment;filename=${encodeURIComponent(file.name)}`,
  };
  return {
    headers,
    pieces,
    ...(file.isReference ? {} : { length: file.content.length }),
    pause: file.pause ?? 0,
  };
}
