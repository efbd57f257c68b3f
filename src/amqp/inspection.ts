/**
 * One look at a broker for a person who waits: how far each host lets us in, what is known of some
 * exchanges, what is known of a queue. It creates nothing, takes no message, and ends in time whatever the
 * broker does.
 */
import { randomUUID } from "node:crypto";
import type { Channel } from "amqplib";
import { Connection, type ConnectionOptions } from "./connection";
import { withDeadline } from "./deadline";
import { type Fault, faultOf } from "./fault";
import { type QueueKind, queueKind } from "./queue-kind";

/** An exchange somebody wants to bind a queue to, or to publish to. */
export interface ExchangeQuestion {
  readonly name: string;
  readonly use: "bind" | "publish";
}

/** What is known of it; `allowed` is undefined where the broker's answer does not tell. */
export interface ExchangeFinding extends ExchangeQuestion {
  readonly exists: boolean;
  readonly allowed: boolean | undefined;
}

/** What is known of a queue; `kind` is undefined where only somebody with more rights may know. */
export interface QueueFinding {
  readonly messages: number;
  readonly consumers: number;
  readonly kind: QueueKind | undefined;
}

/** How far one host let us in; without a fault, all the way. */
export interface HostFinding {
  readonly host: string;
  readonly fault: Fault | undefined;
}

/** A broker to look at through the first connection that works. */
export interface Inspection {
  readonly hosts: readonly HostFinding[];
  exchange(question: ExchangeQuestion): Promise<ExchangeFinding>;
  /** @throws when there is no such queue, or the broker does not answer */
  queue(name: string): Promise<QueueFinding>;
}

/** Milliseconds; together below the five seconds a person is made to wait. */
const CONNECT_MS = 2_800;
const LOOK_MS = 1_200;
const CLOSE_MS = 500;

/** No queue and no exchange has this name, and RabbitMQ checks permissions before it looks for them. */
const nobody = (): string => `nodered.test.${randomUUID()}`;

/**
 * Connects once to every host of the list, lets `look` look through one that works, and closes them all.
 * @param look what it promises is waited for no longer than a moment
 */
export async function inspect<T>(
  options: ConnectionOptions,
  look: (inspection: Inspection) => Promise<T>,
): Promise<T> {
  const timing = { connect: CONNECT_MS, close: CLOSE_MS };
  const connections = options.endpoints.map(
    (endpoint) => new Connection({ ...options, endpoints: [endpoint], timing }),
  );
  try {
    const hosts = await Promise.all(connections.map(reach));
    const connection = connections.find(({ isUp }) => isUp);
    const inspection: Inspection = {
      hosts,
      exchange: (question) => exchangeFinding(connection, question),
      queue: (name) => queueFinding(connection, name),
    };
    return await withDeadline(look(inspection), LOOK_MS, "the broker's answer");
  } finally {
    await Promise.all(connections.map((connection) => connection.close()));
  }
}

function reach(connection: Connection): Promise<HostFinding> {
  const { host } = connection;
  return new Promise((resolve) => {
    connection.onState((state) => {
      if (state.phase === "connected") {
        resolve({ host, fault: undefined });
      } else if (state.phase === "reconnecting") {
        // One attempt is all a person waits for; closing it also cancels the next one.
        resolve({ host, fault: state.fault });
        void connection.close();
      }
    });
    connection.open();
  });
}

/**
 * A passive declaration needs no permission, so a right is found out by taking a binding away that nobody has.
 * The broker asks for write on the destination first, then for read on the source, and names what it refuses.
 */
async function exchangeFinding(
  connection: Connection | undefined,
  question: ExchangeQuestion,
): Promise<ExchangeFinding> {
  const { name, use } = question;
  const [look, right] = await Promise.all([
    refusal(connection, (channel) => channel.checkExchange(name)),
    refusal(connection, (channel) =>
      use === "bind" ? channel.unbindQueue(nobody(), name, "") : channel.unbindExchange(name, nobody(), ""),
    ),
  ]);
  if (look !== undefined && look.code !== "exchange-missing") {
    throw new Error(look.detail);
  }
  const isRefused = right?.code === "forbidden";
  const isTold = !isRefused || right.subject === name || use === "publish";
  return {
    ...question,
    exists: look === undefined,
    allowed: isTold ? !(isRefused && right.subject === name) : undefined,
  };
}

async function queueFinding(connection: Connection | undefined, name: string): Promise<QueueFinding> {
  if (connection === undefined) {
    throw new Error("Connection closed");
  }
  const { messageCount, consumerCount } = await connection.aside((channel) => channel.checkQueue(name));
  const kind = await queueKind((declared) =>
    refusal(connection, (channel) => channel.assertQueue(name, declared)),
  );
  return { messages: messageCount, consumers: consumerCount, kind };
}

/** What the broker has against it, on a channel of its own; undefined when nothing. */
async function refusal(
  connection: Connection | undefined,
  work: (channel: Channel) => PromiseLike<unknown>,
): Promise<Fault | undefined> {
  if (connection === undefined) {
    throw new Error("Connection closed");
  }
  try {
    await connection.aside(async (channel) => {
      await work(channel);
    });
    return undefined;
  } catch (error) {
    return faultOf(error);
  }
}
