/** What a user does to flows in the editor, as changes of flows.json. Pure; deploys nothing. */
import type { FlowNode } from "./node-red-admin";

/** How to deploy. */
export interface DeployOptions {
  /** In the editor's words: *Full*, *Modified Flows*, *Modified Nodes*. */
  readonly type?: "full" | "flows" | "nodes";
  readonly timeout?: number;
  /** Types may be missing: waits for the deploy only, which starts nothing of what is new. */
  readonly incomplete?: boolean;
}

/** By node id: what to change in it, or undefined to delete it. */
export type Edits = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;

/** The flows with some nodes changed or deleted; an id that is not there yet becomes a node. */
export function edited(flows: readonly FlowNode[], edits: Edits): FlowNode[] {
  const known = new Set(flows.map(({ id }) => id));
  const kept = flows
    .filter(({ id }) => !(id in edits) || edits[id] !== undefined)
    .map((node) => ({ ...node, ...edits[node.id] }));
  const added = Object.entries(edits).filter(([id, node]) => !known.has(id) && node !== undefined);
  return [...kept, ...added.map(([id, node]) => ({ id, ...node }) as FlowNode)];
}

/** Where a subflow begins and ends. */
export interface SubflowEnds {
  /** The nodes its input leads to; none without. */
  readonly in?: readonly string[];
  /** For each output the node it comes from, and which of that node's outputs. */
  readonly out?: readonly { readonly id: string; readonly port?: number }[];
  readonly env?: readonly { readonly name: string; readonly type: string; readonly value: unknown }[];
}

/** A subflow that holds these nodes. */
export function subflow(id: string, nodes: readonly FlowNode[], ends: SubflowEnds = {}): FlowNode[] {
  const place = { x: 100, y: 100 };
  const definition = {
    id,
    type: "subflow",
    name: id,
    in: ends.in ? [{ ...place, wires: ends.in.map((target) => ({ id: target })) }] : [],
    out: (ends.out ?? []).map(({ id: from, port = 0 }) => ({ ...place, wires: [{ id: from, port }] })),
    env: ends.env ?? [],
  };
  return [definition, ...nodes.map((node) => ({ ...node, z: id }))];
}

/** The id that a node of a subflow has in an instance of it: for statuses, log lines and calls. */
export const inside = (instance: string, node: string): string => `${instance}-${node}`;
