/** A cluster of RabbitMQ nodes on this machine, each in a directory and on ports of its own. */

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { openSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BrokerConsole, MULTITENANT_VHOST } from "../support/broker-console";
import {
  configuration,
  environment,
  HOST,
  nodeName,
  PASSWORD,
  type Ports,
  USER,
} from "../support/broker-settings";
import { erlangEnvironment } from "../support/erlang";
import { ErlangConsole } from "../support/erlang-console";
import { freePort } from "../support/free-port";
import { isListening } from "../support/listening";
import { amqpUrl, type RabbitMq } from "../support/rabbitmq";
import { type RabbitMqServer, rabbitMqServer, wantedVersion } from "../support/rabbitmq-server";
import { until } from "../support/until";

const START_LIMIT = 120_000;

/** One member. */
export class ClusterNode implements RabbitMq {
  readonly isPrivate = true;
  readonly tlsPort = undefined;
  readonly certificates = undefined;
  readonly host = HOST;
  readonly user = USER;
  readonly password = PASSWORD;
  readonly vhost = MULTITENANT_VHOST;
  readonly port: number;
  readonly url: string;
  readonly console: BrokerConsole;
  readonly version: string;
  readonly #program: RabbitMqServer;
  readonly #directory: string;
  readonly #ports: Ports;
  readonly #erlang: ErlangConsole;
  #server: ChildProcess | undefined;

  constructor(program: RabbitMqServer, directory: string, ports: Ports) {
    this.version = program.version;
    this.#program = program;
    this.#directory = directory;
    this.#ports = ports;
    this.port = ports.amqp;
    this.url = amqpUrl(this);
    const env = environment(program, directory, ports);
    this.#erlang = new ErlangConsole({ node: nodeName(ports), directory, env });
    this.console = new BrokerConsole(() => this.#erlang);
  }

  async start(): Promise<void> {
    if (this.#server) return;
    const output = openSync(join(this.#directory, "output.txt"), "a");
    const server: ChildProcess = spawn(this.#program.script, [], {
      env: environment(this.#program, this.#directory, this.#ports),
      cwd: this.#directory,
      stdio: ["ignore", output, output],
      detached: true,
    });
    this.#server = server;
    server.once("exit", () => {
      this.#server = undefined;
    });
    await once(server, "spawn");
    await writeFile(join(this.#directory, "server.pid"), String(server.pid));
    await until(() => isListening(this.port), { what: nodeName(this.#ports), timeout: START_LIMIT });
    // A question loads the answering code here too: another member may have to ask a queue's leader on this one.
    await this.console.vhosts();
  }

  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  shutdown(): Promise<void> {
    return this.#end("SIGTERM");
  }

  freeze(): void {
    this.#server?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#server?.kill("SIGCONT");
  }

  log(): Promise<string> {
    return readFile(join(this.#directory, "rabbitmq.log"), "utf8");
  }

  async stop(): Promise<void> {
    await this.kill();
    await this.#erlang.close();
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#server;
    if (!server) return;
    const ended = once(server, "exit");
    server.kill(signal);
    await ended;
  }
}

/** So many members that know one another. */
export class Cluster {
  readonly nodes: readonly ClusterNode[];
  readonly #epmd: ChildProcess;

  private constructor(nodes: readonly ClusterNode[], epmd: ChildProcess) {
    this.nodes = nodes;
    this.#epmd = epmd;
  }

  /** @param more lines for every rabbitmq.conf */
  static async start(size: number, more = ""): Promise<Cluster> {
    const program = await rabbitMqServer((line) => console.error(line), wantedVersion());
    const cookie = randomBytes(15).toString("hex");
    const epmdPort = await freePort();
    const members: Ports[] = [];
    for (let index = 0; index < size; index += 1) {
      const [amqp, distribution] = [await freePort(), await freePort()];
      members.push({ amqp, tls: undefined, epmd: epmdPort, distribution });
    }
    const epmd = spawn("epmd", ["-port", String(epmdPort), "-address", HOST], {
      env: erlangEnvironment(program),
      stdio: "ignore",
      detached: true,
    });
    await once(epmd, "spawn");
    await until(() => isListening(epmdPort), { what: "epmd to accept connections" });
    const nodes = await Promise.all(
      members.map(async (ports) => {
        const directory = await mkdtemp(join(tmpdir(), "regards-cluster-"));
        const file = (name: string, text: string, mode = 0o600) =>
          writeFile(join(directory, name), text, { mode });
        await file(".erlang.cookie", cookie, 0o400);
        await file("enabled_plugins", "[].");
        await file("epmd.pid", String(epmd.pid));
        await file("rabbitmq.conf", configuration(directory, ports, `${meets(members, ports)}\n${more}`));
        return new ClusterNode(program, directory, ports);
      }),
    );
    const cluster = new Cluster(nodes, epmd);
    try {
      for (const node of nodes.slice(0, 1)) await node.start();
      await Promise.all(nodes.slice(1).map((node) => node.start()));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** For the property `hosts` of a broker node. */
  get hosts(): string {
    return this.nodes.map(({ host, port }) => `${host}:${port}`).join(", ");
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    if (this.#epmd.exitCode === null) this.#epmd.kill("SIGKILL");
  }
}

/**
 * Whom a member that is new looks for: the first one nobody, so that it founds the cluster at once (RabbitMQ 4 waits
 * for others it has been told of), the others the first one and themselves. All at once might found two.
 */
function meets(members: readonly Ports[], own: Ports): string {
  const known = [...new Set([...members.slice(0, 1), own])];
  return [
    "cluster_formation.peer_discovery_backend = classic_config",
    ...known.map(
      (ports, index) => `cluster_formation.classic_config.nodes.${index + 1} = ${nodeName(ports)}`,
    ),
  ].join("\n");
}
