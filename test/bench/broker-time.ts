/** The processor time of the private broker's processes, read where Linux counts it, and the moment it rests. */
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

/** Linux counts in hundredths of a second, whatever its kernel was built with. */
export const TICK_MS = 10;
const SLICE_MS = 500;
/** Of a core. */
const AT_REST = 0.05;

/**
 * Milliseconds of processor time that a process group has spent; undefined where there is no /proc.
 * @param group the process id of its leader
 */
export async function groupTime(group: number): Promise<number | undefined> {
  let ticks = 0;
  const entries = await readdir("/proc").catch(() => undefined);
  for (const entry of entries ?? []) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, "utf8").catch(() => "");
    // The second field is the program's name in brackets, which may hold blanks.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (Number(fields[2]) === group) ticks += Number(fields[11]) + Number(fields[12]);
  }
  return entries === undefined ? undefined : ticks * TICK_MS;
}

/**
 * Waits until a process group hardly works any more: a classic queue still writes for seconds after it was
 * filled, and whoever reads first would pay for that.
 * @param seconds how long at most
 */
export async function untilAtRest(group: number, seconds: number): Promise<void> {
  const deadline = performance.now() + seconds * 1_000;
  let before = await groupTime(group);
  while (before !== undefined && performance.now() < deadline) {
    await pause(SLICE_MS);
    const now = await groupTime(group);
    if (now === undefined || (now - before) / SLICE_MS < AT_REST) return;
    before = now;
  }
}
