/** What the tests of the web room begin with: a simulated web side, a folder, an account, and little patience. */
import { setMaxListeners } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { Fetching, Outcome, ZipReason } from "../../src/web/fetching";
import { downloadOrder, type OrderJob } from "../../src/web/order-download";
import type { Patience } from "../../src/web/patience";
import { PLAN } from "../../src/web/plan";
import { Slots } from "../../src/web/slots";
import type { TroubleName } from "../../src/web/troubles";
import { Web } from "../../src/web/web";
import { startWebSide, type WebSide, type WebSideOptions } from "../simulator/web-side";

/** Enough of it for what passes, and not more than a test can wait for. */
export const LITTLE_PATIENCE: Patience = { firstDelay: 5, mostDelay: 20, lasts: 2_000, tries: 4 };

export interface WebStage {
  readonly side: WebSide;
  readonly folder: string;
  readonly web: Web;
  /** What was waited out. */
  readonly waited: TroubleName[];
  readonly zipReasons: ZipReason[];
  readonly counted: { bytes: number };
  fetching(changes?: Partial<Fetching>): Fetching;
  fetch(orderId: number, changes?: Partial<OrderJob>, how?: Partial<Fetching>): Promise<Outcome>;
  /** Every file in the folder but the plans: path → content. */
  files(): Promise<ReadonlyMap<string, string>>;
  strike(): Promise<void>;
}

export interface WebStageOptions extends WebSideOptions {
  readonly stall?: number;
  readonly patience?: Partial<Patience>;
  readonly settings?: Readonly<Record<string, unknown>>;
}

export async function setWebStage(options: WebStageOptions = {}): Promise<WebStage> {
  const side = await startWebSide(options);
  const folder = await mkdtemp(join(tmpdir(), "regards-web-"));
  const settings = {
    ...{ address: side.address, tenant: side.tenant, user: side.user.login, password: side.user.password },
    ...{ client: "client", secret: "secret", isInQuery: options.version === "1.14" },
    ...options.settings,
  };
  const web = new Web(settings, { stall: options.stall ?? 5_000 });
  const waited: TroubleName[] = [];
  const zipReasons: ZipReason[] = [];
  const counted = { bytes: 0 };
  const end = new AbortController();
  setMaxListeners(0, end.signal);
  const fetching = (changes: Partial<Fetching> = {}): Fetching => ({
    client: web.client,
    slots: [web.slots, new Slots(3)],
    patience: { ...LITTLE_PATIENCE, ...options.patience },
    signal: end.signal,
    progress: {
      files: () => undefined,
      bytes: (count) => {
        counted.bytes += count;
      },
      waiting: (trouble) => {
        if (trouble !== undefined) waited.push(trouble.trouble);
      },
      zipInstead: (reason) => zipReasons.push(reason),
    },
    ...changes,
  });
  return {
    ...{ side, folder, web, waited, zipReasons, counted, fetching },
    fetch: (orderId, changes = {}, how = {}) =>
      downloadOrder(fetching(how), {
        ...{ orderId: String(orderId), folder: join(folder, String(orderId)), event: "event", of: "stage" },
        ...{ mode: "files", parallel: 1 },
        ...changes,
      }),
    files: () => filesIn(folder),
    async strike() {
      end.abort();
      await web.close();
      await side.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Every file under a folder but the plans. */
export async function filesIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name !== PLAN);
  const found = await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [relative(folder, path), await readFile(path, "latin1")] as const;
    }),
  );
  return new Map(found.sort(([one], [other]) => (one < other ? -1 : 1)));
}
