/** The flow all faults happen to: it takes each event and acknowledges a product for it. */
import { broadcastExchange } from "../../src/regards/services";
import { tab } from "../nodes/flows";
import type { FlowNode } from "../support/test-node-red";
import { HEARTBEAT } from "./form";
import { requestNodes } from "./requests";
import { TENANT } from "./stream";

/** Where the acknowledgements go. */
export const ACKS = broadcastExchange(
  "regards",
  "fr.cnes.regards.modules.ingest.dto.request.event.DisseminationAckEvent",
);
/** The queue the in-node reads, and what it may hold at once. */
export const EVENTS = "events";
export const AT_ONCE = 20;

/** How the flow differs from the usual one. */
export interface FlowOptions {
  /** Properties of the broker node, the in-node and the ack-out node. */
  readonly broker?: Readonly<Record<string, unknown>>;
  readonly in?: Readonly<Record<string, unknown>>;
  readonly ack?: Readonly<Record<string, unknown>>;
  /** Orders a product for each event, too, with these properties of the order-out node. */
  readonly order?: Readonly<Record<string, unknown>>;
  /** Nodes beside the usual ones. */
  readonly more?: readonly FlowNode[];
}

/** Who may log in where. */
export interface Login {
  readonly hosts: string;
  readonly vhost: string;
  readonly user: string;
  readonly password: string;
}

/** Some events are always in the flow; one with `hold` stays so many milliseconds, the first time. */
const PACE = "msg.delay = msg.regards.redelivered ? 20 : (msg.payload.hold || 20); return msg;";
const URN = `
  msg.number = msg.payload.orderId;
  const last = String(msg.number).padStart(12, "0");
  msg.payload = "URN:AIP:DATA:${TENANT}:00000000-0000-0000-0000-" + last + ":V1";
  return msg;`;
const STAMP = "msg.at = Date.now(); return msg;";

/** in → seen → pace → delay → urn → ack → stamp → published, or refused; also seen → ask → order. */
export function numberedFlow({ hosts, vhost, user, password }: Login, options: FlowOptions): FlowNode[] {
  const node = (id: string, type: string, properties: object, ...wires: string[][]): FlowNode => ({
    id,
    type,
    z: "tab",
    ...properties,
    wires,
  });
  const code = (id: string, func: string, next: string) =>
    node(id, "function", { func, outputs: 1, noerr: 0, initialize: "", finalize: "", libs: [] }, [next]);
  const orders = { broker: "broker", queue: EVENTS, maxInFlight: AT_ONCE, retryDelay: 0, ...options.in };
  const acks = { broker: "broker", recipientLabel: "faults", ...options.ack };
  return [
    tab,
    {
      id: "broker",
      type: "regards-broker",
      hosts,
      vhost,
      tenant: TENANT,
      heartbeat: HEARTBEAT,
      credentials: { user, password },
      ...options.broker,
    },
    node("in", "regards-order-in", orders, ["seen"], [], [], [], [], ["stray"]),
    node("seen", "test-probe", {}, options.order === undefined ? ["pace"] : ["pace", "ask"]),
    code("pace", PACE, "delay"),
    node("delay", "delay", { pauseType: "delayv", timeout: "20", timeoutUnits: "milliseconds" }, ["urn"]),
    code("urn", URN, "ack"),
    node("ack", "regards-ack-out", acks, ["stamp"], ["refused"]),
    code("stamp", STAMP, "published"),
    node("published", "test-probe", {}),
    node("refused", "test-probe", {}),
    node("stray", "test-probe", {}),
    ...(options.order === undefined ? [] : requestNodes(options.order)),
    ...(options.more ?? []),
  ];
}
