/** CPU profiles of the Node-RED process, one file a measured run, for whoever wants to know where time goes. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestNodeRed } from "../support/test-node-red";

/** Does nothing without a folder. */
export class Profiler {
  readonly #folder: string | undefined;
  #number = 0;

  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  async start(nodeRed: TestNodeRed): Promise<void> {
    if (this.#folder === undefined) return;
    await nodeRed.evaluate(async () => {
      const { Session } = process.getBuiltinModule("node:inspector/promises");
      const session = new Session();
      session.connect();
      Object.assign(globalThis, { benchSession: session });
      await session.post("Profiler.enable");
      await session.post("Profiler.setSamplingInterval", { interval: 200 });
      await session.post("Profiler.start");
    });
  }

  async stop(nodeRed: TestNodeRed, title: string): Promise<void> {
    if (this.#folder === undefined) return;
    const profile = await nodeRed.evaluate(async () => {
      const { benchSession } = globalThis as unknown as {
        benchSession: import("node:inspector/promises").Session;
      };
      const { profile: found } = await benchSession.post("Profiler.stop");
      benchSession.disconnect();
      return JSON.stringify(found);
    });
    await mkdir(this.#folder, { recursive: true });
    const name = `${String(++this.#number).padStart(3, "0")}-${title.replaceAll(/[^\w]+/g, "-")}.cpuprofile`;
    await writeFile(join(this.#folder, name), profile);
  }
}
