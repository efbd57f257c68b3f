/** The config node: where RabbitMQ is, as whom, and whose events. It owns the connections. */
import type { NodeAPI, NodeDef } from "node-red";
import { Broker } from "../src/flow/broker";
import type { BrokerCredentials, BrokerNode } from "../src/flow/broker-node";
import { linkOf } from "../src/flow/broker-options";
import { registerTestRoute } from "../src/flow/connection-test";
import { reportSettings, voiceOf } from "../src/flow/editor-words";
import type { Definition } from "../src/flow/settings";

export default function register(RED: NodeAPI): void {
  function RegardsBroker(this: BrokerNode, definition: NodeDef): void {
    RED.nodes.createNode(this, definition);
    try {
      const { settings, options } = linkOf(RED, definition as unknown as Definition, this.credentials ?? {});
      this.regards = new Broker(settings, options, voiceOf(RED, this));
    } catch (error) {
      reportSettings(RED, this, error);
    }
    this.on("close", (done: () => void) => {
      Promise.resolve(this.regards?.close()).then(done, done);
    });
  }

  RED.nodes.registerType<BrokerNode, NodeDef, Record<never, never>, BrokerCredentials>(
    "regards-broker",
    RegardsBroker,
    { credentials: { user: { type: "text" }, password: { type: "password" } } },
  );
  registerTestRoute(RED);
}
