/**
 * What everybody who fetches has in hand, and what becomes of it. Types only.
 */
import type { WebClient } from "./client";
import type { Patience } from "./patience";
import type { PlannedFile } from "./plan";
import type { Slots } from "./slots";
import type { WebTrouble } from "./troubles";

/** How and with what to fetch. */
export interface Fetching {
  readonly client: WebClient;
  /** Each of them limits how many transfers go on at a time. */
  readonly slots: readonly Slots[];
  readonly patience: Patience;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** Told of what goes on. */
export interface Progress {
  /** So many files are whole, of so many. */
  files(done: number, of: number): void;
  bytes(count: number): void;
  /** Something is waited out; undefined when it goes on. */
  waiting(trouble: WebTrouble | undefined): void;
  /** The ZIP is taken although the files were asked for. */
  zipInstead(reason: ZipReason): void;
}

/** Why the files cannot be fetched one by one. */
export type ZipReason = "not-allowed" | "too-large" | "reference";

/** A file that is there. */
export interface SavedFile {
  readonly path: string;
  readonly name: string;
  readonly size: number;
  readonly checksum: string | null;
  readonly algorithm: string | null;
  readonly verified: boolean;
  readonly productId: string | null;
  readonly version: number | null;
}

/** What came of it. */
export interface Outcome {
  readonly saved: readonly SavedFile[];
  readonly failed: readonly {
    readonly file: Pick<PlannedFile, "name" | "id">;
    readonly trouble: WebTrouble;
  }[];
  /** The lines of NOTICE.txt. */
  readonly notices: readonly string[];
  /** Where they are. */
  readonly folder: string;
}

/** What to fetch, and for whom. */
export interface Job {
  /** The folder of this order or product. */
  readonly folder: string;
  /** Whose it is, in words: another REGARDS or tenant may have an order of the same number. */
  readonly of: string;
  /** The same event again has the same; undefined for what is no event. */
  readonly event: string | undefined;
  readonly parallel: number;
}
