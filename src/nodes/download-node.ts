/**
 * Makes a Node-RED node type of what fetches. Enters: a type's name. Leaves: the registered type. This is wiring; it
 * holds no logic of its own.
 */
import type { Node, NodeAPI, NodeDef } from "node-red";
import { restartsOf } from "../completion/restarts";
import { OrdersUnderWay } from "../web/orders-under-way";
import { DownloadMessages } from "./download-messages";
import { type DownloadSettings, downloadSettings } from "./download-settings";
import type { Definition } from "./settings";
import { tellingOf } from "./telling";
import { useWeb } from "./web-node";
import { reportSettings } from "./words";

interface DownloadNodeDef extends NodeDef {
  readonly web: string;
}

/** Registers `type` as a node that fetches. */
export function registerDownloadNode(RED: NodeAPI, type: string): void {
  restartsOf(RED.events);
  // One order at a time, whichever node is asked for it.
  const orders = new OrdersUnderWay();
  RED.nodes.registerType(type, function (this: Node, definition: DownloadNodeDef) {
    RED.nodes.createNode(this, definition);
    let settings: DownloadSettings;
    try {
      settings = downloadSettings(definition as unknown as Definition);
    } catch (error) {
      reportSettings(RED, this, error);
      return;
    }
    const messages = new DownloadMessages(RED, this, settings, orders);
    this.on("input", (message, send, done) => messages.input(message, send, done));
    this.on("close", () => messages.close());
    tellingOf(RED).register(this, () => messages.told(definition.web));
    useWeb(RED, this, definition.web, (web) => messages.start(web));
  });
}
