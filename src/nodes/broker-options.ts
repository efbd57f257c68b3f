/** Where and as whom to connect, from what a `regards-broker` holds: stored, or still in its open dialog. */
import type { ConnectionOptions as TlsOptions } from "node:tls";
import type { Node, NodeAPI } from "node-red";
import type { ConnectionOptions } from "../amqp/connection";
import type { BrokerCredentials } from "./broker-node";
import { type BrokerSettings, brokerSettings } from "./broker-settings";
import { type Definition, SettingsError } from "./settings";

/** The core `tls-config` node, which knows certificates, authorities and server names. */
interface TlsNode extends Node {
  addTLSOptions(options: TlsOptions): TlsOptions;
}

/** A broker's settings, and how to reach it. */
export interface Link {
  readonly settings: BrokerSettings;
  readonly options: ConnectionOptions;
}

/** @throws SettingsError */
export function linkOf(RED: NodeAPI, definition: Definition, credentials: BrokerCredentials): Link {
  const { id, name, tls: tlsId } = definition;
  const { user = "", password = "" } = credentials;
  const tlsNode = tlsId ? (RED.nodes.getNode(String(tlsId)) as TlsNode | null) : null;
  if (tlsId && tlsNode === null) {
    // Without them everything would go in clear, the password first.
    throw new SettingsError("undeployed", { property: "tls" });
  }
  const settings = brokerSettings({ ...definition, user, password }, tlsNode !== null);
  const { endpoints, vhost, heartbeat, connectionName, tenant } = settings;
  const options = {
    ...{ endpoints, vhost, heartbeat, username: user, password },
    name: connectionName ?? `Node-RED ${name || tenant || id}`,
  };
  const tls = tlsNode?.addTLSOptions({});
  return {
    settings,
    options:
      tls === undefined ? options : { ...options, tls, external: user === "" && tls.cert !== undefined },
  };
}
