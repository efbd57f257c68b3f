/**
 * Keeps a node with its broker node, also when that one is exchanged under it. Node-RED restarts the users of
 * a config node only where a property holds its id in so many letters: a node that names its broker by a
 * variable (a subflow's property, a tab's environment) lives on while the broker node is closed and made
 * anew. Enters: a node, the id of its broker node, and how to start with it. Leaves: start and close, in
 * turns, and the node's status while there is no broker. It does not know what the node does with it.
 */
import type { Node, NodeAPI } from "node-red";
import { restartsOf } from "../completion/restarts";
import type { BrokerNode, RegardsLink } from "./broker-node";
import { notConfigured, reportSettings } from "./words";

/** What a node does with a broker, from its start until it is closed. */
export interface BrokerUse {
  /** @param removed the node itself goes for good; false when it is restarted or only its broker goes */
  close(removed: boolean): Promise<void>;
}

/**
 * Starts with the broker node of that id whenever there is one that can be used, and closes what was started
 * when the broker or the node goes. It listens to the node's `close`; the caller must not.
 * @param brokerId as Node-RED gives it to the node: variables are resolved by then
 * @param start may throw a `SettingsError`, which is said; it is asked again with the broker's successor
 */
export function useBroker(
  RED: NodeAPI,
  node: Node,
  brokerId: string,
  start: (link: RegardsLink) => BrokerUse,
): void {
  let link: RegardsLink | undefined;
  let use: BrokerUse | undefined;
  let closing: Promise<void> = Promise.resolve();
  let hasLooked = false;
  let isClosed = false;
  let stopListening: () => void = () => undefined;

  const leave = (removed: boolean): Promise<void> => {
    const had = use;
    use = undefined;
    stopListening();
    if (had !== undefined) {
      closing = Promise.all([closing, had.close(removed)]).then(() => undefined);
    }
    return closing;
  };

  const follow = (): void => {
    const found = (RED.nodes.getNode(brokerId) as BrokerNode | null)?.regards;
    if (found === link && hasLooked) {
      return;
    }
    hasLooked = true;
    void leave(false);
    link = found;
    if (found === undefined) {
      notConfigured(node);
      return;
    }
    try {
      use = start(found);
    } catch (error) {
      reportSettings(RED, node, error);
      return;
    }
    stopListening = found.broker.onClosing(() => {
      const left = leave(false);
      if (!isClosed) {
        notConfigured(node);
      }
      return left;
    });
  };

  const stopFollowing = restartsOf(RED.events).onChange((isGoingOn) => {
    if (!isGoingOn) {
      follow();
    }
  });
  node.on("close", (removed: boolean, done: () => void) => {
    isClosed = true;
    stopFollowing();
    leave(removed).then(done, done);
  });
  follow();
}
