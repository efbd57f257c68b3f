/** The config node: where RabbitMQ is, as whom, and whose events. It owns the connections. */
import type { NodeAPI, NodeDef } from "node-red";
import { Broker } from "../src/amqp/broker";
import type { BrokerCredentials, BrokerNode } from "../src/nodes/broker-node";
import { linkOf } from "../src/nodes/broker-options";
import { registerTestRoute } from "../src/nodes/connection-test-route";
import { registerDeadLettersRoutes } from "../src/nodes/dead-letters-route";
import { registerHealthRoutes } from "../src/nodes/health-routes";
import { installationOf } from "../src/nodes/installation";
import { registerLastEventRoute } from "../src/nodes/last-event-route";
import type { Definition } from "../src/nodes/settings";
import { tellingOf } from "../src/nodes/telling";
import { toldByBroker } from "../src/nodes/told";
import { logOf, reportSettings } from "../src/nodes/words";

export default function register(RED: NodeAPI): void {
  function RegardsBroker(this: BrokerNode, definition: NodeDef): void {
    RED.nodes.createNode(this, definition);
    try {
      const { settings, options } = linkOf(RED, definition as unknown as Definition, this.credentials ?? {});
      const { endpoints, vhost } = settings;
      const server = { hosts: JSON.stringify(endpoints), vhost };
      this.regards = { system: settings, server, broker: new Broker(options, logOf(RED, this)) };
    } catch (error) {
      reportSettings(RED, this, error);
    }
    tellingOf(RED).register(this, () => toldByBroker(this.regards?.broker));
    this.on("close", (done: () => void) => {
      Promise.resolve(this.regards?.broker.close()).then(done, done);
    });
  }

  RED.nodes.registerType<BrokerNode, NodeDef, Record<never, never>, BrokerCredentials>(
    "regards-broker",
    RegardsBroker,
    {
      credentials: { user: { type: "text" }, password: { type: "password" } },
      // The editor shows queue names with it.
      settings: { regardsBrokerInstallation: { value: installationOf(RED), exportable: true } },
    },
  );
  registerTestRoute(RED);
  registerHealthRoutes(RED);
  registerLastEventRoute(RED);
  registerDeadLettersRoutes(RED);
}
