/**
 * The forms of the suite. Long (`npm run test:faults`): every fault as long as it lasts in real life, several
 * times. Short (`npm run test:faults -- --short`): every fault once, for seconds. `npm test` takes the
 * quickest of these.
 */

/** True when every fault is to last. */
export const isLong = process.env.REGARDS_FAULTS === "long";

/** True when every fault is to happen, not only the quick ones. */
export const isWhole = isLong || process.env.REGARDS_FAULTS === "short";

/** How often each fault happens. */
export const ROUNDS = isLong ? whole("REGARDS_FAULTS_ROUNDS", 3) : 1;

/** How long the broker is away in the longest outage, in seconds. */
export const OUTAGE = whole("REGARDS_FAULTS_OUTAGE", 60);

/**
 * Seconds between heartbeats: the fewer, the sooner a silent link is noticed (after two to three). With one second a
 * busy machine passes for a silent link.
 */
export const HEARTBEAT = isLong ? 5 : 2;

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
