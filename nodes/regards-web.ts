/** The web side of a REGARDS system, for the nodes that fetch from it: an address, a tenant, an account and its token. */
import type { NodeAPI, NodeDef } from "node-red";
import { registerWebTestRoute } from "../src/nodes/connection-test-route";
import type { Definition } from "../src/nodes/settings";
import type { WebCredentials, WebNode } from "../src/nodes/web-node";
import { webOptionsOf } from "../src/nodes/web-options";
import { reportSettings } from "../src/nodes/words";
import { Web } from "../src/web/web";

export default function register(RED: NodeAPI): void {
  function RegardsWeb(this: WebNode, definition: NodeDef): void {
    RED.nodes.createNode(this, definition);
    try {
      const options = webOptionsOf(RED, definition as unknown as Definition, this.credentials ?? {});
      this.web = new Web(options.settings, options.http);
    } catch (error) {
      reportSettings(RED, this, error);
    }
    this.on("close", (done: () => void) => {
      Promise.resolve(this.web?.close()).then(done, done);
    });
  }

  RED.nodes.registerType<WebNode, NodeDef, Record<never, never>, WebCredentials>("regards-web", RegardsWeb, {
    credentials: {
      user: { type: "text" },
      password: { type: "password" },
      client: { type: "text" },
      secret: { type: "password" },
    },
  });
  registerWebTestRoute(RED);
}
