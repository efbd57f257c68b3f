/**
 * The bare way from a server to the disk, for the bench: `pipeline`, file after file, nothing compared and nothing
 * synced. `node pipeline-process.js <address> <files> <folder>`; it prints the milliseconds it took, and by how many
 * bytes it grew at its peak.
 */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

const LOOK_EVERY_MS = 100;

async function fetchAll(address: string, files: number, folder: string): Promise<void> {
  const idle = process.memoryUsage.rss();
  let highest = idle;
  const looking = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage.rss());
  }, LOOK_EVERY_MS);
  const began = performance.now();
  for (let file = 1; file <= files; file++) {
    const request = get(`${address}/api/v1/rs-order/orders/files/${file}`);
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    await pipeline(answer, createWriteStream(join(folder, `raw-${file}.dat`)));
  }
  clearInterval(looking);
  console.log(JSON.stringify({ elapsed: performance.now() - began, peak: highest - idle }));
}

if (require.main === module) {
  const [, , address = "", files = "", folder = ""] = process.argv;
  fetchAll(address, Number(files), folder).catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
}
