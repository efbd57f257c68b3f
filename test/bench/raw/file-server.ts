/**
 * The web side of a REGARDS with one order of large files, for the bench: a process of its own, so that it costs the
 * measured one nothing. `node file-server.js <files> <bytes>`; it prints its address. Every file has the same bytes.
 */
import { createHash, randomBytes } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const BLOCK = randomBytes(1024 * 1024);

/** Enough of REGARDS for a download: a token, a list, files by id. Every file is there for ever. */
function serve(files: number, bytes: number): void {
  const checksum = sumOf(bytes);
  const rows = Array.from({ length: files }, (_, place) => ({
    content: {
      ...{ id: place + 1, filename: `file-${place + 1}.dat`, productId: "P", version: 1 },
      ...{ filesize: bytes, checksum, mimeType: "application/octet-stream" },
    },
  }));
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    if (path.includes("/oauth/token")) {
      response.end(JSON.stringify({ access_token: "token", expires_in: 36_000 }));
    } else if (path.includes("/files/available")) {
      const metadata = { number: 0, size: files, totalElements: files, totalPages: 1 };
      response.end(JSON.stringify({ content: rows, metadata, links: [] }));
    } else {
      void send(response, bytes);
    }
  });
  server.listen(0, "127.0.0.1", () => {
    console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
}

function sumOf(bytes: number): string {
  const hash = createHash("md5");
  for (let left = bytes; left > 0; left -= BLOCK.length) hash.update(BLOCK.subarray(0, left));
  return hash.digest("hex");
}

async function send(response: ServerResponse, bytes: number): Promise<void> {
  response.writeHead(200, { "Content-Type": "application/octet-stream", "Content-Length": bytes });
  for (let left = bytes; left > 0 && !response.destroyed; left -= BLOCK.length) {
    if (!response.write(BLOCK.subarray(0, left))) {
      await new Promise((resolve) => {
        const go = (): void => {
          response.off("drain", go).off("close", go);
          resolve(undefined);
        };
        response.on("drain", go).on("close", go);
      });
    }
  }
  response.end();
}

if (require.main === module) {
  serve(Number(process.argv[2]), Number(process.argv[3]));
}
