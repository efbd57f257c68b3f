/**
 * Tells whether a message that a node sends is going to reach a node that runs: Node-RED drops without a word what
 * is sent to a disabled node, or to one on a disabled tab. Enters: a running node, and where it sends. Leaves:
 * whether that runs, and its name. It must never know runs.
 */
import { nameOf } from "./run";
import type { FlowNode, NamedNode, NodeConfig, Runtime, SendEvent } from "./runtime";

/** Where an output leads: it is not wired; no node it is wired to runs; at least one does. */
export type Lead = "nowhere" | "stopped" | "running";

/** To be asked anew for every message: a deploy changes wires without restarting the node. */
export function leadsTo(node: FlowNode, output: number): Lead {
  const ids = node.wires?.[output] ?? [];
  if (ids.length === 0) {
    return "nowhere";
  }
  return ids.some((id) => isRunning(node, id)) ? "running" : "stopped";
}

/** The node that an output leads to and that does not run, for a person; blank when there is none. */
export function stoppedBehind(runtime: Runtime, node: FlowNode, output: number): string {
  const id = node.wires?.[output]?.find((each) => !isRunning(node, each));
  return id === undefined ? "" : nameOf(stoppedNode(runtime, node, id));
}

/** Looks a node up as Node-RED does when it routes a message. */
export function isRunning(sender: FlowNode, id: string): boolean {
  const found = sender._flow?.getNode(id);
  return typeof found === "object" && found !== null;
}

/** A node that does not run, under a name that says so. */
export function stoppedNode(runtime: Runtime, sender: FlowNode, id: string): NamedNode {
  const config = sender._flow?.flow?.nodes?.[id] ?? runtime.configOf(id);
  const isDisabled = config?.d === true || isTabDisabled(runtime, config);
  return { id, type: runtime.nameStopped(config === undefined ? id : nameOf(config), isDisabled) };
}

function isTabDisabled(runtime: Runtime, config: NodeConfig | undefined): boolean {
  return config?.z !== undefined && runtime.configOf(config.z)?.disabled === true;
}

/** A message of one call of `send` that reaches no running node by the output it was sent on. */
export interface Undelivered {
  readonly event: SendEvent;
  /** Whether other nodes on the same output run. */
  readonly isPartly: boolean;
}

/** Of one call of `send`, what goes to nodes that do not run; the same message once for an output. */
export function undelivered(events: readonly SendEvent[]): Undelivered[] {
  // Nearly always all of them run.
  const missing = events.filter(({ source, destination }) => !isRunning(source.node, destination.id));
  if (missing.length === 0) {
    return [];
  }
  const seen = new Map<number, Set<object>>();
  const found: Undelivered[] = [];
  for (const event of missing) {
    const { port } = event.source;
    const messages = seen.get(port) ?? new Set();
    seen.set(port, messages);
    if (!messages.has(event.msg)) {
      messages.add(event.msg);
      const isPartly = events.some((each) => each.source.port === port && !missing.includes(each));
      found.push({ event, isPartly });
    }
  }
  return found;
}
