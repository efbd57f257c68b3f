/**
 * The bare way from a server to the disk, for the bench: `pipeline`, file after file. `node pipeline-process.js
 * <address> <files> <folder> bare|summed`: nothing is summed and nothing synced, or both as a few lines would do it. It
 * prints the milliseconds it took, those of the processor, and by how many bytes it grew at its peak.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

const LOOK_EVERY_MS = 100;

async function fetchAll(address: string, files: number, folder: string, isSummed: boolean): Promise<void> {
  const idle = process.memoryUsage.rss();
  let highest = idle;
  const looking = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage.rss());
  }, LOOK_EVERY_MS);
  const before = process.cpuUsage();
  const cpu = (before.user + before.system) / 1000;
  const began = performance.now();
  for (let file = 1; file <= files; file++) {
    const request = get(`${address}/api/v1/rs-order/orders/files/${file}`);
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    const path = join(folder, `raw-${file}.dat`);
    if (isSummed) {
      await pipeline(answer, summed, createWriteStream(path, { flush: true }));
    } else {
      await pipeline(answer, createWriteStream(path));
    }
  }
  clearInterval(looking);
  const { user, system } = process.cpuUsage();
  console.log(
    JSON.stringify({
      elapsed: performance.now() - began,
      cpu: (user + system) / 1000 - cpu,
      peak: highest - idle,
    }),
  );
}

async function* summed(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const hash = createHash("md5");
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
  hash.digest("hex");
}

if (require.main === module) {
  const [, , address = "", files = "", folder = "", how = ""] = process.argv;
  fetchAll(address, Number(files), folder, how === "summed").catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
}
