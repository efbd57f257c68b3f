/**
 * Writes a stream of bytes to an open file, in large pieces, and sums them on the way. Enters: chunks. Leaves: bytes
 * that are on the disk when `end` has resolved. One piece is written while the next one comes in, and no more than
 * one: memory does not grow with the file.
 */
import type { Hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { giveBack } from "./give-back";

/** Larger ones cost fewer calls, and have left the processor's cache when they are written. */
const PIECE_BYTES = 256 * 1024;
/** After so much the disk is told to begin: at the end little is left to wait for. */
const SYNC_EVERY_BYTES = 64 * 1024 * 1024;

export class DiskWriter {
  readonly #handle: FileHandle;
  readonly #hash: Hash | undefined;
  #piece: Buffer[] = [];
  #size = 0;
  #sinceSync = 0;
  #writing: Promise<void> = Promise.resolve();
  #syncing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(handle: FileHandle, hash: Hash | undefined) {
    this.#handle = handle;
    this.#hash = hash;
  }

  /** Takes a chunk, which is nobody else's from then on; a promise only where there is something to wait for. */
  write(chunk: Buffer): Promise<void> | undefined {
    this.#hash?.update(chunk);
    this.#piece.push(chunk);
    this.#size += chunk.length;
    return this.#size < PIECE_BYTES ? undefined : this.#flush();
  }

  /** Everything is on the disk when it resolves. */
  async end(): Promise<void> {
    await this.#flush();
    await this.settled();
    await this.#handle.sync();
    this.#throwFailure();
  }

  /** Nothing is on its way to the disk any more, right or wrong. */
  async settled(): Promise<void> {
    await this.#writing;
    await this.#syncing;
  }

  async #flush(): Promise<void> {
    const piece = this.#piece;
    this.#sinceSync += this.#size;
    this.#piece = [];
    this.#size = 0;
    await this.#writing;
    this.#throwFailure();
    this.#writing = this.#keep(this.#writeAll(piece).finally(() => piece.forEach(giveBack)));
    if (this.#sinceSync >= SYNC_EVERY_BYTES && this.#syncing === undefined) {
      this.#sinceSync = 0;
      this.#syncing = this.#keep(this.#handle.datasync()).then(() => {
        this.#syncing = undefined;
      });
    }
  }

  /** An error of the disk is told once, maybe long before the end: it is kept until somebody asks. */
  #keep(work: Promise<void>): Promise<void> {
    return work.catch((error: unknown) => {
      this.#failure ??= { error };
    });
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) {
      throw this.#failure.error;
    }
  }

  /** A write may take less than it is given: the disk is nearly full, or a signal came. */
  async #writeAll(piece: Buffer[]): Promise<void> {
    if (piece.length === 0) {
      return;
    }
    const { bytesWritten } = await this.#handle.writev(piece);
    if (bytesWritten === piece.reduce((sum, { length }) => sum + length, 0)) {
      return;
    }
    const rest = Buffer.concat(piece).subarray(bytesWritten);
    for (let written = 0; written < rest.length; ) {
      written += (await this.#handle.write(rest, written)).bytesWritten;
    }
  }
}
