/** The config node: where RabbitMQ is, as whom, and whose events. It owns the connections. */
import type { ConnectionOptions } from "node:tls";
import type { Node, NodeAPI, NodeDef } from "node-red";
import { Broker } from "../src/flow/broker";
import type { BrokerCredentials, BrokerNode } from "../src/flow/broker-node";
import { reportSettings, voiceOf } from "../src/flow/editor-words";
import { brokerSettings, type Definition } from "../src/flow/settings";

interface BrokerDef extends NodeDef {
  readonly tls?: string;
}

/** The core `tls-config` node, which knows certificates, authorities and server names. */
interface TlsNode extends Node {
  addTLSOptions(options: ConnectionOptions): ConnectionOptions;
}

export default function register(RED: NodeAPI): void {
  function RegardsBroker(this: BrokerNode, definition: BrokerDef): void {
    RED.nodes.createNode(this, definition);
    const tlsNode = definition.tls ? (RED.nodes.getNode(definition.tls) as TlsNode | null) : null;
    const { user = "", password = "" } = this.credentials ?? {};
    try {
      const settings = brokerSettings(definition as unknown as Definition, tlsNode !== null);
      const tls = tlsNode?.addTLSOptions({});
      const name = settings.connectionName ?? `Node-RED ${this.name || settings.tenant || this.id}`;
      const { endpoints, vhost, heartbeat } = settings;
      const options = { endpoints, vhost, heartbeat, username: user, password, name };
      const secured =
        tls === undefined ? options : { ...options, tls, external: user === "" && tls.cert !== undefined };
      this.regards = new Broker(settings, secured, voiceOf(RED, this));
    } catch (error) {
      reportSettings(RED, this, error);
    }
    this.on("close", (done: () => void) => {
      Promise.resolve(this.regards?.close()).then(done, done);
    });
  }

  RED.nodes.registerType<BrokerNode, BrokerDef, Record<never, never>, BrokerCredentials>(
    "regards-broker",
    RegardsBroker,
    { credentials: { user: { type: "text" }, password: { type: "password" } } },
  );
}
