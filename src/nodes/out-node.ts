/**
 * Makes a Node-RED node type of a row in the table of requests: the out-nodes differ in nothing else. Enters: a
 * type's name and its row. Leaves: the registered type. This is wiring; it holds no logic of its own.
 */
import type { Node, NodeAPI, NodeDef } from "node-red";
import { restartsOf } from "../completion/restarts";
import type { OutSettings } from "../publish/settings";
import type { RequestKind } from "../regards/requests";
import { refuseUnknownStore } from "./asked-requests-of";
import { useBroker } from "./broker-use";
import { OutMessages } from "./out-messages";
import { outSettings } from "./out-node-settings";
import type { Definition } from "./settings";
import { tellingOf } from "./telling";
import { toldByPublisher } from "./told";
import { reportSettings } from "./words";

interface OutNodeDef extends NodeDef {
  readonly broker: string;
}

/** Registers `type` as an out-node for one kind of request. */
export function registerOutNode(RED: NodeAPI, type: string, kind: RequestKind): void {
  restartsOf(RED.events);
  RED.nodes.registerType(type, function (this: Node, definition: OutNodeDef) {
    RED.nodes.createNode(this, definition);
    let settings: OutSettings;
    try {
      settings = outSettings(definition as unknown as Definition, kind);
      refuseUnknownStore(RED, settings.store);
    } catch (error) {
      reportSettings(RED, this, error);
      return;
    }
    runOutNode(RED, this, new OutMessages(RED, this, kind, settings, definition.broker));
  });
}

/** Connects a node's events, and its broker node, with what it does. */
export function runOutNode(RED: NodeAPI, node: Node, messages: OutMessages): void {
  tellingOf(RED).register(node, () => toldByPublisher(messages.view, messages.brokerId));
  node.on("input", (message, send, done) => messages.input(message, send, done));
  node.on("close", () => messages.close());
  useBroker(RED, node, messages.brokerId, (link) => messages.start(link));
}
