/**
 * What to tell of a plan. Enters: a plan, the event, what failed. Leaves: the files that are due, as messages have
 * them; the plan knows who was told.
 */
import { join } from "node:path";
import type { Job, Outcome, SavedFile } from "./fetching";
import { lookFor } from "./file-download";
import type { Plan, PlannedFile } from "./plan";

/**
 * Which files somebody is to be told of now: those nobody was told of, and those this same event was told of before
 * it came again. Where something failed nobody counts as told.
 */
export async function outcomeOf(
  plan: Plan,
  { event, folder }: Job,
  failed: Outcome["failed"],
  notices: readonly string[],
): Promise<Outcome> {
  const files: PlannedFile[] = [];
  for (const file of plan.files) {
    const told = plan.toldOf(file);
    const isDue = told === undefined || (event !== undefined && told === event);
    if (isDue && (await lookFor(plan, file)) === "right") {
      files.push(file);
    }
  }
  if (failed.length === 0 && files.length > 0) {
    // Before it is sent: should the process end in between, the event comes again under the same key.
    await plan.markTold(event ?? "", files);
  }
  return { saved: files.map((file) => savedFile(plan, file)), failed, notices, folder };
}

function savedFile(plan: Plan, file: PlannedFile): SavedFile {
  const { name, path, productId = null, version = null, checksum } = file;
  const { size = 0, sum = null, verified = false } = plan.wholeOf(file) ?? {};
  const algorithms: Readonly<Record<number, string>> = {
    32: "MD5",
    40: "SHA-1",
    64: "SHA-256",
    128: "SHA-512",
  };
  const algorithm = algorithms[sum?.length ?? 0] ?? null;
  return {
    ...{ path: join(plan.folder, path), name, size, checksum: sum ?? checksum ?? null },
    ...{ algorithm, verified, productId, version },
  };
}
