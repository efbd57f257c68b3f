/**
 * Tells whether a node is still meant to be there, running or disabled: a disabled node is "removed" for Node-RED, but
 * its events must wait for it. One that has become part of a subflow is gone: its instances read queues of their own.
 * Enters: what flows.json holds, and the id of a node at run time. Leaves: yes or no.
 */

/** A node as flows.json holds it. */
export interface Placed {
  readonly id: string;
  readonly type: string;
  /** The tab or the subflow it is in. */
  readonly z?: string;
}

const INSTANCE = "subflow:";

/** Whether there is a node with this id at run time, by itself or in an instance of a subflow, however deep. */
export function isPlaced(nodes: ReadonlyMap<string, Placed>, id: string): boolean {
  return isIn(nodes, id, (flow) => nodes.get(flow)?.type !== "subflow");
}

/** @param isFlow whether that is the tab, or the subflow, in which the node has to be */
function isIn(nodes: ReadonlyMap<string, Placed>, id: string, isFlow: (z: string) => boolean): boolean {
  const node = nodes.get(id);
  if (node !== undefined && isFlow(node.z ?? "")) {
    return true;
  }
  // The id of a subflow's node begins with that of the instance, and the instance may be in a subflow itself.
  for (let end = id.indexOf("-"); end >= 0; end = id.indexOf("-", end + 1)) {
    const instance = nodes.get(id.slice(0, end));
    if (instance?.type.startsWith(INSTANCE) && isFlow(instance.z ?? "")) {
      const template = instance.type.slice(INSTANCE.length);
      if (isIn(nodes, id.slice(end + 1), (z) => z === template)) {
        return true;
      }
    }
  }
  return false;
}
