/**
 * A file while it is not whole: `<name>.part` beside its final name. Enters: chunks. Leaves: their number and their
 * sum; and, when it is synced and renamed, a file that is whole. It does not know where the chunks come from.
 */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { DiskWriter } from "./disk-writer";
import { troubleOfDisk, WebTrouble } from "./troubles";

/** The end of the name of a file that is not whole. */
export const PART = ".part";

/** Where nobody has said how large it will be, the disk keeps this much, looked at every so often. */
export const KEPT_FREE_BYTES = 256 * 1024 * 1024;
const LOOK_EVERY_BYTES = 64 * 1024 * 1024;

/** What a file has turned out to be. */
export interface Written {
  readonly size: number;
  /** In hexadecimal; undefined where no sum was asked for. */
  readonly sum: string | undefined;
}

/** How much to write, and which sum to make. */
export interface Measure {
  /** Bytes that are announced: one more, and it ends. */
  readonly limit: number | undefined;
  readonly algorithm: string | undefined;
  /** Told of every chunk. */
  readonly counted?: (bytes: number) => void;
}

/** Writes chunks to `<path>.part`, synced; when it fails nothing is left of it: a transfer begins at its first byte. */
export async function writePart(
  path: string,
  chunks: AsyncIterable<Buffer>,
  measure: Measure,
): Promise<Written> {
  const { limit, algorithm, counted } = measure;
  const handle = await onDisk(async () => {
    await mkdir(dirname(path), { recursive: true });
    await checkRoom(dirname(path), limit ?? KEPT_FREE_BYTES);
    // Whatever stands there under this name, nothing is written through a link.
    const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW = 0 } = constants;
    return await open(`${path}${PART}`, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o666);
  });
  const hash = algorithm === undefined ? undefined : createHash(algorithm);
  let size = 0;
  let looked = 0;
  const writer = new DiskWriter(handle, hash);
  let isWhole = false;
  try {
    for await (const chunk of chunks) {
      size += chunk.length;
      if (limit !== undefined && size > limit) {
        throw new WebTrouble("too-long", { size: limit });
      }
      if (limit === undefined && size > looked + LOOK_EVERY_BYTES) {
        looked = size;
        await checkRoom(dirname(path), LOOK_EVERY_BYTES + KEPT_FREE_BYTES);
      }
      counted?.(chunk.length);
      await writer.write(chunk);
    }
    await writer.end();
    isWhole = true;
    return { size, sum: hash?.digest("hex") };
  } catch (error) {
    throw troubleOfDisk(error);
  } finally {
    await writer.settled();
    await handle.close();
    if (!isWhole) {
      await removePart(path);
    }
  }
}

/** Gives a whole part its final name, and sees to it that the name is on the disk too. */
export async function finishPart(path: string): Promise<void> {
  await onDisk(async () => {
    await rename(`${path}${PART}`, path);
    await syncFolder(dirname(path));
  });
}

/** Takes away what is not whole. */
export async function removePart(path: string): Promise<void> {
  await rm(`${path}${PART}`, { force: true });
}

/** The size of a file; undefined where there is none. */
export async function sizeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? found.size : undefined;
}

/** The sum of a file that is there. */
export async function sumOf(path: string, algorithm: string): Promise<string> {
  return await onDisk(async () => {
    const hash = createHash(algorithm);
    const handle = await open(path, "r");
    for await (const chunk of handle.createReadStream()) {
      hash.update(chunk);
    }
    return hash.digest("hex");
  });
}

/** A name that is in a folder is only there after a power cut when the folder has been synced. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows has no such thing.
  const handle = await open(folder, "r").catch(() => undefined);
  try {
    await handle?.sync();
  } catch {
    // Some network file systems refuse; the file itself is synced.
  } finally {
    await handle?.close();
  }
}

/** Throws where there is less than that. */
export async function checkRoom(folder: string, wanted: number): Promise<void> {
  const found = await statfs(folder).catch(() => undefined);
  if (found !== undefined && found.bavail * found.bsize < wanted) {
    throw new WebTrouble("disk-full", { code: "ENOSPC" });
  }
}

async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw troubleOfDisk(error);
  }
}
