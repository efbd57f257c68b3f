/**
 * Opens a ZIP by its central directory and checks every file's CRC: what a person's unzip would say about
 * it.
 */
import { crc32, inflateRawSync } from "node:zlib";

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const END_LENGTH = 22;
const DEFLATED = 8;

/** The files of a ZIP by name; throws when it is cut short or a file in it is damaged. */
export function filesInZip(zip: Buffer): ReadonlyMap<string, Buffer> {
  const end = zip.lastIndexOf(Buffer.from("PK\u0005\u0006"));
  if (end < 0 || end + END_LENGTH > zip.length || zip.readUInt32LE(end) !== END) {
    throw new Error("the ZIP has no end of central directory");
  }
  const count = zip.readUInt16LE(end + 10);
  const files = new Map<string, Buffer>();
  let at = zip.readUInt32LE(end + 16);
  for (let index = 0; index < count; index++) {
    if (zip.readUInt32LE(at) !== ENTRY) throw new Error(`entry ${index} of the ZIP is damaged`);
    const nameEnd = at + 46 + zip.readUInt16LE(at + 28);
    const name = zip.toString("utf8", at + 46, nameEnd);
    const content = contentOf(zip, at);
    if (crc32(content) !== zip.readUInt32LE(at + 16)) throw new Error(`${name} in the ZIP is damaged`);
    files.set(name, content);
    at = nameEnd + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return files;
}

/** An entry's bytes; the central directory has the sizes a streamed ZIP does not have up front. */
function contentOf(zip: Buffer, entry: number): Buffer {
  const local = zip.readUInt32LE(entry + 42);
  const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const packed = zip.subarray(start, start + zip.readUInt32LE(entry + 20));
  return zip.readUInt16LE(entry + 10) === DEFLATED ? inflateRawSync(packed) : packed;
}
