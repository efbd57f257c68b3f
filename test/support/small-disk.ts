/**
 * A disk of a few kilobytes, to be filled: a real one (tmpfs) where the machine lets us mount it, else a folder whose
 * writes fail as those of a full disk do. Enters: its size. Leaves: a folder.
 */
import { execFile } from "node:child_process";
import fs from "node:fs";
import { type FileHandle, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve, sep } from "node:path";
import { promisify } from "node:util";

/** One of them. */
export interface SmallDisk {
  readonly folder: string;
  /** Something else takes all the room but so many bytes. */
  fill(left: number): void;
  /** It goes away again. */
  makeRoom(): void;
  remove(): Promise<void>;
}

const BALLAST = "ballast";
const BLOCK = 4_096;
const run = promisify(execFile);

/** @param bytes a multiple of 4096 */
export async function smallDisk(bytes: number): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), "regards-disk-"));
  const options = ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", folder];
  const isReal = await run("mount", options).then(
    () => true,
    () => false,
  );
  const free = (): number => (isReal ? freeOn(folder) : bytes - usedBy(folder));
  const release = isReal ? () => run("umount", ["-l", folder]) : feign(folder, free);
  const ballast = join(folder, BALLAST);
  return {
    folder,
    fill: (left) => fs.writeFileSync(ballast, Buffer.alloc(Math.max(0, free() - left))),
    makeRoom: () => fs.rmSync(ballast),
    async remove() {
      await release();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Has what is written under a folder fail beyond its size; returns how to end it. */
function feign(folder: string, free: () => number): () => void {
  const { open, statfs } = fs.promises;
  const isIn = (path: unknown): boolean => `${resolve(String(path))}${sep}`.startsWith(`${folder}${sep}`);
  const full = (): Error => Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  const limited = (handle: FileHandle): FileHandle => {
    const { writev, appendFile } = handle;
    return Object.assign(handle, {
      writev: async (buffers: Buffer[]) => {
        if (buffers.reduce((sum, { length }) => sum + length, 0) > free()) throw full();
        return await writev.call(handle, buffers);
      },
      appendFile: async (text: string) => {
        // As much of it as there is room for, as a disk would.
        await appendFile.call(handle, text.slice(0, Math.max(0, free())));
        if (free() <= 0) throw full();
      },
    });
  };
  Object.assign(fs.promises, {
    statfs: async (path: string) => (isIn(path) ? { bavail: free() / BLOCK, bsize: BLOCK } : statfs(path)),
    open: async (path: string, ...rest: [string]) => {
      const handle = await open(path, ...rest);
      return isIn(path) ? limited(handle) : handle;
    },
  });
  return () => Object.assign(fs.promises, { open, statfs });
}

function freeOn(folder: string): number {
  const { bavail, bsize } = fs.statfsSync(folder);
  return bavail * bsize;
}

function usedBy(folder: string): number {
  const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + fs.statSync(join(parentPath, name)).size, 0);
}
