/** The workers of the simulated platform: who takes which content type, and what comes out. */
import { createHash } from "node:crypto";

/** What a worker makes of a request's body. */
export type WorkerOutcome =
  | { readonly content: Buffer | undefined }
  | { readonly invalid: string }
  | { readonly error: string };

/** A worker type and the content type it declares to the worker manager. */
export interface WorkerType {
  /** Its name, `regards.worker_id` on the answers. */
  readonly name: string;
  /** More than 1 in a workflow: every step sends one more GRANTED. */
  readonly steps?: number;
  /** True when no instance is alive at first: DELAYED comes before GRANTED. */
  readonly asleep?: boolean;
  readonly work: (body: string) => WorkerOutcome;
}

/** A PNG of one pixel: a result that is neither JSON nor text. */
export const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

/** The workers by content type; every shape of result occurs. */
export const WORKERS: Readonly<Record<string, WorkerType>> = {
  "count-bytes": {
    name: "byte-counter",
    work: (body) =>
      json({ bytes: Buffer.byteLength(body), md5: createHash("md5").update(body).digest("hex") }),
  },
  describe: {
    name: "describer",
    work: (body) => ({ content: Buffer.from(`a request of ${Buffer.byteLength(body)} bytes, reçue`) }),
  },
  thumbnail: { name: "thumbnailer", work: () => ({ content: PIXEL }) },
  touch: { name: "toucher", work: () => ({ content: undefined }) },
  workflow: { name: "two-steps", steps: 2, work: () => json({ steps: 2 }) },
  rare: { name: "rare-worker", asleep: true, work: () => json({ patience: true }) },
  picky: { name: "picky-worker", work: () => ({ invalid: "The field geometry is missing" }) },
  fragile: { name: "fragile-worker", work: () => ({ error: "the calibration file is not there" }) },
  /** What rs-lta-manager asks for on its own account: every consumer of the exchange sees the answers. */
  "lta-request": { name: "lta-worker", work: () => json({ products: 1 }) },
};

/** Content types an administrator told the worker manager to skip. */
export const SKIPPED_CONTENT_TYPES: readonly string[] = ["ignored"];

function json(value: unknown): WorkerOutcome {
  return { content: Buffer.from(JSON.stringify(value)) };
}
