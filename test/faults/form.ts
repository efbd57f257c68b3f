/**
 * The two forms of the suite: the short one belongs to `npm test` and takes seconds a fault, the long one
 * (`npm run test:faults`) keeps every cause up as long as it lasts in real life, several times.
 */

/** True when every fault is to last. */
export const isLong = process.env.REGARDS_FAULTS === "long";

/** How often each fault happens. */
export const ROUNDS = isLong ? whole("REGARDS_FAULTS_ROUNDS", 3) : 1;

/** How long the broker is away in the longest outage, in seconds. */
export const OUTAGE = whole("REGARDS_FAULTS_OUTAGE", 60);

/** Seconds between heartbeats: the fewer, the sooner a silent link is noticed (after two to three). */
export const HEARTBEAT = isLong ? 5 : 1;

/** Events published a second. */
export const RATE = 100;

/** Picks by form; in seconds where it is a time. */
export function either<T>(short: T, long: T): T {
  return isLong ? long : short;
}

function whole(name: string, otherwise: number): number {
  const given = Number(process.env[name] ?? otherwise);
  if (!Number.isInteger(given) || given < 1) throw new Error(`${name} must be a whole number from 1`);
  return given;
}
