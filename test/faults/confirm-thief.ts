/** A relay in front of the broker that can keep its confirms to itself: published, taken, and never said so. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { Target } from "../support/tcp-proxy";
import { FrameReader, methodOf } from "./frames";

/** From a broker to a client `basic.ack` means one thing only: the confirm of a publishing. */
const CONFIRM = "60.80";

export class ConfirmThief {
  /** While it is true, no confirm gets through. */
  steals = false;
  readonly #server: Server;
  readonly #target: Target;
  readonly #sockets = new Set<Socket>();
  #stolen = 0;

  private constructor(server: Server, target: Target) {
    this.#server = server;
    this.#target = target;
    server.on("connection", (client) => this.#relay(client));
  }

  static async start(target: Target): Promise<ConfirmThief> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new ConfirmThief(server, target);
  }

  get address(): Target {
    return { host: "127.0.0.1", port: (this.#server.address() as AddressInfo).port };
  }

  /** How many confirms it has kept. */
  get stolen(): number {
    return this.#stolen;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #relay(client: Socket): void {
    const server = connect({ ...this.#target });
    const reader = new FrameReader();
    client.on("data", (bytes) => server.write(bytes));
    server.on("data", (bytes) => {
      for (const frame of reader.read(bytes)) {
        if (this.steals && methodOf(frame) === CONFIRM) this.#stolen += 1;
        else client.write(frame.bytes);
      }
    });
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
