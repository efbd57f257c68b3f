/** The remote control of a Node-RED in a process of its own: what a test does to it and sees of it. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { NodeRedApp } from "node-red";
import { type DeployOptions, type Edits, edited } from "./flow-edits";
import { type FlowNode, NodeRedAdmin, type NodeSet } from "./node-red-admin";
import { NodeRedCalls } from "./node-red-calls";
import { NodeRedRecord, PATIENCE, type WaitOptions } from "./node-red-record";
import type { FromNodeRed, LogEntry, Message, Resources, RuntimeEvent, Status } from "./node-red-wire";

export type { FlowNode, NodeSet } from "./node-red-admin";
export type { LogEntry, Message, Resources, RuntimeEvent, Status } from "./node-red-wire";

const STOP_LIMIT = 20_000;

/** The remote control of one Node-RED. */
export class TestNodeRed {
  readonly url: string;
  readonly userDir: string;
  readonly process: ChildProcess;
  readonly #admin: NodeRedAdmin;
  readonly #record = new NodeRedRecord();
  readonly #calls: NodeRedCalls;
  readonly #cleanUp: () => Promise<void>;
  #output = "";
  #deployed: readonly FlowNode[] = [];

  constructor(child: ChildProcess, port: number, userDir: string, cleanUp: () => Promise<void>) {
    this.process = child;
    this.#calls = new NodeRedCalls(child);
    this.url = `http://127.0.0.1:${port}`;
    this.#admin = new NodeRedAdmin(this.url);
    this.userDir = userDir;
    this.#cleanUp = cleanUp;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
      });
    }
    child.on("message", (report: FromNodeRed) => this.#onReport(report));
    child.once("error", (error) => this.#onEnd(error.message));
    child.once("exit", (code, signal) => this.#onEnd(`it ended with ${signal ?? code}`));
  }

  /** Everything it logged, from debug up. */
  get logs(): readonly LogEntry[] {
    return this.#record.logs;
  }

  /** Runtime events as the editor gets them. */
  get events(): readonly RuntimeEvent[] {
    return this.#record.events;
  }

  /** What the process itself wrote to stdout and stderr: empty unless something crashed. */
  get output(): string {
    return this.#output;
  }

  /** Whether the process still runs. */
  get isAlive(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Log lines of level error and fatal. */
  errors(): readonly LogEntry[] {
    return this.logs.filter(({ level }) => level === "error" || level === "fatal");
  }

  /** An admin API request; the path is relative to the root. */
  fetch(path: string, init?: RequestInit): Promise<Response> {
    return this.#admin.fetch(path, init);
  }

  /** Every later request is made by this `adminAuth` user. */
  login(username: string, password: string): Promise<void> {
    return this.#admin.login(username, password);
  }

  /** Deploys and waits until the new flows run; rejects when types or modules are missing. */
  async deploy(
    flows: readonly FlowNode[],
    { type = "full", timeout = PATIENCE, incomplete = false }: DeployOptions = {},
  ): Promise<void> {
    const from = this.events.length;
    this.#deployed = flows;
    await this.#admin.postFlows(flows, type);
    const wasDeployed = ({ id }: RuntimeEvent) => id === "runtime-deploy";
    await this.#record.until(
      () => this.events.slice(from).find(wasDeployed),
      () => "the flows to be deployed",
      timeout,
    );
    if (incomplete) return;
    for (const { id, payload } of this.events.slice(from)) {
      const { error, types, modules } = (payload ?? {}) as Record<string, unknown>;
      if (id !== "runtime-state" || error === undefined) continue;
      throw new Error(`the flows were not started, ${error}: ${JSON.stringify(types ?? modules)}`);
    }
  }

  /**
   * Deploys the last flows again with some nodes changed, as *Modified Nodes* unless told otherwise. Like the
   * editor it sends no credentials but those that were edited: Node-RED would take their node for a changed one.
   */
  redeploy(edits: Edits, options: DeployOptions = {}): Promise<void> {
    return this.deploy(edited(this.#deployed.map(withoutCredentials), edits), { type: "nodes", ...options });
  }

  /** The flows as Node-RED would give them to an editor. */
  flows(): Promise<FlowNode[]> {
    return this.#admin.flows();
  }

  /** The node sets it has loaded; `err` tells why one could not be. */
  nodes(): Promise<NodeSet[]> {
    return this.#admin.nodes();
  }

  /** Everything a probe has received. */
  messages(probe: string): readonly Message[] {
    return this.#record.messages(probe);
  }

  /** The oldest message at a probe that satisfies `where` and was not given out before. */
  nextMessage(
    probe: string,
    { timeout, where = () => true }: WaitOptions & { where?: (message: Message) => boolean } = {},
  ): Promise<Message> {
    return this.#record.until(
      () => this.#record.take(probe, where),
      () => `a message at ${probe}, which has received ${this.messages(probe).length}`,
      timeout,
    );
  }

  /** Waits until a probe has received at least `count` messages. */
  untilMessages(probe: string, count: number, { timeout }: WaitOptions = {}): Promise<readonly Message[]> {
    return this.#record.until(
      () => (this.messages(probe).length >= count ? this.messages(probe) : undefined),
      () => `${count} messages at ${probe}, which has received ${this.messages(probe).length}`,
      timeout,
    );
  }

  /** The status a node shows now; `{}` when it shows none. */
  status(node: string): Status {
    return this.statuses(node).at(-1) ?? {};
  }

  /** Every status a node has shown, oldest first. */
  statuses(node: string): readonly Status[] {
    return this.#record.statuses(node);
  }

  /** Waits until the node shows a status that satisfies the predicate; one it shows already counts. */
  untilStatus(
    node: string,
    predicate: (status: Status) => boolean,
    { timeout }: WaitOptions = {},
  ): Promise<Status> {
    return this.#record.until(
      () => (predicate(this.status(node)) ? this.status(node) : undefined),
      () => `a status of ${node}, which shows ${JSON.stringify(this.status(node))}`,
      timeout,
    );
  }

  /** Waits for a log line, past ones included. */
  untilLog(predicate: (entry: LogEntry) => boolean, { timeout }: WaitOptions = {}): Promise<LogEntry> {
    return this.#record.until(
      () => this.logs.find(predicate),
      () => "a log line",
      timeout,
    );
  }

  /** Forgets messages, statuses, logs and events up to now. */
  forget(): void {
    this.#record.clear();
  }

  /** Hands a message to a node as if a wire had. */
  async inject(node: string, message: object): Promise<void> {
    await this.#calls.ask("inject", node, message);
  }

  /** Lets a probe with `hold` finish (or fail) its oldest messages; says how many it held. */
  async release(probe: string, count = 1, failure?: string): Promise<number> {
    return (await this.#calls.ask("release", probe, count, failure)) as number;
  }

  /** How many messages a probe has counted, `countOnly` or not. */
  async received(probe: string): Promise<number> {
    return (await this.#calls.ask("received", probe)) as number;
  }

  async resources(): Promise<Resources> {
    return (await this.#calls.ask("memory")) as Resources;
  }

  /**
   * Runs a function inside the process; it gets the `node-red` module and the arguments, and nothing else.
   */
  async evaluate<Result, Args extends readonly unknown[]>(
    work: (RED: NodeRedApp, ...args: Args) => Result | Promise<Result>,
    ...args: Args
  ): Promise<Result> {
    return (await this.#calls.ask("evaluate", work.toString(), args)) as Result;
  }

  /** Sets the wall clock of the process so many milliseconds off, timers excepted; 0 sets it right. */
  async shiftClock(milliseconds: number): Promise<void> {
    await this.#calls.ask("shiftClock", milliseconds);
  }

  /** Halts the process, heartbeats and all, until `thaw`. */
  freeze(): void {
    this.process.kill("SIGSTOP");
  }

  thaw(): void {
    this.process.kill("SIGCONT");
  }

  /** Kills it as a crash of the machine would; `stop` still has to be called. */
  async kill(): Promise<void> {
    if (!this.isAlive) return;
    const ended = once(this.process, "exit");
    this.process.kill("SIGKILL");
    await ended;
  }

  /** Ends it in order, as a service manager does; `stop` still has to be called. */
  async terminate(): Promise<void> {
    if (!this.isAlive) return;
    const ended = once(this.process, "exit");
    const limit = setTimeout(() => this.process.kill("SIGKILL"), STOP_LIMIT);
    this.process.kill("SIGTERM");
    await ended;
    clearTimeout(limit);
  }

  /** Stops the flows, then the process, and removes a temporary user directory. */
  async stop(): Promise<void> {
    if (this.isAlive) {
      this.thaw();
      const limit = setTimeout(() => this.process.kill("SIGKILL"), STOP_LIMIT);
      await this.#calls.ask("stop").catch(() => undefined);
      clearTimeout(limit);
      await this.kill();
    }
    await this.#cleanUp();
  }

  /** Waits for the first sign of life. Called by startNodeRed. */
  async untilReady(timeout: number): Promise<void> {
    const limit = AbortSignal.timeout(timeout);
    await new Promise<void>((resolve, reject) => {
      this.process.on("message", (report: FromNodeRed) => {
        if (report.kind === "ready") resolve();
        if (report.kind === "failed") reject(new Error(`Node-RED did not start: ${report.reason}`));
      });
      this.process.once("exit", () => reject(new Error(`Node-RED did not start:\n${this.#output}`)));
      limit.addEventListener("abort", () => reject(new Error(`Node-RED did not start in ${timeout} ms`)));
    });
  }

  #onReport(report: FromNodeRed): void {
    if (report.kind === "answer") this.#calls.onAnswer(report);
    else this.#record.add(report);
  }

  #onEnd(reason: string): void {
    const message = `Node-RED is gone, ${reason}\n${this.#output}`.trim();
    this.#calls.end(message);
    this.#record.end(message);
  }
}

function withoutCredentials({ credentials: _, ...node }: FlowNode): FlowNode {
  return node;
}
