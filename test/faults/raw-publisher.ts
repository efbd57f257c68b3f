/**
 * Publishes messages whose headers are given as bytes: what some client in some language can send through
 * RabbitMQ, and no JavaScript library would.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import {
  BODY,
  FrameReader,
  frame,
  HEADER,
  longString,
  method,
  methodOf,
  shortString,
} from "../support/frames";
import type { RabbitMqAddress } from "../support/rabbitmq";

const CHANNEL = 1;
const MOST_IN_FRAME = 100_000;
const CLOSES = ["10.50", "20.40"];

export class RawPublisher {
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly #waiting: { readonly resolve: (method: string) => void; readonly reject: (e: Error) => void }[] =
    [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => this.#hear(chunk));
    socket.once("close", () => this.#fail("the broker closed the connection"));
  }

  static async connect({ host, port, user, password, vhost }: RabbitMqAddress): Promise<RawPublisher> {
    const socket = connect({ host, port });
    await once(socket, "connect");
    const publisher = new RawPublisher(socket);
    const login = longString(`\0${user}\0${password}`);
    await publisher.#say(Buffer.from("AMQP\0\0\x09\x01", "latin1"));
    await publisher.#say(
      method(0, 10, 11, longString(""), shortString("PLAIN"), login, shortString("en_US")),
    );
    const fewChannels = Buffer.from([0, CHANNEL, 0, 2, 0, 0, 0, 0]);
    socket.write(method(0, 10, 31, fewChannels));
    await publisher.#say(method(0, 10, 40, shortString(vhost), Buffer.of(0, 0)));
    await publisher.#say(method(CHANNEL, 20, 10, shortString("")));
    await publisher.#say(method(CHANNEL, 85, 10, Buffer.of(0)));
    return publisher;
  }

  /**
   * Publishes and waits for the confirm; rejects when the broker itself finds the headers unreadable.
   * @param headers the entries of the header table, encoded
   */
  async publish(exchange: string, headers: Buffer, body: Buffer): Promise<void> {
    const size = Buffer.alloc(8);
    size.writeBigUInt64BE(BigInt(body.length));
    const onlyHeaders = Buffer.of(0x20, 0);
    const properties = Buffer.concat([Buffer.of(0, 60, 0, 0), size, onlyHeaders, longString(headers)]);
    const publish = method(CHANNEL, 60, 40, Buffer.of(0, 0), shortString(exchange), Buffer.of(0, 0));
    const content: Buffer[] = [];
    for (let offset = 0; offset < body.length; offset += MOST_IN_FRAME) {
      content.push(frame(BODY, CHANNEL, body.subarray(offset, offset + MOST_IN_FRAME)));
    }
    const answer = await this.#say(Buffer.concat([publish, frame(HEADER, CHANNEL, properties), ...content]));
    if (answer !== "60.80") throw new Error(`the broker answered with method ${answer}`);
  }

  /** As REGARDS declares its exchanges: fanout, durable. */
  async declareExchange(exchange: string): Promise<void> {
    const durable = Buffer.of(0b10, 0, 0, 0, 0);
    await this.#say(
      method(CHANNEL, 40, 10, Buffer.of(0, 0), shortString(exchange), shortString("fanout"), durable),
    );
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Sends bytes and waits for the next method of the broker. */
  #say(bytes: Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new Error("the connection is closed"));
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.#socket.write(bytes);
    });
  }

  #hear(chunk: Buffer): void {
    for (const each of this.#reader.read(chunk)) {
      const name = methodOf(each);
      if (name === "") continue;
      if (CLOSES.includes(name)) this.#fail(`the broker answered with method ${name}`);
      else this.#waiting.shift()?.resolve(name);
    }
  }

  #fail(reason: string): void {
    this.#socket.destroy();
    for (const { reject } of this.#waiting.splice(0)) reject(new Error(reason));
  }
}

/** One entry of a header table: its key, its one-letter type, its value as bytes. */
export function header(key: string, type: string, value: Buffer): Buffer {
  return Buffer.concat([shortString(key), Buffer.from(type), value]);
}

/** The header `deep`, an array in an array in an array … */
export function nestedArrays(depth: number): Buffer {
  return Buffer.concat([shortString("deep"), nested(depth, "A", Buffer.alloc(0))]);
}

/** A header with an empty key, a table in a table in a table …, whose keys are empty too. */
export function nestedTables(depth: number): Buffer {
  return nested(depth, "F", Buffer.of(0));
}

/** Written from the outside in: every level states the length of what is inside it. */
function nested(depth: number, type: string, key: Buffer): Buffer {
  const each = key.length + 5;
  const bytes = Buffer.alloc(depth * each);
  for (let level = 0; level < depth; level += 1) {
    const offset = level * each;
    key.copy(bytes, offset);
    bytes.write(type, offset + key.length);
    bytes.writeUInt32BE((depth - level - 1) * each, offset + key.length + 1);
  }
  return bytes;
}
