/**
 * Brings an order as one ZIP, takes it apart into the files of the plan, and removes it. Enters: a plan. Leaves: its
 * files, as if they had been fetched one by one. REGARDS hands a ZIP out once: the plan knows how far it is, so that
 * a crash at any moment costs nothing that can still be had.
 */
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isPage, refusalOf } from "./client";
import type { Fetching } from "./fetching";
import { algorithmOf, lookFor, settle } from "./file-download";
import { inSlots } from "./files-round";
import { checkRoom, finishPart, KEPT_FREE_BYTES, PART, sizeOf, writePart } from "./part-file";
import { persistently } from "./patience";
import type { Plan, PlannedFile } from "./plan";
import { WebTrouble } from "./troubles";
import { readZip, type ZipEntry } from "./zip";

/** The ZIP while it is here; no name from outside is like it. */
const ZIP = ".regards-order.zip";
/** A file of the ZIP before it is known which one it is. */
const ENTRY = ".regards-entry";
/** What a ZIP has beside its files, for each of them and at all. */
const OVERHEAD_PER_FILE = 4_096;
const OVERHEAD = 1024 * 1024;

/** What a ZIP brought. */
export interface ZipBrought {
  /** False for 204: there was none. */
  readonly isThere: boolean;
  readonly notices: readonly string[];
}

/** Takes apart what is here already, else asks for the ZIP, as often as the table of troubles says. */
export async function fetchZip(fetching: Fetching, plan: Plan, orderId: string): Promise<ZipBrought> {
  return await persistently(async () => {
    const isHere = plan.zip === "whole" && (await sizeOf(pathOf(plan))) !== undefined;
    const isThere = isHere || (await inSlots(fetching, () => transfer(fetching, plan, orderId)));
    return { isThere, notices: isThere ? await takeApart(plan) : [] };
  }, fetching);
}

/** Whether a ZIP was on its way, and never came whole: REGARDS may count it as handed out. */
export function wasBroken(plan: Plan): boolean {
  return plan.zip === "begun";
}

/** Takes apart a whole ZIP that a process that was killed has left, and removes what is not whole. */
export async function recoverZip(plan: Plan): Promise<readonly string[]> {
  let notices: readonly string[] = [];
  if (plan.zip !== "ended" && (await sizeOf(pathOf(plan))) !== undefined) {
    if (plan.zip === "begun") {
      // It has its final name, so it was whole.
      await plan.markZip("whole");
    }
    notices = await takeApart(plan).catch((error) => {
      if (isBadZip(error)) {
        return [];
      }
      throw error;
    });
  }
  for (const leftover of [pathOf(plan), `${pathOf(plan)}${PART}`, join(plan.folder, `${ENTRY}${PART}`)]) {
    await rm(leftover, { force: true });
  }
  return notices;
}

function pathOf({ folder }: Plan): string {
  return join(folder, ZIP);
}

async function transfer(fetching: Fetching, plan: Plan, orderId: string): Promise<boolean> {
  const { client, signal, progress } = fetching;
  const wasBegun = wasBroken(plan);
  if (!wasBegun) {
    await plan.markZip("begun");
  }
  // Never HEAD: it would cost the files.
  const answer = await client.get(`/api/v1/rs-order/user/orders/${orderId}/download`, { signal });
  if (answer.status !== 200) {
    if (!wasBegun) {
      // What is no ZIP has handed nothing out.
      await plan.markZip("ended");
    }
    const trouble = await refusalOf(answer);
    if (answer.status === 204) {
      return false;
    }
    throw trouble;
  }
  if (isPage(answer)) {
    answer.discard();
    throw new WebTrouble("page");
  }
  let counted = 0;
  try {
    const measure = {
      limit: limitOf(plan),
      algorithm: undefined,
      counted: (bytes: number) => {
        counted += bytes;
        progress.bytes(bytes);
      },
    };
    await writePart(pathOf(plan), answer.chunks(), measure);
  } catch (error) {
    progress.bytes(-counted);
    throw error;
  } finally {
    answer.discard();
  }
  await finishPart(pathOf(plan));
  await plan.markZip("whole");
  return true;
}

/** What the list announces; undefined where it does not say all of it. */
function limitOf({ files }: Plan): number | undefined {
  const sizes = files.map(({ size }) => size);
  if (sizes.length === 0 || sizes.includes(undefined)) {
    return undefined;
  }
  const total = sizes.reduce<number>((sum, size = 0) => sum + size, 0);
  return total + sizes.length * OVERHEAD_PER_FILE + OVERHEAD;
}

/** The ZIP becomes files; a broken one is asked for again. */
async function takeApart(plan: Plan): Promise<string[]> {
  try {
    const notices = await readZip(pathOf(plan), (entry) => keepEntry(plan, entry));
    await plan.markZip("ended");
    await rm(pathOf(plan), { force: true });
    return notices;
  } catch (error) {
    if (isBadZip(error)) {
      await plan.markZip("begun");
      await rm(pathOf(plan), { force: true });
    }
    throw error;
  }
}

function isBadZip(error: unknown): boolean {
  return error instanceof WebTrouble && error.trouble === "bad-zip";
}

async function keepEntry(plan: Plan, entry: ZipEntry): Promise<void> {
  const ownId = `zip:${plan.zips}:${entry.name}`;
  const plain = entry.name.replace(/ \(\d+\)(?=(?:\.[^.]*)?$)/, "");
  const named = plan.files.filter(({ id, name }) =>
    // REGARDS calls the second file of one name `name (1).ext`.
    id.startsWith("zip:") ? id === ownId : name === entry.name || name === plain,
  );
  const candidates: PlannedFile[] = [];
  for (const file of named) {
    if ((await lookFor(plan, file)) === "missing") {
      candidates.push(file);
    }
  }
  const isListed = named.length > 0;
  const isAnnounced = candidates.some(({ size = entry.size }) => size === entry.size);
  if (isListed && !isAnnounced) {
    // It is there already, or another content than the list says: that is fetched by its id.
    return;
  }
  if (!candidates.some(({ size }) => size === entry.size)) {
    // Only the ZIP says how large it is.
    await checkRoom(plan.folder, entry.size + KEPT_FREE_BYTES);
  }
  const temporary = join(plan.folder, ENTRY);
  const [first] = candidates;
  const algorithm = algorithmOf(first?.checksum, first?.algorithm) ?? "md5";
  const written = await writePart(temporary, entry.chunks(), { limit: entry.size, algorithm });
  const hasSum = (file: PlannedFile): boolean => algorithmOf(file.checksum, file.algorithm) !== undefined;
  const fitting = candidates.filter(({ size = written.size }) => size === written.size);
  const file =
    fitting.find((each) => hasSum(each) && each.checksum === written.sum) ??
    fitting.find((each) => !hasSum(each)) ??
    (isListed ? undefined : await unlisted(plan, ownId, entry));
  if (file === undefined) {
    // Another content than the list says: it is fetched by its id.
    await rm(`${temporary}${PART}`, { force: true });
    return;
  }
  await rename(`${temporary}${PART}`, await partOf(plan, file));
  await settle(plan, file, written);
}

async function partOf(plan: Plan, { path }: PlannedFile): Promise<string> {
  const whole = join(plan.folder, path);
  await mkdir(dirname(whole), { recursive: true });
  return `${whole}${PART}`;
}

/** A file no list named: the list was not allowed, or the file came after it was read. */
async function unlisted(plan: Plan, id: string, { name, size }: ZipEntry): Promise<PlannedFile | undefined> {
  const [file] = await plan.add([{ id, name, size }]);
  return file;
}
