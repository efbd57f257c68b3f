/**
 * A loopback TCP proxy in front of a broker: every way in which a network between two processes goes wrong.
 */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { freePort } from "./free-port";
import { Pipe, type Weather } from "./tcp-pipe";

/** Where connections are led to. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  readonly pipes: readonly [Pipe, Pipe];
}

/** Leads connections to a target, and does to them what it is told. */
export class TcpProxy {
  readonly host = "127.0.0.1";
  readonly port: number;
  /** Changes where connections made from now on lead to. */
  target: Target;
  readonly #pairs = new Set<Pair>();
  readonly #weather: Weather = { isFrozen: false, latency: 0, bytesPerSecond: Number.POSITIVE_INFINITY };
  #server: Server | undefined;
  #accepted = 0;

  private constructor(port: number, target: Target) {
    this.port = port;
    this.target = target;
  }

  /** Listens on a free port. */
  static async start(target: Target): Promise<TcpProxy> {
    const proxy = new TcpProxy(await freePort(), target);
    await proxy.accept();
    return proxy;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** How many connections were ever made. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Breaks every connection at once, as a crashed router does: both sides see a reset. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      reset(client);
      reset(server);
    }
  }

  /**
   * Nothing comes through any more, not even a goodbye, until `thaw`; new connections open and stay silent.
   */
  freeze(): void {
    this.#weather.isFrozen = true;
  }

  thaw(): void {
    this.#weather.isFrozen = false;
    for (const pair of this.#pairs) {
      for (const pipe of pair.pipes) pipe.flow();
      this.#follow(pair);
    }
  }

  /** The target loses its connections while the clients keep theirs open and hear nothing. */
  halfOpen(): void {
    for (const { server, pipes } of this.#pairs) {
      for (const pipe of pipes) pipe.lose();
      reset(server);
    }
  }

  /** Delays every chunk, in both directions, by so many milliseconds. */
  latency(milliseconds: number): void {
    this.#weather.latency = milliseconds;
  }

  /** Lets so many bytes through a second, for each connection and direction. */
  throttle(bytesPerSecond: number): void {
    this.#weather.bytesPerSecond = bytesPerSecond;
  }

  /** New connections are refused, as on a port where nobody listens; open ones stay. */
  refuse(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  /** Listens again after `refuse`. */
  async accept(): Promise<void> {
    if (this.#server) return;
    const server = createServer({ allowHalfOpen: true }, (client) => this.#onConnection(client));
    this.#server = server;
    server.listen(this.port, this.host);
    await once(server, "listening");
  }

  /** Cuts everything and listens no more. */
  async close(): Promise<void> {
    const server = this.#server;
    this.thaw();
    this.refuse();
    this.cut();
    if (server && this.#pairs.size > 0) await once(server, "close");
  }

  #onConnection(client: Socket): void {
    this.#accepted++;
    const server = connect({ ...this.target, allowHalfOpen: true });
    const pipes = [new Pipe(client, server, this.#weather), new Pipe(server, client, this.#weather)] as const;
    const pair = { client, server, pipes };
    this.#pairs.add(pair);
    client.setNoDelay();
    server.setNoDelay();
    client.once("close", () => this.#follow(pair));
    server.once("close", () => this.#follow(pair));
  }

  /** When one side is gone the other goes too, once word of it can get through. */
  #follow(pair: Pair): void {
    const { client, server, pipes } = pair;
    const isHalfOpen = pipes.some((pipe) => pipe.isLost) && !client.destroyed;
    if (this.#weather.isFrozen || isHalfOpen || !(client.destroyed || server.destroyed)) return;
    client.destroy();
    server.destroy();
    this.#pairs.delete(pair);
  }
}

/** A socket that is being ended already must not be reset: Node.js 20 would wait for ever to close it at its exit. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
