/**
 * Remembers runs that are over by the ids of their messages, so that a late message is not taken for a new one.
 * Enters: ids and what is left of their runs. Leaves: what is left of an id's run. The last ten thousand lie side by
 * side in a few fixed pieces of memory: as objects they would live just long enough for the garbage collector to
 * take them for old, and a long backlog would cost many megabytes until it looks at those.
 */
import { EndedRun } from "./run";

/** So many ids are remembered at least: a rate limit may keep a message for long. */
export const REMEMBERED = 10_000;

/** A power of two, so much larger that an id is found after a look or two. */
const PLACES = 16_384;

export class EndedRuns {
  #newer = new Generation();
  #older = new Generation();

  add(id: string, run: EndedRun): void {
    if (!isId(id)) {
      return;
    }
    if (this.#newer.size >= REMEMBERED) {
      const emptied = this.#older;
      emptied.clear();
      this.#older = this.#newer;
      this.#newer = emptied;
    }
    this.#newer.add(hash(id, FIRST_SEED) || 1, hash(id, SECOND_SEED), run);
  }

  find(id: string): EndedRun | undefined {
    if (!isId(id)) {
      return undefined;
    }
    const first = hash(id, FIRST_SEED) || 1;
    const second = hash(id, SECOND_SEED);
    return this.#newer.find(first, second) ?? this.#older.find(first, second);
  }
}

/** A node may send, or report an error with, a message whose id is anything or nothing at all. */
function isId(id: unknown): id is string {
  return typeof id === "string";
}

/**
 * A table with open addressing: an id has the first free place from the one its first hash names. Two hashes are 64 bits,
 * so that no two ids are taken for the same.
 */
class Generation {
  size = 0;
  /** 0 at a free place. */
  readonly #first = new Uint32Array(PLACES);
  readonly #second = new Uint32Array(PLACES);
  readonly #numbers = new Float64Array(PLACES);
  readonly #ends = new Float64Array(PLACES);
  #notWaitedFor: ReadonlySet<string>[] = [];

  add(first: number, second: number, { number, at, notWaitedFor }: EndedRun): void {
    const place = this.#placeOf(first, second);
    this.#first[place] = first;
    this.#second[place] = second;
    this.#numbers[place] = number;
    this.#ends[place] = at;
    this.#notWaitedFor[place] = notWaitedFor;
    this.size += 1;
  }

  find(first: number, second: number): EndedRun | undefined {
    const place = this.#placeOf(first, second);
    const notWaitedFor = this.#notWaitedFor[place];
    return notWaitedFor === undefined
      ? undefined
      : new EndedRun(this.#numbers[place] ?? 0, this.#ends[place] ?? 0, notWaitedFor);
  }

  clear(): void {
    this.size = 0;
    this.#first.fill(0);
    this.#notWaitedFor = [];
  }

  /** Where the id is, or would be. */
  #placeOf(first: number, second: number): number {
    let place = first % PLACES;
    while (this.#first[place] !== 0 && (this.#first[place] !== first || this.#second[place] !== second)) {
      place = (place + 1) % PLACES;
    }
    return place;
  }
}

const FIRST_SEED = 0x811c9dc5;
const SECOND_SEED = 0x2c1b3c6d;

/** An unsigned number of 32 bits: FNV-1a over the characters, and a last mix so that all bits count. */
function hash(id: string, seed: number): number {
  let value = seed;
  for (let index = 0; index < id.length; index += 1) {
    value = Math.imul(value ^ id.charCodeAt(index), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 15), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}
