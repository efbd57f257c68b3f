/**
 * Keeps a node with its config node, also when that one is exchanged under it. Node-RED restarts the users of
 * a config node only where a property holds its id in so many letters: a node that names it by a
 * variable (a subflow's property, a tab's environment) lives on while the config node is closed and made
 * anew. Enters: a node, the id of its config node, and how to start with it. Leaves: start and close, in
 * turns, and the node's status while there is none. It does not know what the node does with it.
 */
import type { Node, NodeAPI } from "node-red";
import { restartsOf } from "../completion/restarts";
import { notConfigured, reportSettings } from "./words";

/** What a node does with what a config node offers, from its start until it is closed. */
export interface ConfigUse {
  /** @param removed the node itself goes for good; false when it is restarted or only its config node goes */
  close(removed: boolean): Promise<void>;
}

/** How a kind of config node offers something. */
export interface ConfigKind<Link> {
  /** What it offers; undefined while it is wrongly configured. */
  linkOf(node: Node): Link | undefined;
  /** Calls back when it goes, and waits for what is returned; returns how to prevent that. */
  onClosing(link: Link, listener: () => Promise<void>): () => void;
}

/**
 * Starts with the config node of that id whenever there is one that can be used, and closes what was started
 * when it or the node goes. It listens to the node's `close`; the caller must not.
 * @param configId as Node-RED gives it to the node: variables are resolved by then
 * @param start may throw a `SettingsError`, which is said; it is asked again with the successor
 */
export function useConfigNode<Link>(
  RED: NodeAPI,
  node: Node,
  configId: string,
  { linkOf, onClosing }: ConfigKind<Link>,
  start: (link: Link) => ConfigUse,
): void {
  let link: Link | undefined;
  let use: ConfigUse | undefined;
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
    const config = RED.nodes.getNode(configId);
    const found = config === null ? undefined : linkOf(config);
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
    stopListening = onClosing(found, () => {
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
