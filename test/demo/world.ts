/** Everything the demo needs to be real: a RabbitMQ, a REGARDS to talk to, a Node-RED 5, a folder. */
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { watchDebug } from "../examples/debug-sidebar";
import { Example } from "../examples/example";
import { ownQueue } from "../nodes/flows";
import { CONFIG_TYPES, TYPES } from "../package/sources";
import { type Simulator, startSimulator } from "../simulator/simulator";
import { notificationExchange } from "../simulator/wire";
import { startNodeRed } from "../support/node-red";
import { type RabbitMq, startRabbitMq } from "../support/rabbitmq";
import type { TestNodeRed } from "../support/test-node-red";
import { demoFlows } from "./flows";

/** The running parts. */
export interface World {
  readonly broker: RabbitMq;
  readonly regards: Simulator;
  readonly nodeRed: TestNodeRed;
  readonly flows: Example;
  /** Where the flows save what they fetch. */
  readonly downloads: string;
  /** Stops all of it and leaves nothing behind. */
  stop(): Promise<void>;
}

/** Those that have a connection to wait for. */
const OURS = TYPES.filter((type) => !CONFIG_TYPES.includes(type) && type !== "regards-download");
const CONNECT_LIMIT = 30_000;

/** Starts the parts one after the other; a step of REGARDS' work takes `pace` milliseconds. */
export async function startWorld(pace: number, say: (line: string) => void): Promise<World> {
  const cleanUps: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  };
  try {
    const directory = await mkdtemp(join(tmpdir(), "regards-demo-"));
    cleanUps.push(() => rm(directory, { recursive: true, force: true }));
    const downloads = join(directory, "downloads");
    await mkdir(downloads);

    say("Starting RabbitMQ ...");
    const broker = await startRabbitMq({ say });
    cleanUps.push(() => broker.stop());

    say("Starting a simulated REGARDS ...");
    const { host: hostname, port, user: username, password, vhost } = broker;
    // On somebody else's broker the demo keeps away from whatever REGARDS may be there.
    const prefix = broker.isPrivate ? "regards" : `regards-demo-${randomUUID().slice(0, 8)}`;
    const amqp = { hostname, port, username, password, vhost };
    const regards = await startSimulator({ amqp, pace, prefix });
    cleanUps.push(() => regards.stop({ removeExchanges: !broker.isPrivate }));

    say("Starting Node-RED 5 ...");
    const flows = demoFlows({ vhost, namespace: prefix, owner: regards.user.login });
    const nodeRed = await startDemoNodeRed(broker, regards, downloads);
    cleanUps.push(() => nodeRed.stop());
    await watchDebug(nodeRed);
    cleanUps.push(() => nodeRed.deploy([]));
    await nodeRed.deploy(flows.nodes);
    for (const { id } of OURS.flatMap((type) => flows.ofType(type))) {
      await nodeRed.untilStatus(id, ({ code }) => code === "connected", { timeout: CONNECT_LIMIT });
    }
    return { broker, regards, nodeRed, flows, downloads, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The environment is the one the examples' comments ask a user for. */
async function startDemoNodeRed(
  broker: RabbitMq,
  regards: Simulator,
  downloads: string,
): Promise<TestNodeRed> {
  const [tenant = ""] = regards.tenants;
  const nodeRed = await startNodeRed({
    version: 5,
    env: {
      REGARDS_HOST: `${broker.host}:${broker.port}`,
      REGARDS_TENANT: tenant,
      REGARDS_EXCHANGE: notificationExchange(regards.prefix),
      REGARDS_ADDRESS: regards.address,
      REGARDS_USER: broker.user,
      REGARDS_PASSWORD: broker.password,
      REGARDS_WEB_USER: regards.user.login,
      REGARDS_WEB_PASSWORD: regards.user.password,
      REGARDS_DOWNLOADS: downloads,
    },
    settings: {
      editorTheme: {
        page: { title: "REGARDS demo" },
        header: { title: "REGARDS demo" },
        tours: false,
        projects: { enabled: false },
      },
    },
  });
  // The queue's name holds the installation's digest, which nobody knows before.
  const queue = await ownQueue(
    nodeRed,
    `nodered.${tenant}.order`,
    Example.read("1 - Auto-download orders").id("regards-order-in", "order events"),
  );
  await nodeRed.evaluate((_RED, dead) => {
    process.env.REGARDS_DEAD_QUEUE = dead;
  }, `${queue}.dead`);
  // Ctrl-C reaches every process of the terminal; this one is stopped in order, by us.
  await nodeRed.evaluate(() => void process.on("SIGINT", () => undefined));
  return nodeRed;
}
