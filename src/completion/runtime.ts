/**
 * The few parts of Node-RED's runtime that completion needs, as it really is: the published types leave
 * out the hooks' payloads. Types only.
 */

import type { Restarts } from "./restarts";

/** A message as it travels between nodes. */
export interface FlowMessage {
  readonly _msgid: string;
  /** What a Catch node adds. */
  readonly error?: { readonly source?: { readonly id?: string } } | undefined;
}

/** A node in a running flow; the underscored members tell how it signals completion. */
export interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly name?: string;
  readonly _expectedDoneCount?: number;
  readonly _inputCallback?: unknown;
  readonly _inputCallbacks?: unknown;
  on(event: "close", listener: () => void): unknown;
}

/** Payload of `preRoute`: the node is yet to be looked up. */
export interface RouteEvent {
  readonly msg: FlowMessage;
  readonly source: { readonly node: FlowNode };
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

/** One line on its way to Node-RED's log. */
export interface LogEntry {
  readonly level: number;
  readonly id?: string;
  readonly msg?: unknown;
}

/** What receives log lines. */
export interface LogHandler {
  emit(event: "log", entry: LogEntry): void;
}

/** Node-RED, as far as completion is concerned. */
export interface Runtime {
  readonly hooks: {
    add<Event>(hook: string, listener: (event: Event) => void): void;
    remove(hook: string): void;
  };
  readonly log: {
    addHandler(handler: LogHandler): void;
    removeHandler(handler: LogHandler): void;
  };
  readonly restarts: Restarts;
  /** The node with this id that runs just now. */
  nodeNow(id: string): FlowNode | undefined;
  /** Tells the user about a node that sends after it had completed, once. */
  warnLate(node: FlowNode): void;
}
