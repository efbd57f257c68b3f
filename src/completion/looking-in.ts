/**
 * Looks in on a method of a running node, for which Node-RED has no hook. Enters: a node, and what to do around its
 * method. It must never change what the method does; with the node, its next deploy removes it.
 */
import type { FlowNode } from "./runtime";

type Method = "error" | "send" | "status";

export class LookingIn<Name extends Method> {
  readonly #name: Name;
  readonly #around: (node: FlowNode, args: Parameters<FlowNode[Name]>, call: () => void) => void;
  readonly #ours = new WeakMap<FlowNode, unknown>();

  /** @param around calls the method, and whatever else is to be done */
  constructor(
    name: Name,
    around: (node: FlowNode, args: Parameters<FlowNode[Name]>, call: () => void) => void,
  ) {
    this.#name = name;
    this.#around = around;
  }

  /** To be repeated: Node-RED puts its own `send` back when it changes the wires. */
  on(node: FlowNode): void {
    const original = node[this.#name];
    if (this.#ours.has(node) && this.#ours.get(node) === original) {
      return;
    }
    const around = this.#around;
    const ours = function (this: unknown, ...args: Parameters<FlowNode[Name]>): void {
      around(node, args, () => Reflect.apply(original, this ?? node, args));
    };
    this.#ours.set(node, ours);
    node[this.#name] = ours as FlowNode[Name];
  }
}
