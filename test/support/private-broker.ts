/**
 * A RabbitMQ of our own: nothing of the machine's configuration enters it, nothing of it stays on the
 * machine.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { openSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BrokerConsole, MULTITENANT_VHOST } from "./broker-console";
import {
  configuration,
  environment,
  HOST,
  nodeName,
  OTHER_VHOSTS,
  PASSWORD,
  type Ports,
  USER,
} from "./broker-settings";
import { makeCertificates } from "./certificates";
import { erlangEnvironment } from "./erlang";
import { ErlangConsole } from "./erlang-console";
import { freePort } from "./free-port";
import { isListening } from "./listening";
import { amqpUrl, type Certificates, type RabbitMq, type RabbitMqOptions } from "./rabbitmq";
import type { RabbitMqServer } from "./rabbitmq-server";
import { until } from "./until";

const START_LIMIT = 90_000;
/** Milliseconds until a process that was told to stop has done so, at most. */
const STOPPING_MS = 2_000;

/** A broker in a temporary directory, run by a child process. */
export class PrivateBroker implements RabbitMq {
  readonly isPrivate = true;
  readonly host = HOST;
  readonly user = USER;
  readonly password = PASSWORD;
  readonly vhost = MULTITENANT_VHOST;
  readonly port: number;
  readonly tlsPort: number | undefined;
  readonly url: string;
  readonly console: BrokerConsole;
  readonly version: string;
  readonly #program: RabbitMqServer;
  readonly #directory: string;
  readonly #ports: Ports;
  #certificates: Certificates | undefined;
  #isFrozen = false;
  #server: ChildProcess | undefined;
  #epmd: ChildProcess | undefined;
  #erlang: ErlangConsole | undefined;

  private constructor(program: RabbitMqServer, directory: string, ports: Ports) {
    this.version = program.version;
    this.#program = program;
    this.#directory = directory;
    this.#ports = ports;
    this.port = ports.amqp;
    this.tlsPort = ports.tls;
    this.url = amqpUrl(this);
    this.console = new BrokerConsole(() => this.#console());
  }

  /** Starts one and waits until it accepts connections. */
  static async launch(
    program: RabbitMqServer,
    { config = "", tls = false, port }: RabbitMqOptions,
  ): Promise<PrivateBroker> {
    const directory = await mkdtemp(join(tmpdir(), "regards-rabbitmq-"));
    const ports = {
      amqp: port ?? (await freePort()),
      tls: tls ? await freePort() : undefined,
      epmd: await freePort(),
      distribution: await freePort(),
    };
    const broker = new PrivateBroker(program, directory, ports);
    try {
      await broker.#prepare(config);
      await broker.start();
      await broker.#furnish();
      return broker;
    } catch (error) {
      await broker.stop();
      throw error;
    }
  }

  get processGroup(): number | undefined {
    return this.#server?.pid;
  }

  get certificates(): Certificates | undefined {
    return this.#certificates;
  }

  async start(): Promise<void> {
    if (this.#server) return;
    const output = openSync(join(this.#directory, "output.txt"), "a");
    // Its own process group, so that Ctrl-C reaches us first and we can end it in order.
    const server = spawn(this.#program.script, [], {
      env: environment(this.#program, this.#directory, this.#ports),
      cwd: this.#directory,
      stdio: ["ignore", output, output],
      detached: true,
    });
    this.#server = server;
    this.#isFrozen = false;
    server.once("exit", () => {
      if (this.#server === server) this.#server = undefined;
    });
    await once(server, "spawn");
    await this.#rememberProcess("server", server);
    await until(
      async () => {
        if (this.#server !== server) throw new Error(`it ended:\n${await this.#output()}`);
        return await isListening(this.port);
      },
      { what: "RabbitMQ to accept connections", timeout: START_LIMIT, every: 50 },
    );
  }

  async stop(): Promise<void> {
    await endOf(this.#server, "SIGKILL");
    await this.#erlang?.close();
    await endOf(this.#epmd, "SIGKILL");
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  async kill(): Promise<void> {
    // RabbitMQ 3.10 on a single node, killed within seconds of declaring a quorum queue, comes back with that
    // queue leaderless for ever. That is its own trouble and not what the tests are about.
    if (!this.#isFrozen) await this.console.syncTables().catch(() => undefined);
    await endOf(this.#server, "SIGKILL");
  }

  shutdown(): Promise<void> {
    return endOf(this.#server, "SIGTERM");
  }

  freeze(): void {
    this.#isFrozen = this.#server?.kill("SIGSTOP") ?? false;
    // On a busy machine its threads run on for a moment, and answer.
    const limit = performance.now() + STOPPING_MS;
    while (this.#isFrozen && !isStopped(this.#server?.pid) && performance.now() < limit) {}
  }

  thaw(): void {
    this.#server?.kill("SIGCONT");
    this.#isFrozen = false;
  }

  log(): Promise<string> {
    return readFile(join(this.#directory, "rabbitmq.log"), "utf8");
  }

  async #furnish(): Promise<void> {
    for (const vhost of OTHER_VHOSTS) {
      await this.console.addVhost(vhost);
      await this.console.setPermissions(USER, vhost);
    }
    if (this.#certificates === undefined) return;
    const { clientUser } = this.#certificates;
    await this.console.addUser(clientUser, randomBytes(15).toString("hex"));
    await this.console.setPermissions(clientUser);
  }

  async #prepare(config: string): Promise<void> {
    const file = (name: string, text: string, mode = 0o600) =>
      writeFile(join(this.#directory, name), text, { mode });
    await file(".erlang.cookie", randomBytes(15).toString("hex"), 0o400);
    await file("enabled_plugins", this.tlsPort === undefined ? "[]." : "[rabbitmq_auth_mechanism_ssl].");
    const epmd = spawn("epmd", ["-port", String(this.#ports.epmd), "-address", HOST], {
      env: erlangEnvironment(this.#program),
      stdio: "ignore",
      detached: true,
    });
    this.#epmd = epmd;
    await once(epmd, "spawn");
    await this.#rememberProcess("epmd", epmd);
    await until(() => isListening(this.#ports.epmd), { what: "epmd to accept connections" });
    this.#console();
    if (this.tlsPort !== undefined)
      this.#certificates = await makeCertificates(this.#program, this.#directory);
    await file("rabbitmq.conf", configuration(this.#directory, this.#ports, config));
  }

  #console(): ErlangConsole {
    this.#erlang ??= new ErlangConsole({
      node: nodeName(this.#ports),
      directory: this.#directory,
      env: environment(this.#program, this.#directory, this.#ports),
    });
    return this.#erlang;
  }

  /** For the console, which ends these processes when we can no longer do it ourselves. */
  #rememberProcess(name: string, { pid }: ChildProcess): Promise<void> {
    return writeFile(join(this.#directory, `${name}.pid`), String(pid));
  }

  #output(): Promise<string> {
    return readFile(join(this.#directory, "output.txt"), "utf8");
  }
}

async function endOf(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

/** Whether every thread of a process is stopped; true where the system does not say. */
function isStopped(pid: number | undefined): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) =>
      /\) [Tt] /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8")),
    );
  } catch {
    return true;
  }
}
