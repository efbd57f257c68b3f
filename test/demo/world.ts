/** Everything the demo needs to be real: a RabbitMQ, a REGARDS to talk to, a Node-RED 5, a folder. */
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { watchDebug } from "../examples/debug-sidebar";
import { Example } from "../examples/example";
import { ownQueue } from "../nodes/flows";
import { CONFIG_TYPES, TYPES } from "../package/sources";
import { type Simulator, startSimulator } from "../simulator/simulator";
import { notificationExchange } from "../simulator/wire";
import { dashboardFolder, NoDashboardError } from "../support/dashboard";
import { startNodeRed } from "../support/node-red";
import { type RabbitMq, startRabbitMq } from "../support/rabbitmq";
import type { TestNodeRed } from "../support/test-node-red";
import { startControl } from "./control";
import { deedsOf } from "./deeds";
import { demoFlows } from "./flows";
import { Mishaps } from "./mishaps";
import { otherPorts, type Ports, portFor } from "./ports";

/** The running parts. */
export interface World {
  readonly broker: RabbitMq;
  readonly regards: Simulator;
  readonly nodeRed: TestNodeRed;
  readonly flows: Example;
  readonly mishaps: Mishaps;
  /** Where the flows save what they fetch. */
  readonly downloads: string;
  /** Where the dashboard is, where there is one. */
  readonly dashboard: string | undefined;
  /** Stops all of it and leaves nothing behind. */
  stop(): Promise<void>;
}

/** How fast the demo goes, and what it shows. */
export interface Pace {
  /** A step of REGARDS' work, in milliseconds. */
  readonly step: number;
  /** How long the flow of *Start here* works on an event, and until a failed one comes again, in seconds. */
  readonly work: number;
  readonly retryDelay: number;
  /** How long RabbitMQ is away, in milliseconds. */
  readonly away: number;
  /** Whether to bring the dashboard, and show it. */
  readonly withDashboard: boolean;
}

/** Those that have a connection to wait for. */
const OURS = TYPES.filter((type) => !CONFIG_TYPES.includes(type) && type !== "regards-download");
const CONNECT_LIMIT = 30_000;
const REPOSITORY = resolve(__dirname, "../..");
const DASHBOARD_PAGE = "/dashboard/regards";

/** Starts the parts one after the other. */
export async function startWorld(pace: Pace, say: (line: string) => void): Promise<World> {
  const cleanUps: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  };
  try {
    const directory = await mkdtemp(join(tmpdir(), "regards-demo-"));
    cleanUps.push(() => rm(directory, { recursive: true, force: true }));
    const downloads = join(directory, "downloads");
    await mkdir(downloads);
    const modules = pace.withDashboard ? await dashboardModules(say) : [];
    const ports = await choosePorts();
    for (const line of otherPorts(ports)) say(line);

    say("Starting RabbitMQ ...");
    const broker = await startRabbitMq({ say, port: ports.rabbitMq });
    cleanUps.push(() => broker.stop());

    say("Starting a simulated REGARDS ...");
    const { host: hostname, port, user: username, password, vhost } = broker;
    // On somebody else's broker the demo keeps away from whatever REGARDS may be there.
    const prefix = broker.isPrivate ? "regards" : `regards-demo-${randomUUID().slice(0, 8)}`;
    const amqp = { hostname, port, username, password, vhost };
    const regards = await startSimulator({ amqp, pace: pace.step, prefix, httpPort: ports.regards });
    cleanUps.push(() => regards.stop({ removeExchanges: !broker.isPrivate }));

    say("Starting Node-RED 5 ...");
    const nodeRed = await startDemoNodeRed(broker, regards, downloads, ports.nodeRed, modules);
    cleanUps.push(() => nodeRed.stop());
    const mishaps = new Mishaps(broker, nodeRed);
    cleanUps.push(() => mishaps.end());
    const control = await startControl(ports.control, deedsOf(regards, mishaps, pace.away));
    cleanUps.push(() => control.close());
    const dashboardDead =
      modules.length === 0 ? undefined : await deadQueueOf(nodeRed, regards, "10 - Dashboard");
    const flows = demoFlows(
      { vhost, namespace: prefix, owner: regards.user.login, dashboardDead },
      {
        ...{ control: `http://127.0.0.1:${ports.control}`, nodeRed: nodeRed.url },
        ...{ work: pace.work, retryDelay: pace.retryDelay },
      },
    );
    await watchDebug(nodeRed);
    cleanUps.push(() => nodeRed.deploy([]));
    await nodeRed.deploy(flows.nodes);
    for (const { id } of OURS.flatMap((type) => flows.ofType(type))) {
      await nodeRed.untilStatus(id, ({ code }) => code === "connected", { timeout: CONNECT_LIMIT });
    }
    const dashboard = modules.length === 0 ? undefined : `${nodeRed.url}${DASHBOARD_PAGE}`;
    return { broker, regards, nodeRed, flows, mishaps, downloads, dashboard, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The folder of the dashboard's nodes; none where it cannot be had, which is said. */
async function dashboardModules(say: (line: string) => void): Promise<readonly string[]> {
  try {
    return [await dashboardFolder(say)];
  } catch (error) {
    if (!(error instanceof NoDashboardError)) throw error;
    say(`${error.message} The demo goes on without its dashboard.`);
    return [];
  }
}

async function choosePorts(): Promise<Ports> {
  const taken = new Set<number>();
  const next = async (part: keyof Ports): Promise<number> => {
    const port = await portFor(part, taken);
    taken.add(port);
    return port;
  };
  return {
    ...{ nodeRed: await next("nodeRed"), regards: await next("regards") },
    ...{ control: await next("control"), rabbitMq: await next("rabbitMq") },
  };
}

/** Where the order node of an example gives its events up to: the name holds the installation's digest. */
async function deadQueueOf(nodeRed: TestNodeRed, regards: Simulator, example: string): Promise<string> {
  const [tenant = ""] = regards.tenants;
  const id = Example.read(example).id("regards-order-in", "order events");
  return `${await ownQueue(nodeRed, `nodered.${tenant}.order`, id)}.dead`;
}

/** The environment is the one the examples' descriptions ask a user for. */
async function startDemoNodeRed(
  broker: RabbitMq,
  regards: Simulator,
  downloads: string,
  port: number,
  modules: readonly string[],
): Promise<TestNodeRed> {
  const [tenant = ""] = regards.tenants;
  const nodeRed = await startNodeRed({
    version: 5,
    port,
    nodesDir: [REPOSITORY, ...modules],
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
  const dead = await deadQueueOf(nodeRed, regards, "01 - Auto-download orders");
  await nodeRed.evaluate((_RED, queue) => {
    process.env.REGARDS_DEAD_QUEUE = queue;
  }, dead);
  await showEachTabItsOwn(nodeRed);
  // Ctrl-C reaches every process of the terminal; this one is stopped in order, by us.
  await nodeRed.evaluate(() => void process.on("SIGINT", () => undefined));
  return nodeRed;
}

/** The debug sidebar begins with *current flow*: what the tab one looks at has shown. */
async function showEachTabItsOwn(nodeRed: TestNodeRed): Promise<void> {
  const { ok, status } = await nodeRed.fetch("settings/user", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ debug: { filter: "filterCurrent" } }),
  });
  if (!ok) throw new Error(`the settings of the editor answered ${status}`);
}
