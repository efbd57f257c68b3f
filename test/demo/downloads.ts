/** The download folder seen from outside Node-RED: which ZIPs are there, and whether they are intact. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { filesInZip } from "../examples/zip-check";

/** A ZIP the flow has saved. */
export interface SavedZip {
  readonly name: string;
  readonly orderId: number;
  /** The names of its files; undefined when it cannot be opened or a checksum is wrong. */
  readonly files: readonly string[] | undefined;
}

const ZIP_NAME = /^order_(\d+)_\d+\.zip$/;

/** Opens every ZIP in the folder. */
export async function savedZips(folder: string): Promise<readonly SavedZip[]> {
  const names = (await readdir(folder)).filter((name) => ZIP_NAME.test(name)).sort();
  return await Promise.all(names.map((name) => savedZip(folder, name)));
}

/** Opens one ZIP of the folder. */
export async function savedZip(folder: string, name: string): Promise<SavedZip> {
  const orderId = Number(ZIP_NAME.exec(name)?.[1]);
  const zip = await readFile(join(folder, name));
  try {
    return { name, orderId, files: [...filesInZip(zip).keys()] };
  } catch {
    return { name, orderId, files: undefined };
  }
}
