/** Publishes dissemination acknowledgements to rs-ingest and rs-fem, and says what became of each. */
import type { Node, NodeAPI, NodeDef } from "node-red";
import { restartsOf } from "../src/completion/restarts";
import { AckOut } from "../src/nodes/ack-out";
import { ackOutSettings } from "../src/nodes/ack-out-settings";
import { useBroker } from "../src/nodes/broker-use";
import type { Definition } from "../src/nodes/settings";
import { reportSettings } from "../src/nodes/words";
import type { AckOutSettings } from "../src/publish/settings";

interface AckOutDef extends NodeDef {
  readonly broker: string;
}

export default function register(RED: NodeAPI): void {
  restartsOf(RED.events);
  RED.nodes.registerType("regards-ack-out", function (this: Node, definition: AckOutDef) {
    RED.nodes.createNode(this, definition);
    let settings: AckOutSettings;
    try {
      settings = ackOutSettings(definition as unknown as Definition);
    } catch (error) {
      reportSettings(RED, this, error);
      return;
    }
    const ackOut = new AckOut(RED, this, settings);
    this.on("input", (message, send, done) => ackOut.input(message, send, done));
    this.on("close", () => ackOut.close());
    useBroker(RED, this, definition.broker, (link) => ackOut.start(link));
  });
}
