/**
 * A Node-RED for tests of completion, without a broker: the node `in` sends events and knows what became of them,
 * and nodes that behave as contributed ones do are there. One of each version for the whole run.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { tab } from "../nodes/flows";
import { startNodeRed } from "../support/node-red";
import type { FlowNode, TestNodeRed } from "../support/test-node-red";
import { untilValue } from "../support/until";
import type { EventNode, Seen } from "./palette/test-completion";

const REPOSITORY = join(__dirname, "../..");
const started = new Map<4 | 5, Promise<CompletionStage>>();

/** The stage of a version, empty. */
export function completionStage(version: 4 | 5 = 5): Promise<CompletionStage> {
  const starting =
    started.get(version) ??
    startNodeRed({ version, nodesDir: [REPOSITORY, join(__dirname, "palette")] }).then(
      (nodeRed) => new CompletionStage(nodeRed),
    );
  started.set(version, starting);
  return starting;
}

after("stop the Node-REDs of the completion stage", async function () {
  this.timeout(30_000);
  const all = [...started.values()];
  started.clear();
  await Promise.all(all.map(async (starting) => (await starting.catch(() => undefined))?.nodeRed.stop()));
});

/** Node-RED's own look-up of running nodes. */
interface Nodes {
  getNode(id: "in"): EventNode;
}

/** Where the events begin: `in`, on the tab. */
export function source(wires: readonly string[] = ["first"]): FlowNode {
  return { id: "in", type: "test-event", z: "tab", wires: [[...wires]] };
}

/** Holds what it gets until it is released. */
export const gate: FlowNode = { id: "gate", type: "test-probe", z: "tab", hold: true, wires: [[]] };

export class CompletionStage {
  readonly nodeRed: TestNodeRed;

  constructor(nodeRed: TestNodeRed) {
    this.nodeRed = nodeRed;
  }

  /** Deploys a flow that begins at `first`, behind `in`; anything may be wired to `gate`. */
  async deploy(nodes: readonly FlowNode[], type: "full" | "flows" | "nodes" = "full"): Promise<void> {
    await this.nodeRed.deploy([tab, source(), ...nodes, gate], { type });
    this.nodeRed.forget();
  }

  /** Sends one event for each payload, in one go. */
  async sends(payloads: readonly unknown[], notWaitedFor: readonly string[] = []): Promise<void> {
    await this.nodeRed.evaluate(
      (RED, all, types) => (RED.nodes as unknown as Nodes).getNode("in").sends(all, types),
      payloads,
      notWaitedFor,
    );
  }

  /** A message of nobody's event comes to a node. */
  stranger(node: string, message: object): Promise<void> {
    return this.nodeRed.inject(node, message);
  }

  /** All events so far, as they look now. */
  seen(): Promise<Seen[]> {
    return this.nodeRed.evaluate((RED) => (RED.nodes as unknown as Nodes).getNode("in").seen());
  }

  /** How each event has ended: "finished", "failed: …" or "abandoned"; undefined where it has not. */
  async outcomes(): Promise<(string | undefined)[]> {
    return (await this.seen()).map(({ outcome }) =>
      outcome?.kind === "failed" ? `failed: ${outcome.reason}` : outcome?.kind,
    );
  }

  /** Waits until all events have ended. */
  untilEnded(timeout = 5_000): Promise<(string | undefined)[]> {
    const haveEnded = (all: readonly unknown[]): boolean => !all.includes(undefined);
    return untilValue(() => this.outcomes(), haveEnded, { what: "all events to end", timeout });
  }

  /** Takes so many messages at the gate, one after the other; the event is open until the last is released. */
  async passes(count: number, timeout?: number): Promise<void> {
    for (let each = 0; each < count; each += 1) {
      await this.nodeRed.nextMessage("gate", timeout === undefined ? {} : { timeout });
      assert.deepEqual(await this.outcomes(), [undefined], "while only the gate holds it");
      await this.nodeRed.release("gate", 1);
    }
    assert.deepEqual(await this.untilEnded(), ["finished"]);
  }
}
