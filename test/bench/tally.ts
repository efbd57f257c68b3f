/**
 * Counts messages to an expected number and says how fast they came. The clock is the machine's monotonic
 * one, so a moment noted in one process can be compared in another.
 */

/** What a finished tally knows. */
export interface Figures {
  readonly count: number;
  /** Milliseconds from the first message, or from `begin`, to the last. */
  readonly elapsed: number;
  /** Milliseconds of processor time this process spent meanwhile: what a busy machine falsifies least. */
  readonly cpu: number;
  /** Milliseconds of processor time the broker spent meanwhile, where that can be told. */
  readonly broker?: number | undefined;
  /** Milliseconds from publication to here, for each message that said when it was published. */
  readonly latencies: readonly number[];
}

export class Tally {
  readonly #expected: number;
  readonly #latencies: number[] = [];
  #count = 0;
  #first: bigint | undefined;
  #cpu = process.cpuUsage();

  constructor(expected: number) {
    this.#expected = expected;
  }

  /** Starts the clock before the first message. */
  begin(): void {
    this.#first = process.hrtime.bigint();
    this.#cpu = process.cpuUsage();
  }

  /** One more message; the figures with the last one. */
  add(sentAt?: string): Figures | undefined {
    this.#count += 1;
    if (this.#first === undefined) {
      this.begin();
    }
    if (sentAt !== undefined) {
      this.#latencies.push(Number(process.hrtime.bigint() - BigInt(sentAt)) / 1e6);
    }
    if (this.#count !== this.#expected) {
      return undefined;
    }
    const elapsed = Number(process.hrtime.bigint() - (this.#first ?? 0n)) / 1e6;
    const { user, system } = process.cpuUsage(this.#cpu);
    return { count: this.#count, elapsed, cpu: (user + system) / 1_000, latencies: this.#latencies };
  }
}
