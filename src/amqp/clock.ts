/** A clock nobody sets: the time of day may jump, and what waits for so long must not. */
import { performance } from "node:perf_hooks";

/** Milliseconds since some moment; only differences mean something. */
export function now(): number {
  return performance.now();
}
