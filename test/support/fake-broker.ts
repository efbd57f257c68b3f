/**
 * A socket that knows the AMQP handshake and then misbehaves as told: what no real RabbitMQ can be made to do
 * on demand.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { frame, longString, method, shortString } from "./frames";

const START = method(
  0,
  10,
  10,
  Buffer.from([0, 9]),
  longString(""),
  longString("PLAIN"),
  longString("en_US"),
);
/** No limit on channels, frames of 128 KiB, no heartbeat. */
const TUNE = method(0, 10, 30, Buffer.from([0, 0, 0, 2, 0, 0, 0, 0]));
const OPEN_OK = method(0, 10, 41, shortString(""));

/** `connection.close`, as an operator's or a failing broker's. */
export function connectionClose(code: number, words: string): Buffer {
  return method(0, 10, 50, Buffer.from([code >> 8, code & 0xff]), shortString(words), Buffer.alloc(4));
}

/** Something that is no frame at all. */
export const GARBAGE = frame(1, 0, Buffer.from("not AMQP")).fill("x");

/** A member of a cluster that has not got the vhost yet: what it answers in place of open-ok. */
export const NO_VHOST = connectionClose(530, "NOT_ALLOWED - vhost is down");

/** Goes through the handshake with everybody, and says something more, or else, at its end. */
export class FakeBroker {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #accepted = 0;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  /** @param lastWords what follows open-ok in the same segment, for each connection in turn, from 0 */
  static start(lastWords: (connection: number) => Buffer): Promise<FakeBroker> {
    return FakeBroker.#start((connection) => [START, TUNE, Buffer.concat([OPEN_OK, lastWords(connection)])]);
  }

  /** One that answers nobody with open-ok. */
  static refusing(refusal: Buffer): Promise<FakeBroker> {
    return FakeBroker.#start(() => [START, TUNE, refusal]);
  }

  /** One that answers a user's name and password so. */
  static refusingLogin(refusal: Buffer): Promise<FakeBroker> {
    return FakeBroker.#start(() => [START, refusal]);
  }

  static async #start(answers: (connection: number) => Buffer[]): Promise<FakeBroker> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const broker = new FakeBroker(server);
    server.on("connection", (socket) => broker.#greet(socket, answers(broker.#accepted++)));
    return broker;
  }

  /** How many connections were made. */
  get accepted(): number {
    return this.#accepted;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #greet(socket: Socket, answers: Buffer[]): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.on("data", () => {
      const answer = answers.shift();
      if (answer !== undefined) socket.write(answer);
    });
  }
}
