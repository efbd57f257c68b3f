/**
 * Starts a real Node-RED in a process of its own, for a test to deploy flows into and look at from outside.
 */
import { fork } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { freePort } from "./free-port";
import { type FlowNode, placed } from "./node-red-admin";
import type { ToNodeRed } from "./node-red-wire";
import { TestNodeRed } from "./test-node-red";

export type { FlowNode, NodeSet } from "./node-red-admin";
export type { LogEntry, Message, RuntimeEvent, Status } from "./node-red-wire";
export type { Resources, TestNodeRed } from "./test-node-red";

/** How to start it. */
export interface NodeRedOptions {
  readonly version?: 4 | 5;
  /** Folders to load nodes from: this repository by default, none with `[]`; the probe is always there. */
  readonly nodesDir?: readonly string[];
  /** Kept when given, else temporary. */
  readonly userDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Added to settings.js: plain values only. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly port?: number;
  /** What flows.json holds when it starts. */
  readonly flows?: readonly FlowNode[];
  readonly startTimeout?: number;
}

const REPOSITORY = resolve(__dirname, "../..");
const PROBE = join(__dirname, "probe");
const PACKAGES = { 4: "node-red-4", 5: "node-red" } as const;

/** Starts one and waits until its flows run. Whoever starts it stops it. */
export async function startNodeRed(options: NodeRedOptions = {}): Promise<TestNodeRed> {
  const { version = 5, nodesDir = [REPOSITORY], env = {}, settings = {}, startTimeout = 60_000 } = options;
  const { nodeFor } = await import("./node-binary.mjs");
  const userDir = options.userDir ?? (await mkdtemp(join(tmpdir(), "regards-node-red-")));
  const cleanUp = async (): Promise<void> => {
    if (options.userDir === undefined) await rm(userDir, { recursive: true, force: true, maxRetries: 5 });
  };
  if (options.flows) await writeFile(join(userDir, "flows.json"), JSON.stringify(options.flows.map(placed)));
  const port = options.port ?? (await freePort());
  const child = fork(join(__dirname, "node-red-process.js"), [], {
    execPath: await nodeFor(version),
    execArgv: ["--expose-gc", "--enable-source-maps"],
    env: { ...process.env, ...env },
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const nodeRed = new TestNodeRed(child, port, userDir, cleanUp);
  const order: ToNodeRed = {
    kind: "start",
    package: PACKAGES[version],
    port,
    temporaryDirectory: options.userDir === undefined ? userDir : undefined,
    settings: { ...settings, userDir, nodesDir: [...nodesDir, PROBE] },
  };
  try {
    child.send(order);
    await nodeRed.untilReady(startTimeout);
    return nodeRed;
  } catch (error) {
    await nodeRed.kill();
    await cleanUp();
    throw error;
  }
}
