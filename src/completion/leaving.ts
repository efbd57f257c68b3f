/**
 * What nodes of ours that are being closed do with what they have: nobody has to wait for what cannot come, and what
 * comes later is not done again. Enters: such nodes, each from its own close handler. Leaves: what each said last.
 */

/**
 * `passes-on`: the node that comes in its place takes all of it in, and brings it to its end.
 * `ends-some`: likewise, but some of it may still end while it is being closed.
 * `drops`: nobody does; it has to come again.
 */
export type Leaving = "passes-on" | "ends-some" | "drops";

const leaving = new WeakMap<object, Leaving>();
const listeners = new Set<(node: object) => void>();

/** The node is being closed, or has been, and says what becomes of what it has. */
export function leave(node: object, how: Leaving): void {
  leaving.set(node, how);
  for (const listener of listeners) {
    listener(node);
  }
}

/** Undefined for a node that runs, and for one that has said nothing: it may still complete what it has. */
export function leavingOf(node: object): Leaving | undefined {
  return leaving.get(node);
}

/** Calls back when a node says so; returns how to stop that. */
export function onLeaving(listener: (node: object) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
