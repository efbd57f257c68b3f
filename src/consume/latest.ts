/** Sets that keep the latest of many. Pure. */

/** Adds an item as the latest, once; beyond so many the oldest goes. */
export function addLatest<Item>(items: Set<Item>, item: Item, most: number): void {
  items.delete(item);
  items.add(item);
  if (items.size > most) {
    for (const oldest of items) {
      items.delete(oldest);
      return;
    }
  }
}
