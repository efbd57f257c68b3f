/** Where the outputs of a node lead at this moment: a *Modified Nodes* deploy rewires it without a restart. */
import type { Node, NodeAPI } from "node-red";

/** True when the output is wired to anything at all, running or not. */
export function isWired(node: Node, output: number): boolean {
  return targets(node, output).length > 0;
}

/** True when somebody receives what is sent there: a disabled node is wired, and does not run. */
export function leadsToRunningNode(RED: NodeAPI, node: Node, output: number): boolean {
  return targets(node, output).some((id) => Boolean(RED.nodes.getNode(id)));
}

function targets(node: Node, output: number): readonly string[] {
  // `wires` exists at run time and is missing from the published types.
  return (node as unknown as { readonly wires: readonly (readonly string[])[] }).wires[output] ?? [];
}
