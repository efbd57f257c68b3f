/**
 * What is known of types of nodes whose word about their completion cannot simply be taken. Enters: a node, and
 * types found to work on without telling. Leaves: how to tell when such a node is done. It must never know runs.
 */
import type { FlowNode } from "./runtime";

/**
 * Types that take one argument, work on after their handler has returned, and then send: what everybody's first
 * event would teach, known from the start.
 */
const ASYNCHRONOUS: readonly string[] = [
  "DeviceStats",
  "GSheet",
  "MSSQL",
  "MySQL-Connector",
  "OpcUa-Browser",
  "OpcUa-Client",
  "OpcUa-Method",
  "Stackhero-MySQL",
  "bigexec",
  "dwdweather",
  "fs-ops-copy",
  "fs-ops-move",
  "ftp in",
  "jimp-image",
  "modbus-flex-getter",
  "modbus-flex-write",
  "modbus-getter",
  "modbus-write",
  "mongodb in",
  "mongodb out",
  "oracledb",
  "ping",
  "postgres",
  "serial request",
  "sftp in",
  "snmp",
  "snmp set",
  "snmp subtree",
  "snmp table",
  "snmp walker",
  "sqlite",
];

/** Handlers of one or two arguments (core filter among them) never signal completion. */
export function isSilent(node: FlowNode): boolean {
  return node._expectedDoneCount === 0 || !hasHandler(node);
}

/** Whether anything happens when the node gets a message; a closed node has lost its handlers. */
export function hasHandler(node: FlowNode): boolean {
  return Boolean(node._inputCallback) || Boolean(node._inputCallbacks);
}

/** Takes `done` and does not call it: it counts as finished when its handler returns. */
export function neverCompletes(node: FlowNode): boolean {
  switch (node.type) {
    case "cronplus":
      return true;
    case "uibuilder":
      return (node as FlowNode & { readonly fwdInMessages?: boolean }).fwdInMessages !== true;
    default:
      return false;
  }
}

/** Says that it is done when it has written, and sends when the answer has come: core tcp request. */
export function completesBeforeItsAnswer(node: FlowNode): boolean {
  if (node.type !== "tcp request") {
    return false;
  }
  const { out, splitc } = node as FlowNode & { readonly out?: string; readonly splitc?: number };
  // "sit" keeps the connection, where nobody can tell whose an answer is; "time" below 0 waits for none.
  return out === "count" || out === "char" || (out === "time" && (splitc ?? -1) >= 0);
}

/**
 * Drops, without a word, all that waits for a connection when that fails, and reports the error for one message only:
 * core tcp request, here with one connection.
 */
export function dropsAllWithOneError(node: FlowNode): boolean {
  const { server, port } = node as FlowNode & { readonly server?: unknown; readonly port?: unknown };
  return node.type === "tcp request" && Boolean(server) && Boolean(port);
}

/** Types without `done` that send after their handler has returned: known ones, and those that were caught at it. */
export class AsynchronousTypes {
  readonly #types = new Set(ASYNCHRONOUS);

  has(type: string): boolean {
    return this.#types.has(type);
  }

  learn(type: string): void {
    // What a widget of a dashboard sends later is a person's doing, not the message's.
    if (!type.startsWith("ui_")) {
      this.#types.add(type);
    }
  }
}
