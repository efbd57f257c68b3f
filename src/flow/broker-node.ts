/** What a `regards-broker` node offers the others; undefined while it is wrongly configured. */
import type { Node } from "node-red";
import type { Broker } from "./broker";

/** The node's credentials, kept by Node-RED, never exported. */
export interface BrokerCredentials {
  user?: string;
  password?: string;
}

/** The config node as the other nodes see it. */
export interface BrokerNode extends Node<BrokerCredentials> {
  regards?: Broker;
}
