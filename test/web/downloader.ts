/**
 * A process that fetches orders, to be killed: `node downloader.js '{"address":…,"orders":[…]}'`. It writes a line
 * for each order that is there, and ends when all are.
 */
import { setMaxListeners } from "node:events";
import { join } from "node:path";
import { downloadOrder } from "../../src/web/order-download";
import { Slots } from "../../src/web/slots";
import { Web } from "../../src/web/web";

/** What to fetch, from where, to where. */
export interface Story {
  readonly address: string;
  readonly tenant: string;
  readonly user: string;
  readonly password: string;
  readonly isInQuery: boolean;
  readonly folder: string;
  readonly mode: "files" | "zip";
  readonly orders: readonly number[];
}

async function tell({ folder, mode, orders, ...account }: Story): Promise<void> {
  const web = new Web({ ...account, client: "client", secret: "secret" }, {});
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const nobody = { files: () => {}, bytes: () => {}, waiting: () => {}, zipInstead: () => {} };
  const patience = { firstDelay: 5, mostDelay: 50, lasts: 5_000, tries: 5 };
  const fetching = { client: web.client, slots: [new Slots(3)], patience, signal, progress: nobody };
  process.stdout.write("started\n");
  await Promise.all(
    orders.map(async (order) => {
      const job = {
        orderId: String(order),
        folder: join(folder, String(order)),
        event: `of ${order}`,
        of: "story",
      };
      const { saved, failed } = await downloadOrder(fetching, { ...job, mode, parallel: 2 });
      if (failed.length > 0) throw failed[0]?.trouble;
      process.stdout.write(`${JSON.stringify({ order, saved: saved.length })}\n`);
    }),
  );
  await web.close();
}

if (require.main === module) {
  tell(JSON.parse(process.argv[2] ?? "") as Story).catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  });
}
