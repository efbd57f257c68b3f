/**
 * What a download node shows: what, how much, how fast; and why it waits. Enters: what happens. Leaves: a status in
 * words of the catalogue, and counters for a Status node. Pure.
 */
import type { Progress } from "../web/fetching";
import type { WebTrouble } from "../web/troubles";
import { light, type NodeStatus, type Translate } from "./status";

/** One order or product on its way. */
class Going implements Progress {
  readonly name: string;
  readonly #changed: (bytes: number) => void;
  readonly #zipInstead: Progress["zipInstead"];
  done = 0;
  total = 0;
  /** In bytes. */
  fetched = 0;
  trouble: WebTrouble | undefined;

  constructor(name: string, changed: (bytes: number) => void, zipInstead: Progress["zipInstead"]) {
    this.name = name;
    this.#changed = changed;
    this.#zipInstead = zipInstead;
  }

  files(done: number, of: number): void {
    this.done = done;
    this.total = of;
    this.#changed(0);
  }

  bytes(count: number): void {
    this.fetched += count;
    this.#changed(count);
  }

  waiting(trouble: WebTrouble | undefined): void {
    this.trouble = trouble;
    this.#changed(0);
  }

  zipInstead(reason: Parameters<Progress["zipInstead"]>[0]): void {
    this.#zipInstead(reason);
  }
}

/** Where a rate is measured from: a moment and the bytes of then. */
interface Mark {
  readonly at: number;
  readonly bytes: number;
}

/** A rate of the last seconds, not of a whole night. */
const RATE_OVER_MS = 5_000;

/** Everything a download node has in hand, and has had. */
export class DownloadProgress {
  readonly #now: () => number;
  readonly #changed: () => void;
  readonly #going = new Set<Going>();
  readonly #counters = { saved: 0, nothing: 0, failed: 0, files: 0 };
  #bytes = 0;
  /** Of what is in hand now. */
  #bytesNow = 0;
  #marks: Mark[] = [];

  constructor(now: () => number, changed: () => void) {
    this.#now = now;
    this.#changed = changed;
  }

  begin(name: string, zipInstead: Progress["zipInstead"]): Going & { end: () => void } {
    const going = new Going(name, (bytes) => this.#count(bytes), zipInstead);
    if (this.#going.size === 0) {
      this.#bytesNow = 0;
      this.#marks = [];
    }
    this.#going.add(going);
    this.#changed();
    return Object.assign(going, {
      end: () => {
        this.#going.delete(going);
        this.#changed();
      },
    });
  }

  /** A message has left by an output. */
  ended(output: "saved" | "nothing" | "failed", files: number): void {
    this.#counters[output] += 1;
    this.#counters.files += files;
    this.#changed();
  }

  status(waiting: number, say: Translate, again: Translate): NodeStatus {
    const all = [...this.#going];
    const rate = this.#rate();
    const counters = { ...this.#counters, bytes: this.#bytes, rate, inProgress: all.length, waiting };
    const [first] = all;
    if (first === undefined) {
      return { ...light("green", "dot", say("ready"), "ready"), counters };
    }
    const name = all.length === 1 ? first.name : say("several", { count: all.length });
    const troubled = all.find(({ trouble }) => trouble !== undefined);
    if (troubled?.trouble !== undefined && all.every(({ trouble }) => trouble !== undefined)) {
      const cause = again(troubled.trouble.code);
      return { ...light("yellow", "dot", say("again", { name, cause }), "again"), counters };
    }
    const sum = (of: (going: Going) => number): number => all.reduce((total, going) => total + of(going), 0);
    const text = say("going", {
      name,
      done: sum(({ done }) => done),
      total: sum(({ total }) => total),
      bytes: inBytes(this.#bytesNow, say),
      rate: inBytes(rate, say),
    });
    return { ...light("blue", "dot", text, "downloading"), counters };
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#bytesNow += bytes;
    this.#changed();
  }

  /** Bytes a second, over the last few. */
  #rate(): number {
    const at = this.#now();
    const recent = this.#marks.filter((mark) => at - mark.at < RATE_OVER_MS);
    this.#marks = [...recent, { at, bytes: this.#bytesNow }];
    const [oldest] = this.#marks;
    const seconds = oldest === undefined ? 0 : (at - oldest.at) / 1_000;
    return seconds > 0 ? Math.max(0, Math.round((this.#bytesNow - (oldest?.bytes ?? 0)) / seconds)) : 0;
  }
}

const UNITS = ["unit.B", "unit.kB", "unit.MB", "unit.GB", "unit.TB"] as const;

/** `1.8 GB`: two digits are enough. */
export function inBytes(bytes: number, say: Translate): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return say(UNITS[unit] ?? "unit.B", { value: value.toFixed(digits) });
}
