/**
 * Does something until it works, as the table of troubles has it. Enters: work that may fail with a `WebTrouble`.
 * Leaves: its result, or the trouble that time does not cure.
 */
import { setTimeout as pause } from "node:timers/promises";
import { WebTrouble } from "./troubles";

/** How long, how often. Tests have less of it. */
export interface Patience {
  readonly firstDelay: number;
  readonly mostDelay: number;
  /** What can be had later is waited for so long in all, in milliseconds; then the event counts an attempt. */
  readonly lasts: number;
  /** How often what may have been bad luck is tried. */
  readonly tries: number;
}

export const PATIENCE: Patience = { firstDelay: 2_000, mostDelay: 60_000, lasts: 3_600_000, tries: 4 };

/** With what somebody waits who fetches. */
interface Waiting {
  readonly patience: Patience;
  readonly signal: AbortSignal;
  readonly progress: { waiting(trouble: WebTrouble | undefined): void };
}

/** Does something as often as the table of troubles says, and tells of each wait. */
export function persistently<T>(work: () => Promise<T>, { patience, signal, progress }: Waiting): Promise<T> {
  return persist(work, patience, signal, (trouble) => progress.waiting(trouble));
}

/** @param waiting told of each trouble that is waited out, and of its end by undefined */
export async function persist<T>(
  work: () => Promise<T>,
  patience: Patience,
  signal: AbortSignal,
  waiting: (trouble: WebTrouble | undefined) => void = () => undefined,
): Promise<T> {
  let waited = 0;
  let tries = 0;
  for (let delay = patience.firstDelay; ; delay = Math.min(2 * delay, patience.mostDelay)) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof WebTrouble) || error.rule === "fail") {
        throw error;
      }
      const wait = error.retryAfter ?? delay;
      tries += error.rule === "again" ? 1 : 0;
      // Only the waiting counts: a transfer may have taken hours before it was cut.
      waited += error.rule === "later" ? wait : 0;
      if (tries >= patience.tries || waited > patience.lasts) {
        throw error;
      }
      waiting(error);
      await pause(wait, undefined, { signal }).catch(() => signal.throwIfAborted());
      waiting(undefined);
    }
  }
}
