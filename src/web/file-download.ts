/**
 * One file from REGARDS to the disk: streamed, counted, summed on the way, compared, synced, renamed. Enters: where
 * it is and what is known of it. Leaves: a file that is whole under its final name, or a `WebTrouble` and no file.
 */
import { join } from "node:path";
import { isPage, refusalOf, type WebClient } from "./client";
import type { Answer } from "./http";
import { finishPart, PART, sizeOf, sumOf, type Written, writePart } from "./part-file";
import type { Plan, PlannedFile, Whole } from "./plan";
import { WebTrouble } from "./troubles";

/** Where a file comes from. */
export interface FileSource {
  readonly path: string;
  /** What 404 and 423 mean there. */
  readonly kind: "order" | "catalogue";
}

/** By the number of their hexadecimal digits: the list does not name the algorithm. */
const ALGORITHMS: Readonly<Record<number, string>> = { 32: "md5", 40: "sha1", 64: "sha256", 128: "sha512" };

/** The algorithm a checksum was made with, as it is named or as its length tells; undefined for an unknown one. */
export function algorithmOf(checksum: string | undefined, named?: string | null): string | undefined {
  const name = named?.toLowerCase().replace("-", "");
  const isKnown = name !== undefined && Object.values(ALGORITHMS).includes(name);
  const told = isKnown ? name : named ? undefined : ALGORITHMS[checksum?.length ?? 0];
  return checksum !== undefined && /^[\da-f]+$/i.test(checksum) ? told : undefined;
}

/** Fetches it; the plan knows that it is whole before it has its final name. */
export async function downloadFile(
  client: WebClient,
  source: FileSource,
  plan: Plan,
  file: PlannedFile,
  signal: AbortSignal,
  counted: (bytes: number) => void,
): Promise<void> {
  const algorithm = algorithmOf(file.checksum, file.algorithm);
  const answer = await client.get(source.path, { signal, mayBeElsewhere: algorithm !== undefined });
  if (answer.status !== 200) {
    throw meaningOf(await refusalOf(answer), source.kind);
  }
  let written: Written;
  try {
    const limit = announced(answer, file);
    const measure = { limit, algorithm: algorithm ?? "md5", counted };
    written = await writePart(join(plan.folder, file.path), answer.chunks(), measure);
    if (limit !== undefined && written.size !== limit) {
      throw new WebTrouble("too-short", { size: written.size, announced: limit });
    }
  } finally {
    answer.discard();
  }
  await settle(plan, file, written);
}

/** Compares a part that is all there, and gives it its final name. */
export async function settle(plan: Plan, file: PlannedFile, { size, sum }: Written): Promise<void> {
  const verified = algorithmOf(file.checksum, file.algorithm) !== undefined;
  if (file.size !== undefined && size !== file.size) {
    throw new WebTrouble("wrong-size", { size, announced: file.size });
  }
  if (verified && sum !== file.checksum?.toLowerCase()) {
    throw new WebTrouble("wrong-sum");
  }
  await plan.markWhole(file, { size, sum, verified });
  await finishPart(join(plan.folder, file.path));
}

/** What is on the disk of a file. */
export type Found = "right" | "moved" | "missing";

/** Looks; a part that was whole when the process ended gets its final name now. */
export async function lookFor(plan: Plan, file: PlannedFile): Promise<Found> {
  const path = join(plan.folder, file.path);
  const size = await sizeOf(path);
  const whole = plan.wholeOf(file);
  if (whole !== undefined) {
    if (size === whole.size) {
      return "right";
    }
    if (size === undefined && (await sizeOf(`${path}${PART}`)) === whole.size) {
      await finishPart(path);
      return "right";
    }
    // Whoever was told of it may have moved it.
    return size === undefined && plan.toldOf(file) !== undefined ? "moved" : "missing";
  }
  return size !== undefined && (await isTheSame(plan, file, path, size)) ? "right" : "missing";
}

/** A file that stands there although nothing is known of it: only its sum can tell. */
async function isTheSame(plan: Plan, file: PlannedFile, path: string, size: number): Promise<boolean> {
  const algorithm = algorithmOf(file.checksum, file.algorithm);
  if (algorithm === undefined || (file.size !== undefined && size !== file.size)) {
    return false;
  }
  const sum = await sumOf(path, algorithm);
  if (sum !== file.checksum?.toLowerCase()) {
    return false;
  }
  const whole: Whole = { size, sum, verified: true };
  await plan.markWhole(file, whole);
  return true;
}

/** How many bytes are to come: what the header and the list say must be the same. */
function announced(answer: Answer, file: PlannedFile): number | undefined {
  const { "content-length": header, "content-encoding": encoding } = answer.headers;
  const length = header === undefined ? undefined : Number(header);
  const isOfPeople = isPage(answer) && !/html/i.test(file.mimeType ?? "");
  if (isOfPeople || (encoding !== undefined && encoding !== "identity")) {
    throw new WebTrouble("page");
  }
  if (length !== undefined && file.size !== undefined && length !== file.size) {
    throw new WebTrouble("wrong-size", { size: length, announced: file.size });
  }
  return length ?? file.size;
}

function meaningOf(trouble: WebTrouble, kind: FileSource["kind"]): WebTrouble {
  const { values, retryAfter } = trouble;
  if (kind === "catalogue" && values.status === 404) {
    return new WebTrouble("not-indexed", values, retryAfter);
  }
  if (kind === "catalogue" && values.status === 423) {
    return new WebTrouble("licence", values);
  }
  return trouble;
}
