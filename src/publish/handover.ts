/**
 * Keeps what a closed node had not finished for the node with the same id that starts next in this process: a
 * deploy that mends a broker's password must not cost what waited for it. Enters: unfinished work, by node.
 * Leaves: the same to the successor; or a report, once it is known that none comes. It does not know what
 * the work is.
 */

interface Left<T> {
  /** Still changing until the node has closed: what ends meanwhile takes itself out. */
  readonly items: Set<T>;
  readonly report: (items: readonly T[]) => void;
}

export class Handover<T> {
  readonly #running = new Set<string>();
  readonly #left = new Map<string, Left<T>[]>();

  /** A node of this id runs. */
  arrive(id: string): void {
    this.#running.add(id);
  }

  /**
   * It is being closed, with this to be finished by whoever comes next, who takes it out of the set.
   * @param report is told what nobody has taken
   */
  leave(id: string, items: Set<T>, report: (items: readonly T[]) => void): void {
    this.#running.delete(id);
    this.#left.set(id, [...(this.#left.get(id) ?? []), { items, report }]);
  }

  /** All that was left for this node, in the old order; nobody else gets it. */
  take(id: string): T[] {
    const left = this.#left.get(id) ?? [];
    this.#left.delete(id);
    const taken = left.flatMap(({ items }) => [...items]);
    for (const { items } of left) {
      items.clear();
    }
    return taken;
  }

  /** All nodes have started: reports what was left by those that have no successor. */
  reportOrphans(): void {
    for (const id of [...this.#left.keys()]) {
      if (!this.#running.has(id)) {
        this.#report(id);
      }
    }
  }

  /** The process ends: reports everything. */
  reportAll(): void {
    for (const id of [...this.#left.keys()]) {
      this.#report(id);
    }
  }

  #report(id: string): void {
    const left = this.#left.get(id) ?? [];
    this.#left.delete(id);
    for (const { items, report } of left) {
      if (items.size > 0) {
        report([...items]);
      }
    }
  }
}
