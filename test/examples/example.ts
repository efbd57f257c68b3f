/** The flows of examples/, read as the editor's Import menu would read them. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { FlowNode } from "../support/test-node-red";

/** Where they are. */
export const EXAMPLES = resolve(__dirname, "../../examples");

/** How a property says that its value comes from an environment variable. */
export function environmentVariable(name: string): string {
  return `$\{${name}}`;
}

/** The names of all of them, in the order of the menu. */
export function exampleNames(): readonly string[] {
  return readdirSync(EXAMPLES)
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .sort();
}

/** One example: its nodes, found by the names people see. */
export class Example {
  readonly nodes: readonly FlowNode[];

  constructor(nodes: readonly FlowNode[]) {
    this.nodes = nodes;
  }

  /** Reads one by its name in the menu. */
  static read(name: string): Example {
    // The file is ours and was exported from an editor: an array of nodes.
    const nodes: readonly FlowNode[] = JSON.parse(readFileSync(join(EXAMPLES, `${name}.json`), "utf8"));
    return new Example(nodes);
  }

  /** Whether it needs FlowFuse's dashboard to run. */
  get hasDashboard(): boolean {
    return this.ofType("ui-base").length > 0;
  }

  /** The id of the node of a type with this name. */
  id(type: string, name: string): string {
    const node = this.nodes.find((candidate) => candidate.type === type && candidate.name === name);
    if (node === undefined) throw new Error(`the example has no ${type} called "${name}"`);
    return node.id;
  }

  /** The nodes of a type. */
  ofType(type: string): readonly FlowNode[] {
    return this.nodes.filter((node) => node.type === type);
  }

  /** The same flow with other properties on the nodes of a type: what a user does in a dialog. */
  with(type: string, properties: Readonly<Record<string, unknown>>): Example {
    return new Example(this.nodes.map((node) => (node.type === type ? { ...node, ...properties } : node)));
  }
}
