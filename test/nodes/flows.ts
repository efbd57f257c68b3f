/** The nodes most tests deploy. */
import type { FreshVhost } from "../support/shared-rabbitmq";
import type { FlowNode } from "../support/test-node-red";

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
