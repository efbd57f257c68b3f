/**
 * The few parts of Node-RED's runtime that completion needs, as it really is: the published types leave
 * out the hooks' payloads. Types only.
 */

import type { Restarts } from "./restarts";

/** A message as it travels between nodes. */
export interface FlowMessage {
  readonly _msgid: string;
}

/** What tells a person which node is meant. */
export interface NamedNode {
  readonly id: string;
  readonly type: string;
  readonly name?: string;
}

/** The flow a node runs in, a tab or an instance of a subflow; it looks nodes up when messages are routed. */
export interface RunningFlow {
  getNode(id: string): unknown;
  readonly flow?: { readonly nodes?: Readonly<Record<string, NodeConfig>> };
}

/** A node as it is configured, whether or not it runs. */
export interface NodeConfig extends NamedNode {
  /** The tab, or subflow, it is in. */
  readonly z?: string;
  /** True when a tab is disabled. */
  readonly disabled?: boolean;
  /** True when the node is disabled. */
  readonly d?: boolean;
}

/** A node in a running flow; the underscored members tell how it signals completion and where it runs. */
export interface FlowNode extends NamedNode {
  /** The ids each output leads to; a deploy that only changes wires replaces it. */
  readonly wires?: readonly (readonly string[])[];
  readonly _expectedDoneCount?: number;
  readonly _inputCallback?: unknown;
  readonly _inputCallbacks?: unknown;
  readonly _flow?: RunningFlow;
  on(event: "close", listener: () => void): unknown;
  /** The next three are looked in on, which is why they can be replaced. */
  error(reason: unknown, msg?: unknown): void;
  send(msgs: unknown): void;
  status(status: unknown): void;
}

/** Payload of `onSend`: one for each message and wire of one call of `send`; no node is looked up yet. */
export interface SendEvent {
  readonly msg: FlowMessage;
  readonly source: { readonly node: FlowNode; readonly port: number };
  readonly destination: { readonly id: string };
}

/** Payload of `preDeliver`. */
export interface DeliverEvent {
  readonly msg: FlowMessage;
  readonly source: { readonly node: FlowNode };
  readonly destination: { readonly node: FlowNode };
}

/** Payload of `onReceive` and `postReceive`. */
export interface ReceiveEvent {
  readonly msg: FlowMessage;
  readonly destination: { readonly node: FlowNode };
}

/** Payload of `onComplete`. */
export interface CompleteEvent {
  readonly msg: FlowMessage;
  readonly error?: unknown;
  readonly node: { readonly node: FlowNode };
}

/** Node-RED, as far as completion is concerned. */
export interface Runtime {
  readonly hooks: {
    add<Event>(hook: string, listener: (event: Event) => void): void;
    remove(hook: string): void;
  };
  readonly restarts: Restarts;
  /** The node with this id that runs just now. */
  nodeNow(id: string): FlowNode | undefined;
  /** How the node with this id is configured, be it running or not; undefined inside a subflow. */
  configOf(id: string): NodeConfig | undefined;
  /** A property of a message by its path, as Node-RED reads it. */
  propertyOf(msg: FlowMessage, path: string): unknown;
  /** Adds to a node's name, for a person, why it does not run. */
  nameStopped(name: string, isDisabled: boolean): string;
  /** Tells the user about a node that sends, or reports an error, after it had completed. */
  warnLate(node: FlowNode): void;
}
