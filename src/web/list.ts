/**
 * The list of an order's files: every page, before the first file is fetched, for each download takes a row away.
 * Enters: an order id. Leaves: rows that are believed in nothing but their kinds, or a `WebTrouble`.
 */
import { bodyOf } from "./bodies";
import { isPage, refusalOf, type WebClient } from "./client";
import { WebTrouble } from "./troubles";

/** A file that can be fetched by its id. */
export interface ListedFile {
  readonly id: number;
  readonly name: string;
  readonly size: number | undefined;
  readonly checksum: string | undefined;
  readonly productId: string | undefined;
  readonly version: number | undefined;
  readonly mimeType: string | undefined;
}

const PAGE_SIZE = 500;
const MAX_PAGE_BYTES = 4 * 1024 * 1024;
/** An order has some thousands at most; a list without end is no list. */
const MAX_FILES = 200_000;
const MAX_LIST_BYTES = 64 * 1024 * 1024;
/** How often it is read anew while it changes. */
const PASSES = 4;

/** Every file that is available. */
export async function listFiles(
  client: WebClient,
  orderId: string,
  signal: AbortSignal,
  pageSize: number = PAGE_SIZE,
): Promise<ListedFile[]> {
  const found = new Map<number, ListedFile>();
  for (let pass = 0; pass < PASSES; pass++) {
    if (await readPages(client, orderId, signal, pageSize, found)) {
      return [...found.values()];
    }
  }
  throw new WebTrouble("list-changes");
}

/** Adds every row it sees; false where the list has changed between two pages, so that one may be missing. */
async function readPages(
  client: WebClient,
  orderId: string,
  signal: AbortSignal,
  pageSize: number,
  found: Map<number, ListedFile>,
): Promise<boolean> {
  let total: number | undefined;
  let isSteady = true;
  let read = 0;
  const here = new Set<number>();
  for (let number = 0; ; number++) {
    const { rows, totalElements, totalPages, bytes } = await readPage(
      client,
      orderId,
      number,
      pageSize,
      signal,
    );
    read += bytes;
    isSteady &&= total === undefined || total === totalElements;
    total = totalElements;
    for (const row of rows) {
      here.add(row.id);
      found.set(row.id, row);
    }
    if (found.size > MAX_FILES || read > MAX_LIST_BYTES || number > MAX_FILES / pageSize + 1) {
      throw new WebTrouble("list-without-end", { files: MAX_FILES });
    }
    if (rows.length === 0 || number + 1 >= totalPages) {
      return isSteady && here.size >= total;
    }
  }
}

interface Page {
  readonly rows: readonly ListedFile[];
  readonly totalElements: number;
  readonly totalPages: number;
  /** Of its text. */
  readonly bytes: number;
}

async function readPage(
  client: WebClient,
  orderId: string,
  number: number,
  size: number,
  signal: AbortSignal,
): Promise<Page> {
  const path = `/api/v1/rs-order/orders/${orderId}/files/available?page=${number}&size=${size}`;
  const answer = await client.get(path, { signal });
  if (answer.status === 204) {
    answer.discard();
    return { rows: [], totalElements: 0, totalPages: 0, bytes: 0 };
  }
  if (answer.status !== 200) {
    throw await refusalOf(answer);
  }
  if (isPage(answer)) {
    answer.discard();
    throw new WebTrouble("page");
  }
  return pageIn(await bodyOf(answer, MAX_PAGE_BYTES));
}

function pageIn(body: Buffer): Page {
  let page: unknown;
  try {
    page = JSON.parse(body.toString("utf8"));
  } catch {
    throw new WebTrouble("bad-answer", { bytes: body.length });
  }
  const { content, metadata } = objectOf(page);
  const { totalElements, totalPages } = objectOf(metadata);
  if (!Array.isArray(content) || !isCount(totalElements) || !isCount(totalPages)) {
    throw new WebTrouble("bad-answer", { bytes: body.length });
  }
  const rows = content.map((row) => rowIn(objectOf(row).content ?? row));
  return { rows, totalElements, totalPages, bytes: body.length };
}

function rowIn(value: unknown): ListedFile {
  const row = objectOf(value);
  const { id } = row;
  if (!isCount(id)) {
    throw new WebTrouble("bad-answer", { bytes: 0 });
  }
  const text = (of: unknown): string | undefined => (typeof of === "string" && of !== "" ? of : undefined);
  return {
    id,
    name: text(row.filename) ?? `file-${id}`,
    size: isCount(row.filesize) ? row.filesize : undefined,
    checksum: text(row.checksum)?.toLowerCase(),
    productId: text(row.productId),
    version: isCount(row.version) ? row.version : undefined,
    mimeType: text(row.mimeType),
  };
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
