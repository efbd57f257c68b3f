/**
 * Sends the body of a file or a ZIP, whole or as a trouble has it. Enters: pieces, and what shall go wrong. Leaves:
 * whether the server has written everything.
 */
import { once } from "node:events";
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Wrong } from "./troubles";
import type { Work } from "./work";

/** What is to be sent. */
export interface Sending {
  readonly headers: OutgoingHttpHeaders;
  readonly pieces: readonly Uint8Array[];
  /** Written to the header, where it is known before. */
  readonly length?: number;
  /** Steps of work between two pieces. */
  readonly pause?: number;
}

/** True when every byte has been written and the client was there until then. */
export async function sendBody(
  response: ServerResponse,
  { headers, pieces, length, pause = 0 }: Sending,
  wrong: Wrong | undefined,
  work: Work,
): Promise<boolean> {
  const whole = Buffer.concat(pieces);
  const half = whole.subarray(0, Math.floor(whole.length / 2));
  const lengthHeader = length === undefined ? {} : { "Content-Length": length };
  if (wrong !== undefined && "headers" in wrong) {
    response.writeHead(200, { ...headers, ...lengthHeader, ...plain(wrong.headers) }).end(whole);
    return true;
  }
  if (wrong !== undefined && "cut" in wrong) {
    if (wrong.cut === "closing") {
      // Neither a length nor chunks: the end of the connection is the end of the body.
      response.shouldKeepAlive = false;
      response.useChunkedEncodingByDefault = false;
      response.writeHead(200, { ...headers, Connection: "close" });
      response.end(half);
      return false;
    }
    response.writeHead(
      200,
      wrong.cut === "length" ? { ...headers, "Content-Length": whole.length } : headers,
    );
    response.write(half, () => response.destroy());
    await closed(response);
    return false;
  }
  if (wrong !== undefined && "stalls" in wrong) {
    response.writeHead(200, { ...headers, ...lengthHeader });
    response.write(half);
    await closed(response);
    return false;
  }
  if (wrong !== undefined && "body" in wrong) {
    return await sendAnother(response, headers, whole, wrong.body, work);
  }
  response.writeHead(200, { ...headers, ...lengthHeader });
  for (const piece of pieces) {
    if (pause > 0) await work.step(pause);
    if (response.destroyed) return false;
    if (!response.write(piece)) await drained(response);
  }
  if (response.destroyed) return false;
  response.end();
  return true;
}

async function sendAnother(
  response: ServerResponse,
  headers: OutgoingHttpHeaders,
  whole: Buffer,
  body: Extract<Wrong, { body: unknown }>["body"],
  work: Work,
): Promise<boolean> {
  switch (body) {
    case "wrong sum": {
      const other = Buffer.from(whole);
      other[0] = (other[0] ?? 0) ^ 1;
      response.writeHead(200, { ...headers, "Content-Length": other.length }).end(other);
      return true;
    }
    case "too short":
      response.writeHead(200, { ...headers, "Content-Length": whole.length - 1 }).end(whole.subarray(1));
      return true;
    case "too long":
      response.writeHead(200, headers);
      response.end(Buffer.concat([whole, whole]));
      return true;
    case "empty":
      response.writeHead(200, { ...headers, "Content-Length": 0 }).end();
      return true;
    case "endless": {
      response.writeHead(200, headers);
      const piece = Buffer.alloc(1 << 16, 65);
      while (!response.destroyed && !work.stopped) {
        if (!response.write(piece)) await drained(response);
      }
      return false;
    }
  }
}

/** Resolves when more can be written, or nobody is there any more. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      response.off("drain", end).off("close", end);
      resolve();
    };
    response.on("drain", end).on("close", end);
  });
}

async function closed(response: ServerResponse): Promise<void> {
  if (!response.destroyed) await once(response, "close");
}

function plain(headers: Readonly<Record<string, string | readonly string[]>>): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === "string" ? value : [...value]]),
  );
}
