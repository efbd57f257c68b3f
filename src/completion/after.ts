/** Time, as far as completion waits for anything: tests have a time of their own. */

/** Calls back after some time; returns how to prevent that. */
export type After = (milliseconds: number, work: () => void) => () => void;

/** A wait that keeps no process alive. */
export const realTime: After = (milliseconds, work) => {
  const timer = setTimeout(work, milliseconds).unref();
  return () => clearTimeout(timer);
};

/** How long what is not told is waited for, in milliseconds. */
export interface Timing {
  /** For a stopped node, to complete what it held. */
  readonly closing: number;
  /** For a node that does not tell when it is done, to send something. */
  readonly answer: number;
  readonly after: After;
}

export const TIMING: Timing = { closing: 5_000, answer: 60_000, after: realTime };
