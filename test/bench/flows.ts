/** The flows the bench deploys. */
import { brokerNode, tab } from "../nodes/flows";
import type { RabbitMqAddress } from "../support/rabbitmq";
import type { FlowNode } from "../support/test-node-red";

type Properties = Readonly<Record<string, unknown>>;

/** A tab and a broker node. */
export function ground(broker: RabbitMqAddress, properties: Properties = {}): FlowNode[] {
  return [tab, brokerNode(broker, properties)];
}

/** An order node on an existing queue; SUBORDER_DONE, its second output, leads to `next`. */
export function orderIn(id: string, queue: string, next: string, properties: Properties): FlowNode {
  return {
    id,
    type: "regards-order-in",
    z: "tab",
    broker: "broker",
    queueMode: "existing",
    queue,
    ...properties,
    wires: [[], [next], [], [], [], []],
  };
}

/** The node that counts to `expected` and reports. */
export function count(expected: number, properties: Properties = {}): FlowNode {
  return { id: "count", type: "bench-count", z: "tab", expected, ...properties, wires: [] };
}

/** Three core nodes as they are found in most flows; the first is `function`. */
export function threeNodes(next: string): FlowNode[] {
  return [
    {
      id: "function",
      type: "function",
      z: "tab",
      func: "msg.order = msg.payload.orderId;\nreturn msg;",
      outputs: 1,
      timeout: 0,
      libs: [],
      wires: [["switch"]],
    },
    {
      id: "switch",
      type: "switch",
      z: "tab",
      property: "topic",
      propertyType: "msg",
      rules: [{ t: "eq", v: "SUBORDER_DONE", vt: "str" }, { t: "else" }],
      checkall: "true",
      repair: false,
      outputs: 2,
      wires: [["change"], []],
    },
    {
      id: "change",
      type: "change",
      z: "tab",
      rules: [{ t: "set", p: "link", pt: "msg", to: "payload.downloadLink", tot: "msg" }],
      wires: [[next]],
    },
  ];
}
