/**
 * Brings what a plan still lacks, several files at a time. Enters: a plan, and where each file is. Leaves: the plan
 * as it is then, and the files that could not be had. One file that cannot be had does not keep the others back.
 */
import { join } from "node:path";
import type { Fetching, Outcome } from "./fetching";
import { downloadFile, type FileSource, lookFor } from "./file-download";
import { removePart } from "./part-file";
import { persistently } from "./patience";
import type { Plan, PlannedFile } from "./plan";
import { WebTrouble } from "./troubles";

type Failures = Outcome["failed"];

/** The files that are not right on the disk, nor moved by whoever was told of them. */
export async function missingFiles(plan: Plan): Promise<PlannedFile[]> {
  const missing: PlannedFile[] = [];
  for (const file of plan.files) {
    if ((await lookFor(plan, file)) === "missing") {
      missing.push(file);
    }
  }
  return missing;
}

/** Fetches them all; what cannot be had is returned. */
export async function fetchFiles(
  fetching: Fetching,
  plan: Plan,
  files: readonly PlannedFile[],
  sourceOf: (file: PlannedFile) => FileSource,
  parallel: number,
): Promise<Failures> {
  const { signal, progress } = fetching;
  const failed: { file: PlannedFile; trouble: WebTrouble }[] = [];
  const waiting = [...files];
  let done = plan.count - files.length;
  progress.files(done, plan.count);
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const trouble = await fetchOne(fetching, plan, file, sourceOf(file));
      if (trouble === undefined) {
        done += 1;
        progress.files(done, plan.count);
      } else {
        failed.push({ file, trouble });
        if (isForAll(trouble)) {
          // The others would fare no better, and a refused login tried for each of them locks the account.
          failed.push(...waiting.splice(0).map((other) => ({ file: other, trouble })));
        }
      }
    }
  };
  // All of them come to their end, also when one fails unexpectedly: nobody may go on behind our back.
  const ends = await Promise.allSettled(Array.from({ length: parallel }, worker));
  signal.throwIfAborted();
  const broken = ends.find((end) => end.status === "rejected");
  if (broken !== undefined) {
    throw broken.reason;
  }
  return failed;
}

async function fetchOne(
  fetching: Fetching,
  plan: Plan,
  file: PlannedFile,
  source: FileSource,
): Promise<WebTrouble | undefined> {
  const { client, signal, progress } = fetching;
  const attempt = async (): Promise<void> => {
    let counted = 0;
    try {
      await inSlots(fetching, () =>
        downloadFile(client, source, plan, file, signal, (bytes) => {
          counted += bytes;
          progress.bytes(bytes);
        }),
      );
    } catch (error) {
      // What has to be fetched again has not been fetched.
      progress.bytes(-counted);
      await removePart(join(plan.folder, file.path)).catch(() => undefined);
      throw error;
    }
  };
  try {
    await persistently(attempt, fetching);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof WebTrouble) {
      return error;
    }
    throw error;
  }
}

/** Does something while it has a slot of each limit; who waits out a trouble has none. */
export async function inSlots<T>({ slots, signal }: Fetching, work: () => Promise<T>): Promise<T> {
  const taken: (() => void)[] = [];
  try {
    for (const slot of slots) {
      taken.push(await slot.take(signal));
    }
    return await work();
  } finally {
    for (const giveBack of taken) {
      giveBack();
    }
  }
}

const FOR_ALL = new Set([
  ...["REGARDS_LOGIN_REFUSED", "REGARDS_WEB_CERTIFICATE", "REGARDS_WEB_ADDRESS", "REGARDS_FOLDER"],
  ...["REGARDS_QUOTA", "REGARDS_WEB_UNREACHABLE", "REGARDS_DISK_FULL"],
]);

function isForAll({ code }: WebTrouble): boolean {
  return FOR_ALL.has(code);
}
