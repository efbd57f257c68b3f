/** The examples as the demo deploys them: side by side, on one broker node, set up as their descriptions ask. */
import { Example, environmentVariable, exampleNames } from "../examples/example";
import { CONFIG_TYPES } from "../package/sources";
import type { FlowNode } from "../support/test-node-red";
import { PAGE_PREFIX, type StartHere, startHere } from "./start-here";

/** The demo's own requests; everybody else's share the exchanges. */
export const CORRELATION_PREFIX = "demo-";

/** Of the orders that the first example downloads where the dashboard downloads those of the page. */
export const AUTO_PREFIX = "demo-auto-";

/** Of the orders that the dashboard shows and downloads, and the flow of *Start here* works on. */
export { PAGE_PREFIX } from "./start-here";

/** What the flows ask for themselves. */
export const FLOWS_PREFIX = "nodered-";

/** What the demo types into the dialogs. */
export interface Dialogs {
  readonly vhost: string;
  readonly namespace: string;
  /** Whose worker requests it wants to hear of. */
  readonly owner: string;
  /** The dead-letter queue of the dashboard's order node; undefined leaves the dashboard out. */
  readonly dashboardDead: string | undefined;
}

/** The tab *Start here* and all examples in one, so that their nodes can be found by name. */
export function demoFlows(dialogs: Dialogs, start: Omit<StartHere, "broker">): Example {
  const examples = exampleNames().map((name) => Example.read(name));
  const isWanted = (example: Example): boolean =>
    dialogs.dashboardDead !== undefined || !example.hasDashboard;
  const nodes = examples.filter(isWanted).flatMap((example) => example.nodes);
  const broker = nodes.find(({ type }) => type === "regards-broker");
  const web = nodes.find(({ type }) => type === "regards-web");
  if (broker === undefined || web === undefined)
    throw new Error("no example has a broker node or a web node");
  // The modules that an example names are for the editor that imports it.
  const others = nodes.filter(({ type }) => ![...CONFIG_TYPES, "global-config"].includes(type));
  return new Example([
    ...startHere({ ...start, broker: broker.id }),
    withAccount(broker, dialogs),
    withWebAccount(web),
    ...others.map((node) => placedTab(filtered(node, broker, dialogs), dialogs)),
  ]);
}

/** The dead-letter queue of the dashboard is another than the one that the example of dead letters looks after. */
function placedTab(node: FlowNode, { dashboardDead }: Dialogs): FlowNode {
  if (node.type !== "tab" || node.label !== "Dashboard") return node;
  return { ...node, env: [{ name: "REGARDS_DEAD_QUEUE", value: dashboardDead, type: "str" }] };
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

const tabOf = (example: string): string => Example.read(example).ofType("tab")[0]?.id ?? "";

/** Which orders the flows download that could download the same, by tab. */
const DOWNLOADED_BY: Readonly<Record<string, string>> = {
  [tabOf("01 - Auto-download orders")]: AUTO_PREFIX,
  [tabOf("10 - Dashboard")]: PAGE_PREFIX,
};

/** Seconds until a failed event comes again, for somebody who watches. */
const SOON = 5;

/** Without a filter the flows would download and show what everybody on the platform does. */
function filtered(node: FlowNode, { id: broker }: FlowNode, { owner, dashboardDead }: Dialogs): FlowNode {
  if (!("broker" in node)) return node;
  // Two flows that download the same orders would take each other's files.
  const ofOrders = node.type === "regards-order-in" && node.name === "order events";
  const downloads = ofOrders && dashboardDead !== undefined ? DOWNLOADED_BY[String(node.z)] : undefined;
  // What asks for itself hears the answers to what it has asked.
  const isItsOwn = /-out$/.test(node.type) || node.correlationType === "mine";
  if (isItsOwn) return { ...node, broker };
  if (node.type === "regards-worker-in") return { ...node, broker, owner };
  const retryDelay = dashboardDead === undefined ? {} : { retryDelay: SOON };
  return {
    ...node,
    ...retryDelay,
    broker,
    correlation: downloads ?? CORRELATION_PREFIX,
    correlationType: "prefix",
  };
}
