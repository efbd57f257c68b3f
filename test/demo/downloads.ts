/** The download folder seen from outside Node-RED: which files of which orders are there. */
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";

/** A file the flow has saved. */
export interface SavedFile {
  readonly orderId: number;
  readonly name: string;
}

/** Every file of an order, under its own name or another: also what is not whole. */
export async function savedFiles(folder: string): Promise<readonly SavedFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name !== ".regards-order.jsonl")
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).split(/[\\/]/))
    .flatMap(([order = "", ...path]) =>
      /^\d+$/.test(order) ? [{ orderId: Number(order), name: path.at(-1) ?? "" }] : [],
    );
}
