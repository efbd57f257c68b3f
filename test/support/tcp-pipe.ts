/** One direction of a proxied connection, carrying chunks under the weather its proxy makes. */
import type { Socket } from "node:net";

/** What chunks have to go through; shared and changed by the proxy. */
export interface Weather {
  isFrozen: boolean;
  latency: number;
  bytesPerSecond: number;
}

interface Chunk {
  readonly bytes: Buffer | "end";
  readonly due: number;
}

const SLICE = 50;

/** Carries what one socket says to the other, in order. */
export class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #weather: Weather;
  readonly #waiting: Chunk[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isLost = false;

  constructor(from: Socket, to: Socket, weather: Weather) {
    this.#from = from;
    this.#to = to;
    this.#weather = weather;
    from.on("data", (bytes) => this.#take(bytes));
    from.once("end", () => this.#take("end"));
    from.once("close", () => clearTimeout(this.#timer));
    from.on("error", () => undefined);
    to.on("drain", () => this.flow());
  }

  /** Whether what is said here goes nowhere. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** From now on everything is swallowed. */
  lose(): void {
    this.#isLost = true;
    this.#waiting.length = 0;
    this.#from.resume();
  }

  /** Sends on what is due. */
  flow(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (!this.#weather.isFrozen && !this.#to.writableNeedDrain) {
      const next = this.#waiting.shift();
      if (next === undefined) {
        this.#from.resume();
        return;
      }
      const wait = next.due - Date.now();
      if (wait > 0) {
        this.#waiting.unshift(next);
        this.#timer = setTimeout(() => this.flow(), wait);
        return;
      }
      if (!this.#send(next)) return;
    }
  }

  #take(bytes: Buffer | "end"): void {
    if (this.#isLost) return;
    this.#waiting.push({ bytes, due: Date.now() + this.#weather.latency });
    if (this.#timer === undefined) this.flow();
    // Reading stops while something waits, so that a slow or frozen link fills the sender's buffers as a real
    // one does. Chunks that are merely late are not counted: latency is not a lack of bandwidth.
    const isLate = this.#weather.latency > 0 && !this.#weather.isFrozen;
    if (this.#waiting.length > 0 && !isLate) this.#from.pause();
  }

  /** Sends one chunk, or the slice of it that the throttle allows; says whether to go on at once. */
  #send({ bytes, due }: Chunk): boolean {
    if (bytes === "end") {
      this.#to.end();
      return true;
    }
    const allowed = Math.max(1, Math.floor((this.#weather.bytesPerSecond * SLICE) / 1000));
    this.#to.write(bytes.subarray(0, allowed));
    if (!Number.isFinite(this.#weather.bytesPerSecond)) return true;
    if (bytes.length > allowed) this.#waiting.unshift({ bytes: bytes.subarray(allowed), due });
    this.#timer = setTimeout(() => this.flow(), SLICE);
    return false;
  }
}
