/**
 * The memory of what was asked through a broker node, in that node's context: it survives an edit of the nodes that
 * asked, and every in-node of that broker node finds it, on whatever tab. Enters: Node-RED's API and the broker
 * node's id. Leaves: one memory for each broker node, as long as the process lives.
 */
import type { Node, NodeAPI, NodeContextData } from "node-red";
import { AskedRequests, type ContextStore } from "../publish/asked-requests";
import type { BrokerUse } from "./broker-use";
import { SettingsError } from "./settings";
import { logOf, reportSettings } from "./words";

interface Memory {
  readonly asked: AskedRequests;
  /** Or was: it is read once. */
  isBeingRead: boolean;
}

const known = new WeakMap<object, Map<string, Memory>>();

/** The memory of a broker node. */
export function askedRequestsOf(RED: NodeAPI, brokerId: string): AskedRequests {
  let all = known.get(RED.events);
  if (all === undefined) {
    all = new Map();
    known.set(RED.events, all);
  }
  let memory = all.get(brokerId);
  if (memory === undefined) {
    const asked = new AskedRequests(contextOf(RED, brokerId), (key, detail) => {
      const node = RED.nodes.getNode(brokerId);
      if (node !== null) {
        logOf(RED, node).warn(key, { detail });
      }
    });
    memory = { asked, isBeingRead: false };
    all.set(brokerId, memory);
  }
  // A context is reached through its node, which may come later than those that use it.
  if (!memory.isBeingRead && RED.nodes.getNode(brokerId) !== null) {
    memory.isBeingRead = true;
    void memory.asked.load(storesOf(RED) ?? [undefined]);
  }
  return memory.asked;
}

/** What a node does once what was asked is known. */
export interface OnceKnown {
  /** May throw a `SettingsError`, which is said. */
  start(): BrokerUse;
  /** The node is deleted first. */
  neverStarted(): void;
}

/** Starts a use of the broker when what was asked is known: an answer must find its request. */
export function whenKnown(
  RED: NodeAPI,
  node: Node,
  asked: AskedRequests,
  { start, neverStarted }: OnceKnown,
): BrokerUse {
  if (asked.loading === undefined) {
    return start();
  }
  let use: BrokerUse | undefined;
  let isClosed = false;
  void asked.loading.then(() => {
    try {
      use = isClosed ? undefined : start();
    } catch (error) {
      reportSettings(RED, node, error);
    }
  });
  return {
    close: async (removed) => {
      isClosed = true;
      if (use === undefined && removed) {
        tellNeverStarted(neverStarted);
      }
      await use?.close(removed);
    },
  };
}

function tellNeverStarted(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    // A node that is wrongly set has read nothing.
    if (!(error instanceof SettingsError)) {
      throw error;
    }
  }
}

/** @throws SettingsError where settings.js has no store of this name */
export function refuseUnknownStore(RED: NodeAPI, store: string | undefined): void {
  const stores = storesOf(RED);
  const names = stores ?? ["default", "memory"];
  if (store !== undefined && !names.includes(store)) {
    throw new SettingsError("store", { property: "store", value: store, choices: names.join(", ") });
  }
}

/** The stores of settings.js; undefined where it names none. */
function storesOf(RED: NodeAPI): string[] | undefined {
  const { contextStorage } = RED.settings as unknown as {
    contextStorage?: Readonly<Record<string, unknown>>;
  };
  return contextStorage === undefined ? undefined : Object.keys(contextStorage);
}

function contextOf(RED: NodeAPI, brokerId: string): ContextStore {
  const context = (): NodeContextData => {
    const node = RED.nodes.getNode(brokerId);
    if (node === null) {
      throw new Error("the broker node is missing, disabled or wrongly set");
    }
    return node.context();
  };
  const called = async <T>(
    call: (context: NodeContextData, done: (error: unknown, value?: T) => void) => void,
  ) =>
    new Promise<T>((resolve, reject) => {
      call(context(), (error, value) => (error ? reject(error) : resolve(value as T)));
    });
  return {
    get: (key, store) => called((found, done) => found.get(key, store, (error, value) => done(error, value))),
    set: (key, value, store) => called((found, done) => found.set(key, value, store, (error) => done(error))),
    keys: (store) =>
      called<string[]>((found, done) =>
        found.keys(store, (error, ...keys) => done(error, keys.flat() as string[])),
      ),
  };
}
