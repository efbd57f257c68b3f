/**
 * Makes a Node-RED node type of a row in the services table: the in-nodes differ in nothing else. This file is
 * the seam between Node-RED and `EventConsumer`; it holds no logic of its own.
 */
import type { Node, NodeAPI, NodeDef, NodeMessage, NodeMessageInFlow } from "node-red";
import { now } from "../amqp/clock";
import { DeadLetterQueue } from "../amqp/dead-letter-queue";
import type { QueuePlan } from "../amqp/queue";
import { leadsTo, stoppedBehind } from "../completion/destinations";
import { restartsOf } from "../completion/restarts";
import type { FlowNode, NodeConfig, Runtime } from "../completion/runtime";
import { trackerOf } from "../completion/tracker";
import { EventConsumer } from "../consume/event-consumer";
import type { ConsumerHost } from "../consume/parts";
import type { ConsumerSettings } from "../consume/settings";
import type { Service } from "../regards/services";
import { askedRequestsOf, whenKnown } from "./asked-requests-of";
import type { BrokerNode, RegardsLink } from "./broker-node";
import { type BrokerUse, useBroker } from "./broker-use";
import { consumerSettings, exchangeOf, filterOf } from "./consumer-settings";
import { offerDeadLetters } from "./dead-letters-route";
import { flowsWatchOf, type RuntimeEvents } from "./flows-watch";
import { installationOf } from "./installation";
import { offerLastEvent } from "./last-event-route";
import { measured } from "./measured";
import { type NodeLife, NodeLives } from "./node-lives";
import { isPlaced, type Placed } from "./placed";
import { hasDied } from "./previous-end";
import { offerSamples, registerSampleRoute } from "./sampling";
import { type Definition, SettingsError } from "./settings";
import { consumerStatus, pausedFor } from "./status";
import { StatusDisplay } from "./status-display";
import { tellingOf } from "./telling";
import { toldByConsumer } from "./told";
import { logOf, translator } from "./words";

interface InNodeDef extends NodeDef {
  readonly broker: string;
}

/** One for each Node-RED, whatever the type of the node. */
const allLives = new WeakMap<object, NodeLives>();

