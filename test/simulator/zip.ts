/** The ZIP of an order, produced piece by piece as REGARDS streams it. */
import { Zip, ZipDeflate } from "fflate";

/** A file in the ZIP. */
export interface ZipEntry {
  readonly name: string;
  readonly content: Uint8Array;
}

/** Yields the bytes of a ZIP with these entries. */
export function* zipOf(entries: readonly ZipEntry[]): Generator<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const zip = new Zip((error, piece) => {
    if (error) throw error;
    pieces.push(piece);
  });
  for (const { name, content } of entries) {
    const file = new ZipDeflate(name);
    zip.add(file);
    file.push(content, true);
    yield* pieces.splice(0);
  }
  zip.end();
  yield* pieces.splice(0);
}
