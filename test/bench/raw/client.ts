/** The remote control of the raw client's process, which runs on the same Node.js as Node-RED. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Figures } from "../tally";
import type { RawOrder, RawReport } from "./wire";

/** A raw client: one order at a time. */
export class RawClient {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Starts the process on the Node.js of that Node-RED, and with its flags. */
  static async start(nodeRed: 4 | 5): Promise<RawClient> {
    const { nodeFor } = await import("../../support/node-binary.mjs");
    const child = fork(join(__dirname, "process.js"), [], {
      execPath: await nodeFor(nodeRed),
      execArgv: ["--expose-gc", "--enable-source-maps"],
      serialization: "advanced",
    });
    const client = new RawClient(child);
    await client.#until("ready");
    return client;
  }

  /** Carries out an order, and does `meanwhile` once it consumes. */
  async carryOut(order: RawOrder, meanwhile?: () => Promise<void>): Promise<Figures> {
    const finished = this.#until("figures");
    const working = meanwhile === undefined ? undefined : this.#until("consuming").then(meanwhile);
    this.#child.send(order);
    const [{ figures }] = await Promise.all([finished, working]);
    return figures;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  #until<Kind extends RawReport["kind"]>(kind: Kind): Promise<Extract<RawReport, { kind: Kind }>> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        this.#child.off("message", onReport).off("exit", onExit);
        act();
      };
      const onReport = (report: RawReport): void => {
        if (report.kind === "failed") {
          settle(() => reject(new Error(`the raw client: ${report.reason}`)));
        } else if (isOf(report, kind)) {
          settle(() => resolve(report));
        }
      };
      const onExit = (): void => settle(() => reject(new Error("the raw client's process has ended")));
      this.#child.on("message", onReport).on("exit", onExit);
    });
  }
}

function isOf<Kind extends RawReport["kind"]>(
  report: RawReport,
  kind: Kind,
): report is Extract<RawReport, { kind: Kind }> {
  return report.kind === kind;
}
