/**
 * An example at work: deployed into a real Node-RED, set up as its comment asks, against the simulated
 * REGARDS.
 */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { connect } from "amqplib";
import { CONFIG_TYPES, TYPES } from "../package/sources";
import { type Simulator, startSimulator } from "../simulator/simulator";
import { amqpOf } from "../simulator/stage";
import { notificationExchange } from "../simulator/wire";
import { sharedDashboard } from "../support/shared-dashboard";
import { sharedNodeRed } from "../support/shared-node-red";
import { type FreshVhost, freshVhost } from "../support/shared-rabbitmq";
import type { FlowNode, TestNodeRed } from "../support/test-node-red";
import { nextShown, watchDebug } from "./debug-sidebar";
import { type Example, environmentVariable } from "./example";

/** The stage an example plays on. */
export interface ExampleStage {
  readonly nodeRed: TestNodeRed;
  readonly regards: Simulator;
  readonly example: Example;
  /** The next thing the debug node of this name shows. */
  shown(debugName: string, where?: (shown: unknown) => boolean): Promise<unknown>;
  /** Presses the button of the inject node of this name. */
  press(injectName: string): Promise<void>;
  /** Where downloads go. */
  readonly folder: string;
  /** The files in the download folder, by name. */
  downloads(): Promise<ReadonlyMap<string, Buffer>>;
  strike(): Promise<void>;
}

/** There before an example is deployed, as if another flow had made it. */
const DEAD_QUEUE = "nodered.project1.order.another-flow.dead";

/** Those that have a connection to wait for. */
const OURS = TYPES.filter((type) => !CONFIG_TYPES.includes(type) && type !== "regards-download");

/** Deploys an example and waits until its REGARDS nodes are connected. */
export async function playExample(example: Example, version: 4 | 5): Promise<ExampleStage> {
  const cleanUps: (() => Promise<unknown>)[] = [];
  const strike = async (): Promise<void> => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  };
  try {
    const vhost = await freshVhost();
    cleanUps.push(() => vhost.drop());
    await declareQueue(vhost, DEAD_QUEUE);
    const regards = await startSimulator({ amqp: amqpOf(vhost), pace: 5 });
    cleanUps.push(() => regards.stop());
    const folder = await mkdtemp(join(tmpdir(), "regards-example-"));
    cleanUps.push(() => rm(folder, { recursive: true, force: true }));
    const nodeRed = await (example.hasDashboard ? sharedDashboard(version) : sharedNodeRed(version));
    cleanUps.push(() => nodeRed.deploy([]));
    await watchDebug(nodeRed);
    await nodeRed.deploy(configured(example, vhost, regards, folder));
    for (const { id } of OURS.flatMap((type) => example.ofType(type))) {
      await nodeRed.untilStatus(id, ({ code }) => code === "connected");
    }
    return {
      nodeRed,
      regards,
      example,
      shown: (name, where) => nextShown(nodeRed, example.id("debug", name), { where: where ?? (() => true) }),
      press: (name) => press(nodeRed, example.id("inject", name)),
      folder,
      downloads: () => filesIn(folder),
      strike,
    };
  } catch (error) {
    await strike();
    throw error;
  }
}

async function declareQueue({ url }: FreshVhost, name: string): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  await channel.assertQueue(name, { durable: true });
  await connection.close();
}

/** The example set up as its comment asks; a user would set the variables before Node-RED starts. */
function configured(
  example: Example,
  vhost: FreshVhost,
  regards: Simulator,
  folder: string,
): readonly FlowNode[] {
  const environment = environmentNode({
    REGARDS_HOST: `${vhost.host}:${vhost.port}`,
    REGARDS_TENANT: "project1",
    REGARDS_EXCHANGE: notificationExchange(regards.prefix),
    REGARDS_ADDRESS: regards.address,
    REGARDS_USER: vhost.user,
    REGARDS_PASSWORD: vhost.password,
    REGARDS_WEB_USER: regards.user.login,
    REGARDS_WEB_PASSWORD: regards.user.password,
    REGARDS_DOWNLOADS: folder,
    REGARDS_DEAD_QUEUE: DEAD_QUEUE,
  });
  // Credentials are never part of an exported flow: they are typed into the broker node.
  const credentials = {
    user: environmentVariable("REGARDS_USER"),
    password: environmentVariable("REGARDS_PASSWORD"),
  };
  const web = {
    user: environmentVariable("REGARDS_WEB_USER"),
    password: environmentVariable("REGARDS_WEB_PASSWORD"),
  };
  const typed = example
    .with("regards-broker", { vhost: vhost.vhost, credentials })
    .with("regards-web", { credentials: web });
  // As the editor does with the one of a flow: it has that of the workspace already.
  const nodes = typed.nodes.filter(({ type }) => type !== "global-config");
  return [environment, ...nodes];
}

async function press(nodeRed: TestNodeRed, inject: string): Promise<void> {
  const response = await nodeRed.fetch(`/inject/${inject}`, { method: "POST" });
  if (!response.ok) throw new Error(`the inject button answered ${response.status}`);
}

/** By their paths in the folder; what download nodes keep for themselves begins with a dot. */
async function filesIn(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
  return new Map(
    await Promise.all(paths.map(async (path) => [relative(folder, path), await readFile(path)] as const)),
  );
}

/** Global environment variables, as the editor keeps them. */
function environmentNode(variables: Readonly<Record<string, string>>): FlowNode {
  const env = Object.entries(variables).map(([name, value]) => ({ name, value, type: "str" }));
  return { id: "environment", type: "global-config", env, modules: {} };
}
