/**
 * Everything an order offers, on the disk. Enters: an order id, a folder, files or ZIP. Leaves: which files are there
 * that nobody has been told of, and which could not be had; or a `WebTrouble`. Killed at any moment, the next one
 * goes on where this one was.
 */
import { join } from "node:path";
import type { Fetching, Job, Outcome, ZipReason } from "./fetching";
import type { FileSource } from "./file-download";
import { fetchFiles, missingFiles } from "./files-round";
import { type ListedFile, listFiles } from "./list";
import { outcomeOf } from "./outcome";
import { sizeOf } from "./part-file";
import { persistently } from "./patience";
import { PLAN, Plan, type PlannedFile } from "./plan";
import { WebTrouble } from "./troubles";
import { fetchZip, recoverZip, wasBroken } from "./zip-round";

/** An order to fetch. */
export interface OrderJob extends Job {
  readonly orderId: string;
  readonly mode: "files" | "zip";
  /** Where it was begun and not told of, if that is another folder: REGARDS no longer lists what was fetched there. */
  readonly before?: string | undefined;
}

/** REGARDS cannot count a file of this size as downloaded when it goes out by its id. */
const TOO_LARGE = 2 ** 31;
/** Sub-orders become available while others are fetched; an order has hundreds at most. */
const MAX_ROUNDS = 500;

export async function downloadOrder(fetching: Fetching, job: OrderJob): Promise<Outcome> {
  const plan = await persistently(() => Plan.open(job.folder, nameOf(job)), fetching);
  try {
    // Whatever is wrong with the other folder, this one has its own list.
    const left = await leftIn(job).catch(() => []);
    await persistently(() => plan.add(left), fetching);
    const notices = [...(await persistently(() => recoverZip(plan), fetching))];
    const failed = await bringAll(fetching, plan, job, notices);
    return await persistently(() => outcomeOf(plan, job, failed, notices), fetching);
  } finally {
    await plan.close();
  }
}

/** The files of the folder before, nobody was told of, that can be fetched by their ids. */
async function leftIn({ before, folder, ...job }: OrderJob): Promise<readonly PlannedFile[]> {
  if (before === undefined || before === folder || (await sizeOf(join(before, PLAN))) === undefined) {
    return [];
  }
  const plan = await Plan.open(before, nameOf(job));
  await plan.close();
  return plan.files.filter((file) => plan.toldOf(file) === undefined && isListed(file));
}

function nameOf({ orderId, of }: Pick<OrderJob, "orderId" | "of">): string {
  return `order ${orderId} of ${of}`;
}

/** Not one that a ZIP alone knows of. */
function isListed({ id }: PlannedFile): boolean {
  return /^\d+$/.test(id);
}

async function bringAll(
  fetching: Fetching,
  plan: Plan,
  job: OrderJob,
  notices: string[],
): Promise<Outcome["failed"]> {
  const { progress } = fetching;
  let failed: Outcome["failed"] = [];
  let said: ZipReason | undefined;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const rows = await listed(fetching, job.orderId);
    const added = rows?.map(plannable) ?? [];
    const fresh = await persistently(() => plan.add(added), fetching);
    const reason = rows === undefined ? "not-allowed" : reasonForZip(rows);
    if (reason !== undefined && job.mode === "files" && said !== reason) {
      said = reason;
      progress.zipInstead(reason);
    }
    const isByZip = job.mode === "zip" || reason !== undefined;
    // Something may be available that no list may tell of; and a ZIP that broke may be had again.
    const isZipDue = rows === undefined || rows.length > 0;
    let isThere = false;
    if (isByZip && isZipDue) {
      const brought = await fetchZip(fetching, plan, job.orderId);
      notices.push(...brought.notices);
      isThere = brought.isThere;
    }
    failed = await byId(fetching, plan, job, rows !== undefined);
    if (wasBroken(plan)) {
      if (rows === undefined) {
        throw new WebTrouble("handed-out");
      }
      if (failed.length === 0) {
        await persistently(() => plan.markZip("ended"), fetching);
      }
    }
    if (failed.length > 0 || (fresh.length === 0 && !isThere)) {
      break;
    }
  }
  return failed;
}

/** What is not there yet; what the ZIP alone knows of has no id to fetch it by. */
async function byId(
  fetching: Fetching,
  plan: Plan,
  { parallel }: OrderJob,
  isAllowed: boolean,
): Promise<Outcome["failed"]> {
  const missing = await missingFiles(plan);
  const length = plan.count;
  fetching.progress.files(length - missing.length, length);
  const known = isAllowed ? missing.filter(isListed) : [];
  const lost = missing.filter((file) => !known.includes(file));
  const failed = await fetchFiles(fetching, plan, known, orderFile, parallel);
  return [...failed, ...lost.map((file) => ({ file, trouble: new WebTrouble("handed-out") }))];
}

function orderFile({ id }: PlannedFile): FileSource {
  return { path: `/api/v1/rs-order/orders/files/${id}`, kind: "order" };
}

/** Undefined where REGARDS does not let this account see the list. */
async function listed(fetching: Fetching, orderId: string) {
  const { client, signal } = fetching;
  try {
    return await persistently(() => listFiles(client, orderId, signal), fetching);
  } catch (error) {
    if (error instanceof WebTrouble && error.trouble === "not-allowed") {
      return undefined;
    }
    throw error;
  }
}

function reasonForZip(rows: readonly ListedFile[]): ZipReason | undefined {
  if (rows.some(({ size = 0 }) => size >= TOO_LARGE)) {
    return "too-large";
  }
  return rows.some(({ size, checksum }) => size === undefined && checksum === undefined)
    ? "reference"
    : undefined;
}

function plannable({ id, ...rest }: ListedFile): Omit<PlannedFile, "path"> {
  return { id: String(id), ...rest };
}
