/**
 * Remembers whose a message is by its `_msgid`, which survives every copy. Enters: ids of messages made for a run,
 * ids of messages seen outside of every run, and runs that end. Leaves: whose an id is. It must never look at a
 * message itself. Every message in every flow is looked up here, several times, so strangers are found before what is
 * over.
 */
import { EndedRuns, REMEMBERED } from "./ended-runs";
import type { EndedRun, Run } from "./run";

/** A run, going on or over; `null` for nobody's message; undefined for an id that was not seen before. */
export type Owner = Run | EndedRun | null | undefined;

export class MessageIds {
  readonly #open = new Map<string, Run>();
  readonly #ended = new EndedRuns();
  /** Nobody's. The older half is dropped when the newer is full. */
  #strangers = new Set<string>();
  #olderStrangers = new Set<string>();

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

  /** The run is over. */
  end(run: Run, ended: EndedRun): void {
    this.#end(run.messageId, run, ended);
    for (const id of run.derivedIds ?? []) {
      this.#end(id, run, ended);
    }
    run.derivedIds = undefined;
  }

  /** A node has taken a message with this id that no run holds. False where it belongs to a run nevertheless. */
  seenOutside(id: string): boolean {
    const owner = this.#strangers.has(id) ? null : this.ownerOf(id);
    if (owner === undefined) {
      this.#addStranger(id);
    }
    return !owner;
  }

  #addStranger(id: string): void {
    if (this.#strangers.size >= REMEMBERED) {
      this.#olderStrangers = this.#strangers;
      this.#strangers = new Set();
    }
    this.#strangers.add(id);
  }

  /** Whose the id is. */
  ownerOf(id: string): Owner {
    const run = this.#open.get(id);
    if (run !== undefined) {
      return run;
    }
    return this.#strangers.has(id) || this.#olderStrangers.has(id) ? null : this.#ended.find(id);
  }

  #end(id: string, run: Run, ended: EndedRun): void {
    if (this.#open.get(id) === run) {
      this.#open.delete(id);
      this.#ended.add(id, ended);
    }
  }
}
