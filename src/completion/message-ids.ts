/**
 * Remembers whose a message is by its `_msgid`, which survives every copy. Enters: ids of messages made for a run,
 * ids of messages seen outside of every run, and runs that end. Leaves: the run of an id. It must never look at
 * a message itself.
 */
import type { Run } from "./run";

/** So many ids of the past are remembered at least: a rate limit may keep a stranger's message for long. */
const REMEMBERED = 10_000;

export class MessageIds {
  readonly #open = new Map<string, Run>();
  /** Runs that have ended, and `undefined` for messages of nobody. The older half is dropped when the newer is full. */
  #past = new Map<string, Run | undefined>();
  #older = new Map<string, Run | undefined>();

  /** The run begins. */
  begin(run: Run): void {
    this.#open.set(run.messageId, run);
  }

  /** A message made for the run. */
  join(id: string, run: Run): void {
    if (!this.#open.has(id)) {
      this.#open.set(id, run);
      run.derivedIds ??= [];
      run.derivedIds.push(id);
    }
  }

  end(run: Run): void {
    this.#end(run.messageId, run);
    for (const id of run.derivedIds ?? []) {
      this.#end(id, run);
    }
    run.derivedIds = undefined;
  }

  /** A node has taken a message with this id that belongs to no run. */
  seenOutside(id: string): void {
    if (!this.isKnown(id)) {
      this.#remember(id, undefined);
    }
  }

  /** The run of this id, be it over or not. */
  runOf(id: string): Run | undefined {
    return this.#open.get(id) ?? this.#past.get(id) ?? this.#older.get(id);
  }

  /** Whether the id was seen before, in a run or outside. */
  isKnown(id: string): boolean {
    return this.#open.has(id) || this.#past.has(id) || this.#older.has(id);
  }

  #end(id: string, run: Run): void {
    if (this.#open.get(id) === run) {
      this.#open.delete(id);
      this.#remember(id, run);
    }
  }

  #remember(id: string, run: Run | undefined): void {
    if (this.#past.size >= REMEMBERED) {
      this.#older = this.#past;
      this.#past = new Map();
    }
    this.#past.set(id, run);
  }
}
