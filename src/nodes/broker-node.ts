/** What a `regards-broker` node offers the others; undefined while it is wrongly configured. */
import type { Node } from "node-red";
import type { Broker } from "../amqp/broker";
import type { RegardsSystem } from "../regards/system";

/** The node's credentials, kept by Node-RED, never exported. */
export interface BrokerCredentials {
  user?: string;
  password?: string;
}

/** A REGARDS, and the way to its broker. */
export interface RegardsLink {
  readonly system: RegardsSystem;
  readonly broker: Broker;
  readonly server: Server;
}

/** Where a queue is: two broker nodes may name the same. */
export interface Server {
  /** As they are written: others may lead to the same RabbitMQ. */
  readonly hosts: string;
  readonly vhost: string;
}

/** The config node as the other nodes see it. */
export interface BrokerNode extends Node<BrokerCredentials> {
  regards?: RegardsLink;
}
