/**
 * A listener on the exchanges of the simulated REGARDS: what really went over the wire, from outside both
 * sides.
 */
import { EventEmitter, once } from "node:events";
import { type ConsumeMessage, connect } from "amqplib";
import type { AmqpAddress } from "./bus";
import { type Body, isBody } from "./intake";
import type { Headers } from "./wire";

/** A message as it was on the wire. */
export interface Tapped {
  readonly raw: string;
  readonly body: Body;
  readonly headers: Headers;
  readonly properties: ConsumeMessage["properties"];
  readonly fields: ConsumeMessage["fields"];
}

/** A running tap. */
export interface Wiretap {
  /** Everything heard so far, oldest first. */
  readonly heard: readonly Tapped[];
  /** The messages whose body repeats these values. */
  about(expected: Body): readonly Tapped[];
  /** Waits for a message whose body repeats these values; one heard before counts. */
  untilAbout(expected: Body): Promise<Tapped>;
  /** Waits for a message of one's own description; one heard before counts. */
  until(isIt: (message: Tapped) => boolean): Promise<Tapped>;
  stop(): Promise<void>;
}

/** Listens to exchanges that exist; starts hearing before it resolves. */
export async function tap(address: AmqpAddress, ...exchanges: readonly string[]): Promise<Wiretap> {
  const connection = await connect({ protocol: "amqp", ...address });
  connection.on("error", () => undefined);
  const channel = await connection.createChannel();
  const heard: Tapped[] = [];
  const changes = new EventEmitter().setMaxListeners(0);
  const { queue } = await channel.assertQueue("", { exclusive: true });
  for (const exchange of exchanges) await channel.bindQueue(queue, exchange, "");
  await channel.consume(
    queue,
    (message) => {
      if (message === null) return;
      heard.push(tapped(message));
      changes.emit("heard");
    },
    { noAck: true },
  );
  const until = async (isIt: (message: Tapped) => boolean): Promise<Tapped> => {
    for (;;) {
      const found = heard.find(isIt);
      if (found !== undefined) return found;
      await once(changes, "heard");
    }
  };
  return {
    heard,
    about: (expected) => heard.filter(({ body }) => repeats(body, expected)),
    untilAbout: (expected) => until(({ body }) => repeats(body, expected)),
    until,
    stop: () => connection.close(),
  };
}

function repeats(body: Body, expected: Body): boolean {
  return Object.entries(expected).every(([key, value]) => body[key] === value);
}

function tapped(message: ConsumeMessage): Tapped {
  const { headers = {}, ...properties } = message.properties;
  const raw = message.content.toString();
  return {
    raw,
    body: parsed(raw),
    headers,
    properties: { ...properties, headers: undefined },
    fields: message.fields,
  };
}

function parsed(raw: string): Body {
  try {
    const value: unknown = JSON.parse(raw);
    return isBody(value) ? value : {};
  } catch {
    return {};
  }
}
