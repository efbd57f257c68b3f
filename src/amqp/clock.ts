/**
 * The clock that nobody sets: what lasts is measured on it, so that an administrator, NTP or a suspended
 * machine that changes the time of day neither freezes a wait nor ends it early. It says nothing of the date.
 */
import { performance } from "node:perf_hooks";

/** A clock and its alarm; tests bring their own. */
export interface Clock {
  /** Milliseconds since some moment; never runs backwards. */
  now(): number;
  /** Calls back once, so many milliseconds later; returns how to prevent it. */
  after(milliseconds: number, work: () => void): () => void;
}

/** Milliseconds since the process started; never runs backwards. */
export function now(): number {
  return performance.now();
}

/** The real one. */
export const clock: Clock = {
  now,
  after: (milliseconds, work) => {
    const timer = setTimeout(work, milliseconds);
    return () => clearTimeout(timer);
  },
};