/** Registers `type` as an in-node for one kind of REGARDS event. */
export function registerInNode(RED: NodeAPI, type: string, service: Service): void {
  registerSampleRoute(RED, type, service);
  const flows = flowsWatchOf(RED.events as unknown as RuntimeEvents);
  const lives = livesOf(RED);
  RED.nodes.registerType(type, function (this: Node, definition: InNodeDef) {
    RED.nodes.createNode(this, definition);
    let display: StatusDisplay | undefined;
    let consumer: EventConsumer | undefined;
    let letters: DeadLetterQueue | undefined;
    const host = hostOf(RED, this, definition.broker, () => display?.touch());
    const link = (RED.nodes.getNode(definition.broker) as BrokerNode | null)?.regards;
    const settled = definition as unknown as Definition;
    const { system: known } = link ?? {};
    const exchange = exchangeOf(settled, service, known ?? { namespace: "regards" });
    const samples = offerSamples(this, { host, system: known, queue: "", exchange });

    const settingsWith = ({ system }: RegardsLink): ConsumerSettings => {
      const asked = askedRequestsOf(RED, definition.broker);
      const place = { id: this.id, installation: installationOf(RED) };
      return consumerSettings(settled, place, service, system, (id) => asked.has(id));
    };
    const lifeWith = ({ system, broker, server }: RegardsLink, queue: QueuePlan): NodeLife => ({
      nodeId: this.id,
      name: `${type} "${this.name || this.id}"`,
      queue,
      server,
      filter: filterOf(settled, service, system),
      broker,
      log: host.log,
    });
    const start = (found: RegardsLink): BrokerUse => {
      const { system, broker } = found;
      const settings = settingsWith(found);
      const life = lifeWith(found, settings.queue);
      const rival = lives.rivalOf(life);
      if (rival !== undefined) {
        throw new SettingsError("same-queue", {
          property: "queue",
          queue: settings.queue.name,
          node: rival.name,
        });
      }
      lives.started(life);
      const started = new EventConsumer({
        ...{ service, settings, system, broker, flows, host },
        memory: lives.memoryOf(life),
        tracker: settings.settle === "handed" ? undefined : trackerOf(runtimeOf(RED)),
        hasDied: hasDied(RED),
      });
      consumer = started;
      letters = settings.queue.mode === "own" ? new DeadLetterQueue(settings.queue, broker) : undefined;
      samples.queue = settings.queue.name;
      samples.system = system;
      samples.exchange = exchangeOf(settled, service, system);
      const status = translator(RED, "status");
      const shown = new StatusDisplay(
        () => consumerStatus(started.view, now(), status),
        (light) => this.status(light),
      );
      display = shown;
      shown.touch();
      return {
        close: async (removed) => {
          if (consumer === started) {
            consumer = undefined;
            letters = undefined;
          }
          shown.stop();
          if (!removed) {
            flows.untilRunning((cause) => this.status(pausedFor(cause, status)));
          }
          // Who shares the queue may be stopped just now, too, or the broker be away: then it is looked at again
          // when the flows run.
          const isLeaving = removed && !isInFlows(RED, this.id) && !lives.isShared(life);
          lives.stopped(life);
          const isLeft = await started.close(isLeaving);
          if (isLeaving && isLeft) {
            lives.removed(life);
          }
        },
      };
    };

    offerLastEvent(this, {
      broker: definition.broker,
      last: () => consumer?.lastEvent,
      lately: () => consumer?.seenLately,
    });
    offerDeadLetters(this, {
      service,
      queue: () => letters,
      sentBack: (count) => consumer?.sentBack(count),
    });
    tellingOf(RED).register(this, () => toldByConsumer(consumer?.view, definition.broker));
    useBroker(RED, this, definition.broker, (found) =>
      whenKnown(RED, this, askedRequestsOf(RED, definition.broker), {
        start: () => start(found),
        neverStarted: () => lives.neverStarted(lifeWith(found, settingsWith(found).queue)),
      }),
    );
    if (settled.settle === "manual") {
      this.on("input", (message: NodeMessageInFlow, _send, done) => {
        consumer?.decideByHand(message);
        done();
      });
    }
  });
}

function livesOf(RED: NodeAPI): NodeLives {
  const known = allLives.get(RED.events);
  if (known !== undefined) {
    return known;
  }
  const lives = new NodeLives();
  allLives.set(RED.events, lives);
  restartsOf(RED.events).onChange((isGoingOn) => {
    if (!isGoingOn) {
      lives.sweep((id) => isInFlows(RED, id));
    }
  });
  return lives;
}

/** True for a node that is still meant to be there, running or disabled. */
function isInFlows(RED: NodeAPI, id: string): boolean {
  const nodes = new Map<string, Placed>();
  RED.nodes.eachNode((node) => {
    nodes.set(node.id, node as Placed);
  });
  return isPlaced(nodes, id);
}

function hostOf(RED: NodeAPI, node: Node, brokerId: string, changed: () => void): ConsumerHost {
  // `wires` exists at run time and is missing from the published types.
  const sender = node as unknown as FlowNode;
  const runtime = runtimeOf(RED);
  const asked = askedRequestsOf(RED, brokerId);
  return {
    log: logOf(RED, node),
    newMessageId: () => RED.util.generateId(),
    leadsTo: (output) => leadsTo(sender, output),
    stoppedNode: (output) => stoppedBehind(runtime, sender, output),
    send: (output, message) =>
      node.send([...Array<null>(output).fill(null), message as unknown as NodeMessage]),
    measured: (name, messageId, milliseconds) => measured(node, name, messageId, milliseconds),
    answered: (correlationId, isFinal) => asked.answered(correlationId, isFinal),
    changed,
    debug: (words) => node.debug(words),
    statusWord: translator(RED, "status"),
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
