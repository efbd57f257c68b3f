/**
 * The program of a Node-RED under test: the runtime embedded as its manual describes, telling the test
 * process what it logs, what statuses it shows and what its probes receive.
 */
import { rmSync } from "node:fs";
import { createServer } from "node:http";
import { inspect } from "node:util";
import type { NodeRedApp } from "node-red";
import type {
  Call,
  FromNodeRed,
  LogEntry,
  RuntimeEvent,
  StartOrder,
  Status,
  ToNodeRed,
} from "./node-red-wire";
import type { Probe } from "./probe/test-probe";
import { shiftClock } from "./shifted-clock";

interface RawLogEntry {
  readonly level: number;
  readonly msg: unknown;
  readonly id?: string;
  readonly type?: string;
  readonly name?: string;
  /** Of a metric. */
  readonly event?: string;
  readonly nodeid?: string;
  readonly value?: unknown;
}

type Action = (...args: never[]) => unknown;

const LEVELS = new Map<number, LogEntry["level"]>([
  [10, "fatal"],
  [20, "error"],
  [30, "warn"],
  [40, "info"],
  [50, "debug"],
  [60, "trace"],
  [99, "metric"],
]);

function tell(message: FromNodeRed): void {
  if (process.connected) process.send?.(message);
}

function logged(raw: RawLogEntry): LogEntry {
  const { level, event, value, type, name, id = raw.nodeid, msg = `${event} ${value}` } = raw;
  const text = msg instanceof Error ? String(msg) : typeof msg === "string" ? msg : inspect(msg);
  return {
    level: LEVELS.get(level) ?? "info",
    msg: text,
    ...(id === undefined ? {} : { id }),
    ...(type === undefined ? {} : { type }),
    ...(name === undefined ? {} : { name }),
  };
}

function actions(RED: NodeRedApp): Record<string, Action> {
  // The published types know `getNode` on the API a node gets, not on the runtime it comes from.
  const { getNode } = RED.nodes as unknown as { getNode(id: string): unknown };
  const node = <T>(id: string): T => {
    const found = getNode(id);
    if (!found) throw new Error(`there is no node ${id} running`);
    return found as T;
  };
  return {
    inject: (id: string, message: object) => node<{ receive(message: object): void }>(id).receive(message),
    release: (id: string, count: number, failure?: string) => node<Probe>(id).release(count, failure),
    received: (id: string) => node<Probe>(id).received,
    memory: () => {
      globalThis.gc?.();
      const { rss, heapUsed } = process.memoryUsage();
      const { user, system } = process.cpuUsage();
      return { rss, heapUsed, cpu: (user + system) / 1000 };
    },
    evaluate: (source: string, args: readonly unknown[]) =>
      new Function(`return (${source})`)()(RED, ...args),
    shiftClock,
    stop: () => RED.stop(),
  };
}

async function answer({ id, action, args }: Call, known: Record<string, Action>): Promise<void> {
  try {
    const does = known[action];
    if (!does) throw new Error(`unknown action ${action}`);
    tell({ kind: "answer", id, result: await does(...(args as never[])) });
  } catch (error) {
    tell({ kind: "answer", id, error: String(error) });
  }
}

/** Everything a flow author would have set, minus what reaches out of the machine. */
function completed(settings: StartOrder["settings"]): Record<string, unknown> {
  return {
    httpAdminRoot: "/",
    httpNodeRoot: "/",
    flowFile: "flows.json",
    credentialSecret: "test",
    telemetry: { enabled: false, updateNotification: false },
    // Monaco is a quarter of what a browser needs to open the editor, and no test opens an editor for code.
    editorTheme: { tours: false, projects: { enabled: false }, codeEditor: { lib: "ace" } },
    externalModules: { autoInstall: false },
    ...settings,
    logging: {
      report: {
        level: "debug",
        metrics: settings.metrics === true,
        handler: () => (raw: RawLogEntry) => tell({ kind: "log", entry: logged(raw) }),
      },
    },
  };
}

async function start(order: StartOrder): Promise<void> {
  const RED = require(order.package) as NodeRedApp;
  // Express is what Node-RED brings along; a bare server gets its two applications by hand.
  const express = require(require.resolve("express", { paths: [require.resolve(order.package)] }));
  const app = express();
  const server = createServer(app);
  RED.init(server, completed(order.settings) as unknown as Parameters<NodeRedApp["init"]>[1]);
  app.use("/", RED.httpAdmin);
  app.use("/", RED.httpNode);
  const { events } = RED;
  events.on("node-status", ({ id, status }: { id: string; status: Status }) =>
    tell({ kind: "status", id, status: { ...status } }),
  );
  events.on("runtime-event", ({ id, payload }: RuntimeEvent) => {
    const isReadable = ["runtime-state", "runtime-deploy"].includes(id);
    tell({ kind: "event", event: { id, payload: isReadable ? payload : undefined } });
  });
  // As the program `node-red` does.
  process.once("SIGTERM", () => void RED.stop().then(() => process.exit()));
  const known = actions(RED);
  process.on("message", (message: ToNodeRed) => {
    if (message.kind === "call") void answer(message, known);
  });
  const running = new Promise((resolve) => {
    events.once("flows:started", resolve);
    events.on("runtime-event", ({ id, payload }: { id: string; payload?: { error?: string } }) => {
      if (id === "runtime-state" && payload?.error) resolve(payload.error);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(order.port, "127.0.0.1", resolve);
  });
  await RED.start();
  await running;
}

process.once("message", (message: ToNodeRed) => {
  if (message.kind !== "start") return;
  // Without the test that started it, it has no reason to live, nor has what it wrote.
  process.once("disconnect", () => {
    if (message.temporaryDirectory) rmSync(message.temporaryDirectory, { recursive: true, force: true });
    process.exit(0);
  });
  start(message).then(
    () => tell({ kind: "ready" }),
    (error: unknown) => tell({ kind: "failed", reason: inspect(error) }),
  );
});
