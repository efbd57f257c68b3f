/** The examples as the demo deploys them: side by side, on one broker node, set up as their comments ask. */
import { Example, environmentVariable, exampleNames } from "../examples/example";
import { CONFIG_TYPES } from "../package/sources";
import type { FlowNode } from "../support/test-node-red";

/** The demo's own requests; everybody else's share the exchanges. */
export const CORRELATION_PREFIX = "demo-";

/** What the flows ask for themselves. */
export const FLOWS_PREFIX = "nodered-";

/** What the demo types into the dialogs. */
export interface Dialogs {
  readonly vhost: string;
  readonly namespace: string;
  /** Whose worker requests it wants to hear of. */
  readonly owner: string;
}

/** All examples in one, so that their nodes can be found by name. */
export function demoFlows(dialogs: Dialogs): Example {
  const nodes = exampleNames().flatMap((name) => Example.read(name).nodes);
  const broker = nodes.find(({ type, address }) => type === "regards-broker" && address !== "");
  if (broker === undefined) throw new Error("no example names the address of REGARDS");
  const web = nodes.find(({ type }) => type === "regards-web");
  if (web === undefined) throw new Error("no example has a web node");
  const others = nodes.filter(({ type }) => !CONFIG_TYPES.includes(type));
  return new Example([
    withAccount(broker, dialogs),
    withWebAccount(web),
    ...others.map((node) => filtered(node, broker, dialogs)),
  ]);
}

/** The order of the tabs, as the Import menu has them. */
export function tabNames(flows: Example): readonly string[] {
  return flows.ofType("tab").map(({ label }) => String(label));
}

/** Credentials are never part of an exported flow: they are typed into the broker node. */
function withAccount(broker: FlowNode, { vhost, namespace }: Dialogs): FlowNode {
  const credentials = {
    user: environmentVariable("REGARDS_USER"),
    password: environmentVariable("REGARDS_PASSWORD"),
  };
  return { ...broker, vhost, namespace, credentials };
}

function withWebAccount(web: FlowNode): FlowNode {
  const user = environmentVariable("REGARDS_WEB_USER");
  return { ...web, credentials: { user, password: environmentVariable("REGARDS_WEB_PASSWORD") } };
}

/** Without a filter the flows would download and show what everybody on the platform does. */
function filtered(node: FlowNode, { id: broker }: FlowNode, { owner }: Dialogs): FlowNode {
  if (!("broker" in node)) return node;
  // What asks for itself hears the answers to what it has asked.
  const isItsOwn = /-out$/.test(node.type) || node.correlationType === "mine";
  if (isItsOwn) return { ...node, broker };
  if (node.type === "regards-worker-in") return { ...node, broker, owner };
  return { ...node, broker, correlation: CORRELATION_PREFIX, correlationType: "prefix" };
}
