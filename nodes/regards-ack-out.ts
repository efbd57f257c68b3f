/** Publishes dissemination acknowledgements to rs-ingest and rs-fem, and says what became of each. */
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from "node-red";
import type { BrokerNode } from "../src/nodes/broker-node";
import { ackOutSettings, type Definition } from "../src/nodes/settings";
import { publisherNodeStatus, StatusDisplay } from "../src/nodes/status";
import { logOf, notConfigured, reportSettings, translator } from "../src/nodes/words";
import { Acknowledger, type Sent } from "../src/publish/acknowledger";
import type { AckOutSettings } from "../src/publish/settings";

interface AckOutDef extends NodeDef {
  readonly broker: string;
}

/** A message that came from one of our in-nodes. */
interface EventBearing extends NodeMessageInFlow {
  readonly regards?: { readonly deliveryId?: string };
}

export default function register(RED: NodeAPI): void {
  RED.nodes.registerType("regards-ack-out", function (this: Node, definition: AckOutDef) {
    RED.nodes.createNode(this, definition);
    const link = (RED.nodes.getNode(definition.broker) as BrokerNode | null)?.regards;
    let settings: AckOutSettings;
    try {
      settings = ackOutSettings(definition as unknown as Definition);
    } catch (error) {
      reportSettings(RED, this, error);
      return;
    }
    if (link === undefined) {
      notConfigured(RED, this);
      this.on("input", (_message, _send, done) => done(new Error(translator(RED, "runtime")("no-broker"))));
      return;
    }
    let display: StatusDisplay | undefined;
    const acknowledger = new Acknowledger(settings, link.system, link.broker, {
      log: logOf(RED, this),
      changed: () => display?.touch(),
    });
    const status = translator(RED, "status");
    display = new StatusDisplay(
      () => publisherNodeStatus(acknowledger.view, Date.now(), status),
      (shown) => this.status(shown),
    );
    display.touch();
    const { wires } = this as unknown as { readonly wires: readonly (readonly string[])[] };
    const isRefusedWired = (wires[1]?.length ?? 0) > 0;
    this.on("input", (message, send, done) => {
      acknowledge(message).then((sent) => {
        // An event settled by hand is still known by its delivery, after it was acknowledged to REGARDS too.
        const { deliveryId } = (message as EventBearing).regards ?? {};
        const outcome = { ...message, regards: { ...sent.regards, ...(deliveryId ? { deliveryId } : {}) } };
        if (sent.published) {
          send([outcome, null]);
          done();
        } else if (isRefusedWired) {
          const { code, message: words, urns } = sent.error;
          send([null, { ...outcome, error: { code, message: words, urns } }]);
          done();
        } else {
          done(sent.error);
        }
      }, done);
    });
    this.on("close", (done: () => void) => {
      display?.stop();
      acknowledger.close().then(done, done);
    });

    const acknowledge = async (message: NodeMessageInFlow): Promise<Sent> => {
      const { urn, urnType, recipientLabel, recipientLabelType } = settings;
      const subject = await evaluated(this, urn, urnType, message);
      return acknowledger.send(subject, await evaluated(this, recipientLabel, recipientLabelType, message));
    };
  });

  function evaluated(node: Node, value: string, type: string, message: NodeMessageInFlow): Promise<unknown> {
    return new Promise((resolve, reject) => {
      RED.util.evaluateNodeProperty(value, type, node, message, (error, result) => {
        if (error) {
          reject(error);
        } else {
          resolve(result);
        }
      });
    });
  }
}
