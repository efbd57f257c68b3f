/**
 * The clock that nobody sets: what lasts is measured on it, so that an administrator, NTP or a suspended
 * machine that changes the time of day neither freezes a wait nor ends it early. It says nothing of the date.
 */
import { performance } from "node:perf_hooks";

/** Milliseconds since the process started; never runs backwards. */
export function now(): number {
  return performance.now();
}
