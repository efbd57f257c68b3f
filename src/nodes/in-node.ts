/**
 * Makes a Node-RED node type of a row in the services table: the three in-nodes differ in nothing else.
 * This file is the seam between Node-RED and `EventConsumer`; it holds no logic of its own.
 */
import type { Node, NodeAPI, NodeDef, NodeMessage, NodeMessageInFlow } from "node-red";
import { type Lead, leadsTo, stoppedBehind } from "../completion/destinations";
import { restartsOf } from "../completion/restarts";
import type { FlowNode, NodeConfig, Runtime } from "../completion/runtime";
import { trackerOf } from "../completion/tracker";
import { type ConsumerHost, EventConsumer } from "../consume/event-consumer";
import type { ConsumerSettings } from "../consume/settings";
import type { Service } from "../regards/services";
import type { BrokerNode } from "./broker-node";
import { offerSamples, registerSampleRoute } from "./sampling";
import { consumerSettings, type Definition } from "./settings";
import { consumerStatus, StatusDisplay } from "./status";
import { logOf, notConfigured, reportSettings, translator } from "./words";

interface InNodeDef extends NodeDef {
  readonly broker: string;
}

/** Registers `type` as an in-node for one kind of REGARDS event. */
export function registerInNode(RED: NodeAPI, type: string, service: Service): void {
  registerSampleRoute(RED, type, service);
  const restarts = restartsOf(RED.events);
  RED.nodes.registerType(type, function (this: Node, definition: InNodeDef) {
    RED.nodes.createNode(this, definition);
    const link = (RED.nodes.getNode(definition.broker) as BrokerNode | null)?.regards;
    const host = hostOf(RED, this, () => display?.touch());
    let display: StatusDisplay | undefined;
    const samples = offerSamples(this, { host, system: link?.system, queue: "" });
    if (link === undefined) {
      notConfigured(RED, this);
      return;
    }
    let settings: ConsumerSettings;
    try {
      settings = consumerSettings(definition as unknown as Definition, this.id, service, link.system);
    } catch (error) {
      reportSettings(RED, this, error);
      return;
    }
    samples.queue = settings.queue.name;
    const tracker = settings.settle === "finished" ? trackerOf(runtimeOf(RED)) : undefined;
    const consumer = new EventConsumer(service, settings, link.system, link.broker, tracker, restarts, host);
    const status = translator(RED, "status");
    display = new StatusDisplay(
      () => consumerStatus(consumer.view, Date.now(), status),
      (shown) => this.status(shown),
    );
    display.touch();
    if (settings.settle === "manual") {
      this.on("input", (message: NodeMessageInFlow, _send, done) => {
        const { regards, settle } = message as NodeMessageInFlow & Verdict;
        consumer.decideByHand(regards?.deliveryId, settle);
        done();
      });
    }
    this.on("close", (removed: boolean, done: () => void) => {
      // A disabled node is "removed" too, but its events must wait for it.
      display?.stop();
      consumer.close(removed && !isInFlows(RED, this.id)).then(done, done);
    });
  });
}

function isInFlows(RED: NodeAPI, id: string): boolean {
  let isThere = false;
  RED.nodes.eachNode((node) => {
    isThere ||= node.id === id;
  });
  return isThere;
}

/** What a message wired back says about its delivery. */
interface Verdict {
  readonly regards?: { readonly deliveryId?: unknown };
  readonly settle?: unknown;
}

/** Where the outputs lead just now: a deploy may change that without restarting the node. */
interface Outputs {
  leadsTo(output: number): Lead;
  /** A node behind the output that does not run, for a person; blank when there is none. */
  stoppedNode(output: number): string;
}

function hostOf(RED: NodeAPI, node: Node, changed: () => void): ConsumerHost & Outputs {
  // `wires` exists at run time and is missing from the published types.
  const sender = node as unknown as FlowNode;
  const runtime = runtimeOf(RED);
  return {
    log: logOf(RED, node),
    newMessageId: () => RED.util.generateId(),
    isWired: (output) => leadsTo(sender, output) !== "nowhere",
    leadsTo: (output) => leadsTo(sender, output),
    stoppedNode: (output) => stoppedBehind(runtime, sender, output),
    send: (output, message) =>
      node.send([...Array<null>(output).fill(null), message as unknown as NodeMessage]),
    changed,
    debug: (words) => node.debug(words),
  };
}

/** `hooks` exists at run time and is missing from the published types. */
export function runtimeOf(RED: NodeAPI): Runtime {
  const { hooks } = RED as unknown as Pick<Runtime, "hooks">;
  const words = translator(RED, "runtime");
  return {
    hooks,
    restarts: restartsOf(RED.events),
    nodeNow: (id) => (RED.nodes.getNode(id) ?? undefined) as unknown as FlowNode | undefined,
    configOf: (id) => {
      let config: NodeConfig | undefined;
      RED.nodes.eachNode((each) => {
        config = each.id === id ? (each as unknown as NodeConfig) : config;
      });
      return config;
    },
    propertyOf: (msg, path) => RED.util.getMessageProperty({ ...msg }, path),
    nameStopped: (node, isDisabled) => words(isDisabled ? "disabled-node" : "stopped-node", { node }),
    warnLate: (node) => (node as unknown as Node).warn(words("late-send")),
  };
}
