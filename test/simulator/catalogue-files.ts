/**
 * rs-catalog's downloads: the files of disseminated products by URN and checksum, once the product is indexed.
 */
import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { sendBody } from "./body";
import type { PlainAnswer } from "./order-files";
import type { Trouble } from "./troubles";
import type { Work } from "./work";

/** How many times a product is asked for before it is indexed. */
interface Kept {
  readonly files: ReadonlyMap<string, Buffer>;
  unindexedFor: number;
}

export class CatalogueFiles {
  readonly #work: Work;
  readonly #products = new Map<string, Kept>();

  constructor(work: Work) {
    this.#work = work;
  }

  /** Keeps a product's files; it answers 404 so many times first, as before it is indexed. */
  keep(urn: string, contents: readonly Buffer[], unindexedFor = 0): void {
    const files = new Map(contents.map((content) => [md5(content), content]));
    this.#products.set(urn, { files, unindexedFor });
  }

  /** `GET rs-catalog/downloads/{urn}/files/{checksum}`. */
  async file(
    urn: string,
    checksum: string,
    response: ServerResponse,
    trouble: Trouble | undefined,
  ): Promise<PlainAnswer | undefined> {
    const product = this.#products.get(urn);
    const content = product?.files.get(checksum);
    if (product === undefined || content === undefined || product.unindexedFor > 0) {
      if (product !== undefined) product.unindexedFor -= 1;
      return { statusCode: 404, body: { messages: [`${urn} not found`] } };
    }
    const headers = { "Content-Type": "application/octet-stream" };
    const sending = { headers, pieces: [content], length: content.length };
    await sendBody(response, sending, trouble, this.#work);
    return undefined;
  }
}

/** The checksum REGARDS gives. */
export function md5(content: Uint8Array): string {
  return createHash("md5").update(content).digest("hex");
}
