/**
 * A wall clock that somebody has set: everything that asks for the date gets another one, while timers and
 * the monotonic clock go on as they do.
 */

const Real = Date;
let shift = 0;

const now = (): number => Real.now() + shift;

const Shifted = new Proxy(Real, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length > 0 ? args : [now()], newTarget),
  apply: () => new Real(now()).toString(),
  get: (target, key, receiver) => (key === "now" ? now : Reflect.get(target, key, receiver)),
});

/** From now on the clock of this process is so many milliseconds off; 0 sets it right. */
export function shiftClock(milliseconds: number): void {
  shift = milliseconds;
  globalThis.Date = milliseconds === 0 ? Real : Shifted;
}
