/**
 * The control address of the demo's world: what a button of the tab *Start here* cannot do inside Node-RED, it asks for
 * here. Loopback only. Enters: `POST /<deed>`. Leaves: a sentence that says what was done.
 */
import { once } from "node:events";
import { createServer } from "node:http";

/** Does something, and says so; what takes long goes on behind the answer. */
export type Deed = () => Promise<string> | string;

/** A listening one. */
export interface Control {
  close(): Promise<void>;
}

/** Starts to listen on a port of loopback. */
export async function startControl(port: number, deeds: Readonly<Record<string, Deed>>): Promise<Control> {
  const server = createServer(async (request, response) => {
    const deed = Object.hasOwn(deeds, request.url?.slice(1) ?? "")
      ? deeds[request.url?.slice(1) ?? ""]
      : undefined;
    response.setHeader("content-type", "text/plain; charset=utf-8");
    // A page of somebody else's must not press our buttons: browsers name the page they come from.
    if (deed === undefined || request.method !== "POST" || request.headers.origin !== undefined) {
      response.writeHead(404).end(`POST one of ${Object.keys(deeds).join(", ")}`);
      return;
    }
    try {
      response.end(await deed());
    } catch (error) {
      response.writeHead(500).end(error instanceof Error ? error.message : String(error));
    }
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
