/** What the debug nodes of a flow show, read from the runtime's own stream to the debug sidebar. */
import type { Message } from "../support/node-red-wire";
import type { TestNodeRed } from "../support/test-node-red";

const watched = new WeakSet<TestNodeRed>();

/** Lets a Node-RED report what its debug nodes show; once per process is enough. */
export async function watchDebug(nodeRed: TestNodeRed): Promise<void> {
  if (watched.has(nodeRed)) return;
  watched.add(nodeRed);
  await nodeRed.evaluate((RED) => {
    type Shown = { topic: string; data: { id: string; level?: number } };
    // Errors appear there too, with a level and under the id of their node, which may be a probe's.
    RED.events.on("comms", ({ topic, data }: Shown) => {
      if (topic === "debug" && data.level === undefined)
        process.send?.({ kind: "message", probe: data.id, message: data });
    });
  });
}

/** What to wait for. */
export interface ShownOptions {
  readonly where?: (shown: unknown) => boolean;
  readonly timeout?: number;
}

/** The next thing a debug node shows that satisfies `where`, past ones not given out before included. */
export async function nextShown(
  nodeRed: TestNodeRed,
  debugNode: string,
  { where = () => true, ...limits }: ShownOptions = {},
): Promise<unknown> {
  const message = await nodeRed.nextMessage(debugNode, { where: (item) => where(shownIn(item)), ...limits });
  return shownIn(message);
}

/** Everything a debug node has shown. */
export function allShown(nodeRed: TestNodeRed, debugNode: string): readonly unknown[] {
  return nodeRed.messages(debugNode).map(shownIn);
}

/** A property of an object that was shown; undefined of anything else. */
export function property(shown: unknown, name: string): unknown {
  return typeof shown === "object" && shown !== null
    ? Object.entries(shown).find(([key]) => key === name)?.[1]
    : undefined;
}

/** Objects travel to the sidebar as text. */
function shownIn({ msg, format }: Message): unknown {
  const isEncoded =
    typeof msg === "string" &&
    typeof format === "string" &&
    /^(Object|array|number|boolean|error)/i.test(format);
  return isEncoded ? JSON.parse(msg) : msg;
}
