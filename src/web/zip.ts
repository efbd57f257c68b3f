/**
 * The ZIP of an order on the disk: what is in it, taken apart safely. Enters: the path of a ZIP that came to its end.
 * Leaves: its files, each one whole, and what NOTICE.txt says; or a `WebTrouble`. Its directory decides, not its
 * stream; names in it are only names.
 */
import type { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { type Entry, getFileNameLowLevel, openPromise, type ZipFile } from "yauzl";
import { WebTrouble } from "./troubles";

/** A file in the ZIP. */
export interface ZipEntry {
  readonly name: string;
  readonly size: number;
  /** Its bytes; ends with a `WebTrouble` when they are not what the directory says. */
  chunks(): AsyncGenerator<Buffer, void, undefined>;
}

/** Where REGARDS says which files it could not put into the ZIP, and why. */
const NOTICE = "NOTICE.txt";
const MAX_NOTICE_BYTES = 1024 * 1024;
const MAX_ENTRIES = 200_000;

/** Hands every file over, one after the other, and returns the lines of NOTICE.txt. */
export async function readZip(path: string, use: (entry: ZipEntry) => Promise<void>): Promise<string[]> {
  const zip = await opened(path);
  const notices: string[] = [];
  try {
    for await (const entry of entriesOf(zip)) {
      const name = nameOf(entry);
      const file: ZipEntry = { name, size: entry.uncompressedSize, chunks: () => chunksOf(zip, entry) };
      if (name === NOTICE) {
        notices.push(...(await linesOf(file)));
      } else if (name !== "" && !name.endsWith("/")) {
        await use(file);
      }
    }
  } finally {
    zip.close();
  }
  return notices;
}

async function opened(path: string): Promise<ZipFile> {
  try {
    // Names are decoded here: a hostile one shall not keep the others from being read.
    return await openPromise(path, { autoClose: false, lazyEntries: true, decodeStrings: false });
  } catch (error) {
    throw badZip(error);
  }
}

async function* entriesOf(zip: ZipFile): AsyncGenerator<Entry, void, undefined> {
  if (zip.entryCount > MAX_ENTRIES) {
    throw new WebTrouble("bad-zip", { reason: `${zip.entryCount} files` });
  }
  const entries = zip.eachEntry();
  for (;;) {
    let next: IteratorResult<Entry>;
    try {
      next = await entries.next();
    } catch (error) {
      throw badZip(error);
    }
    if (next.done) {
      return;
    }
    yield next.value;
  }
}

function nameOf(entry: Entry): string {
  // Without `decodeStrings` these are Buffers; so the published types have it.
  const { generalPurposeBitFlag, fileNameRaw, extraFields } = entry;
  return getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, false);
}

async function* chunksOf(zip: ZipFile, entry: Entry): AsyncGenerator<Buffer, void, undefined> {
  let sum = 0;
  try {
    const stream: Readable = await zip.openReadStreamPromise(entry);
    for await (const chunk of stream) {
      sum = crc32(chunk, sum);
      yield chunk;
    }
  } catch (error) {
    throw badZip(error);
  }
  if (sum !== entry.crc32) {
    throw new WebTrouble("bad-zip", { reason: "CRC" });
  }
}

async function linesOf({ size, chunks }: ZipEntry): Promise<string[]> {
  if (size > MAX_NOTICE_BYTES) {
    return [NOTICE];
  }
  const parts: Buffer[] = [];
  for await (const chunk of chunks()) {
    parts.push(chunk);
  }
  const lines = Buffer.concat(parts).toString("utf8").split(/\r?\n/);
  return lines.filter((line) => line.trim() !== "");
}

function badZip(error: unknown): unknown {
  if (error instanceof WebTrouble) {
    return error;
  }
  const { code, message } = error as NodeJS.ErrnoException;
  return new WebTrouble("bad-zip", { reason: code ?? message ?? "?" });
}
