/** A relay in front of the broker that sees every frame on its way to the client, and may change what arrives. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type Frame, FrameReader } from "./frames";
import type { Target } from "./tcp-proxy";

/** The bytes to send on in place of a frame: its own, none, or more. */
export type Rule = (frame: Frame) => Buffer;

export class FrameRelay {
  readonly #server: Server;
  readonly #target: Target;
  readonly #rule: Rule;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, target: Target, rule: Rule) {
    this.#server = server;
    this.#target = target;
    this.#rule = rule;
    server.on("connection", (client) => this.#relay(client));
  }

  static async start(target: Target, rule: Rule): Promise<FrameRelay> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new FrameRelay(server, target, rule);
  }

  get address(): Target {
    return { host: "127.0.0.1", port: (this.#server.address() as AddressInfo).port };
  }

  /** Breaks every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #relay(client: Socket): void {
    const server = connect({ ...this.#target });
    const reader = new FrameReader();
    client.on("data", (bytes) => server.write(bytes));
    server.on("data", (bytes) => client.write(Buffer.concat(reader.read(bytes).map(this.#rule))));
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay();
      socket.on("error", () => undefined);
      socket.once("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
