/**
 * The products an order's query finds. A query names what the client wants to see happen, in the Lucene
 * form REGARDS takes, for instance `subOrders:3 AND files:2 AND failing:1`; its words:
 *
 * | word | meaning | without it |
 * |---|---|---|
 * | `subOrders:n` | sub-orders the order is cut into | 1 |
 * | `files:n` | files in each of them | 2 |
 * | `failing:n` | how many of the last files no storage can deliver | 0 |
 * | `bytes:n` | size of each file | 4096 |
 * | `slow:n` | steps of work between two pieces of a file fetched by its id | 0 |
 * | `nothing:1` | the query finds no product at all | |
 */
import { createHash } from "node:crypto";

/** A file of a product. */
export interface ProductFile {
  readonly name: string;
  readonly content: Buffer;
  readonly fails: boolean;
  readonly productId?: string;
  readonly version?: number;
  readonly mimeType?: string;
  /** As the list gives it; null for none, the right MD5 by default. */
  readonly checksum?: string | null;
  /** Another size than the file's in the list: for files nobody wants to make. */
  readonly claimedSize?: number;
  /** Only referenced: REGARDS passes it on from elsewhere, without size and checksum. */
  readonly isReference?: boolean;
  /** Steps of work between two pieces of a transfer by id. */
  readonly pause?: number;
}

/** The order request's `filters`. */
export interface Filters {
  readonly dataTypes?: readonly unknown[];
  readonly filenameRegExp?: string;
}

/** The files a query finds, already cut into sub-orders; undefined when it finds no product. */
export type Selection = readonly (readonly ProductFile[])[];

/** Runs the queries of an order. */
export function select(queries: readonly string[], filters: Filters | undefined): Selection | undefined {
  const words = new Map<string, number>();
  for (const [, word = "", value] of queries.join(" ").matchAll(/(\w+):(\d+)/g))
    words.set(word, Number(value));
  if (words.has("nothing")) return undefined;
  const perSubOrder = words.get("files") ?? 2;
  const total = (words.get("subOrders") ?? 1) * perSubOrder;
  const firstFailing = total - (words.get("failing") ?? 0);
  const files = Array.from({ length: total }, (_, index) => ({
    name: `product-${String(index + 1).padStart(3, "0")}.tif`,
    content: pixels(index, words.get("bytes") ?? 4096),
    fails: index >= firstFailing,
    productId: `PRODUCT_${String(index + 1).padStart(3, "0")}`,
    version: 1,
    pause: words.get("slow") ?? 0,
  }));
  const subOrders = Array.from({ length: total / perSubOrder }, (_, index) =>
    files.slice(index * perSubOrder, (index + 1) * perSubOrder).filter((file) => passes(file, filters)),
  );
  return subOrders.filter((subOrder) => subOrder.length > 0);
}

/** Every product of the simulator is RAWDATA. */
function passes(file: ProductFile, filters: Filters | undefined): boolean {
  if (filters?.dataTypes !== undefined && !filters.dataTypes.includes("RAWDATA")) return false;
  const { filenameRegExp = "" } = filters ?? {};
  return filenameRegExp.trim() === "" || patternOf(filenameRegExp)?.test(file.name) === true;
}

/** Java's `String.matches` asks for the whole name; undefined for what is no pattern. */
export function patternOf(pattern: string): RegExp | undefined {
  const isCaseless = pattern.startsWith("(?i)");
  try {
    return new RegExp(`^(?:${isCaseless ? pattern.slice(4) : pattern})$`, isCaseless ? "i" : "");
  } catch {
    return undefined;
  }
}

/** Bytes that are the same at every run and do not compress to nothing. */
function pixels(seed: number, size: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(size / 32) }, (_, block) =>
    createHash("sha256").update(`${seed}/${block}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, size);
}
