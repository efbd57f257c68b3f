/**
 * Keeps a node with its broker node. Enters: a node, the id of its broker node, and how to start with it. Leaves: as
 * of any config node.
 */
import type { Node, NodeAPI } from "node-red";
import type { BrokerNode, RegardsLink } from "./broker-node";
import { type ConfigKind, type ConfigUse, useConfigNode } from "./config-use";

/** What a node does with a broker, from its start until it is closed. */
export type BrokerUse = ConfigUse;

const BROKER: ConfigKind<RegardsLink> = {
  linkOf: (node) => (node as BrokerNode).regards,
  onClosing: ({ broker }, listener) => broker.onClosing(listener),
};

/** Starts with the broker node of that id whenever there is one, and closes with it. */
export function useBroker(
  RED: NodeAPI,
  node: Node,
  brokerId: string,
  start: (link: RegardsLink) => BrokerUse,
): void {
  useConfigNode(RED, node, brokerId, BROKER, start);
}
