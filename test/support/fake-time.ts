/** Time that stands still until a test moves it: timers, intervals and our clock, in the order they are due. */
import { performance } from "node:perf_hooks";
import { setImmediate as turn } from "node:timers/promises";

interface Alarm {
  at: number;
  readonly every: number | undefined;
  readonly work: () => void;
}

/** So many turns of the event loop let everything happen that needs no time. */
const TURNS = 60;

export class FakeTime {
  readonly #real = { setTimeout, clearTimeout, setInterval, clearInterval, now: performance.now };
  readonly #alarms = new Map<object, Alarm>();
  #now = 0;

  /** Takes the place of the real time, until `stop()`. */
  constructor() {
    const later = (every: boolean) => (work: () => void, milliseconds?: number) => {
      // As Node does: a timer never rings in the turn that set it.
      const delay = Math.max(1, milliseconds ?? 1);
      const timer = { ref: () => timer, unref: () => timer, hasRef: () => true };
      this.#alarms.set(timer, { at: this.#now + delay, every: every ? delay : undefined, work });
      return timer;
    };
    const clear = (timer: object): void => {
      this.#alarms.delete(timer);
    };
    Object.assign(globalThis, {
      ...{ setTimeout: later(false), setInterval: later(true) },
      ...{ clearTimeout: clear, clearInterval: clear },
    });
    performance.now = () => this.#now;
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#alarms.size;
  }

  /** Lets so much time pass, and everything happen that happens meanwhile. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settled();
    for (;;) {
      const [next] = [...this.#alarms]
        .filter(([, { at }]) => at <= end)
        .sort(([, one], [, other]) => one.at - other.at);
      if (next === undefined) break;
      const [timer, alarm] = next;
      this.#now = alarm.at;
      if (alarm.every === undefined) this.#alarms.delete(timer);
      else alarm.at += alarm.every;
      alarm.work();
      await settled();
    }
    this.#now = end;
  }

  stop(): void {
    const { now, ...timers } = this.#real;
    Object.assign(globalThis, timers);
    performance.now = now;
  }
}

/** Everything has happened that needs no time. */
export async function settled(): Promise<void> {
  for (let count = 0; count < TURNS; count += 1) await turn();
}
