/** The nodes most tests deploy. */
import { createHash } from "node:crypto";
import type { FreshVhost } from "../support/shared-rabbitmq";
import type { FlowNode, TestNodeRed } from "../support/test-node-red";

/** A `regards-broker` node named `broker` for a test's vhost, and the tab its users are on. */
export function brokerNode(
  { host, port, vhost, user, password }: Pick<FreshVhost, "host" | "port" | "vhost" | "user" | "password">,
  properties: Readonly<Record<string, unknown>> = {},
): FlowNode {
  return {
    id: "broker",
    type: "regards-broker",
    hosts: `${host}:${port}`,
    vhost,
    credentials: { user, password },
    ...properties,
  };
}

/** A workspace tab. */
export const tab: FlowNode = { id: "tab", type: "tab", label: "test" };

/** The name of the queue that a node declares for itself, in this Node-RED. */
export async function ownQueue(nodeRed: TestNodeRed, start: string, id: string): Promise<string> {
  const instance = await nodeRed.evaluate((RED) => String(RED.settings.get("instanceId")));
  return `${start}.${createHash("sha256").update(instance).digest("hex").slice(0, 8)}.${id}`;
}
