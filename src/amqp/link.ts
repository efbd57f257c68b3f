/**
 * One amqplib connection and its socket: opened, guarded, let go. All that leans on amqplib's private parts
 * is reached from here, and says so when it no longer finds them. Enters: where and as whom. Leaves: a
 * connection on which nothing can throw into Node-RED. It does not know when to connect, nor what for.
 */
import type { Duplex } from "node:stream";
import amqplib, { type Channel, type ChannelModel } from "amqplib";
import type { ConnectionOptions, Endpoint } from "./connection-options";
import { withDeadline } from "./deadline";
import { surviveEarlyCloses } from "./early-close";
import { gatherFrames } from "./gathered-frames";
import { dropLateFrames } from "./late-frames";
import { keepRefusalWords } from "./refusal-words";
import { surviveUnreadableHeaders } from "./unreadable";

/** What we do to amqplib's private parts, and what for. */
export type Guard =
  | "early closes"
  | "gathered frames"
  | "late frames"
  | "refusal words"
  | "unreadable headers"
  | "socket";

/**
 * Connects; the caller listens to the connection's events in the same turn.
 * @throws what amqplib, TLS or the broker says
 */
export function openLink(
  { hostname, port }: Endpoint,
  options: ConnectionOptions,
  timeout: number,
): Promise<ChannelModel> {
  const { vhost, username, password, heartbeat, tls, external, name } = options;
  surviveEarlyCloses();
  keepRefusalWords();
  return amqplib.connect(
    {
      protocol: tls === undefined ? "amqp" : "amqps",
      hostname,
      port,
      username,
      password,
      // amqplib unescapes the vhost of the object form too.
      vhost: encodeURIComponent(vhost),
      heartbeat,
      frameMax: 131_072,
    },
    {
      ...tls,
      ...(external === true ? { credentials: amqplib.credentials.external() } : {}),
      noDelay: true,
      keepAlive: true,
      timeout,
      clientProperties: { connection_name: name },
    },
  );
}

/** Puts our guards in place; returns those that amqplib, having changed, has no place for. */
export function guardLink(model: Pick<ChannelModel, "connection">): Guard[] {
  const guards: readonly (readonly [Guard, boolean])[] = [
    ["early closes", surviveEarlyCloses()],
    ["gathered frames", gatherFrames(model)],
    ["late frames", dropLateFrames(model)],
    ["refusal words", keepRefusalWords()],
    ["unreadable headers", surviveUnreadableHeaders(model)],
    ["socket", streamOf(model) !== undefined],
  ];
  return guards.filter(([, isInPlace]) => !isInPlace).map(([guard]) => guard);
}

/** An `error` without a listener would end Node-RED. */
export function listenToEverything<C extends Channel>(channel: C): C {
  for (const event of ["error", "handler-error", "return", "drain", "close"]) {
    channel.on(event, () => undefined);
  }
  return channel;
}

/** Closes a channel without waiting for the broker longer than the limit; it may be closed already. */
export function closeQuietly(channel: Channel, limit: number): void {
  try {
    withDeadline(channel.close(), limit, "closing a channel").catch(() => undefined);
  } catch {
    // amqplib throws at once when the channel is closed already.
  }
}

/** Closes a connection within the limit, even towards a frozen broker. */
export async function discard(model: ChannelModel, limit: number): Promise<void> {
  try {
    await withDeadline(model.close(), limit, "closing the connection");
  } catch {
    // Closed already, or frozen: the socket goes either way.
  } finally {
    destroySocket(model);
  }
}

/** amqplib only half-closes; towards a frozen peer that would leave the socket behind for minutes. */
export function destroySocket(model: ChannelModel): void {
  streamOf(model)?.destroy();
}

/**
 * A broker that goes down can close a connection in the very segment that opened it: amqplib has then said
 * "close" before anybody could listen, and only the ended stream still tells.
 */
export function hasEnded(model: ChannelModel): boolean {
  return streamOf(model)?.writableEnded ?? false;
}

/** The published types leave out the socket. */
function streamOf({ connection }: Pick<ChannelModel, "connection">): Duplex | undefined {
  const { stream } = connection as unknown as { readonly stream?: Duplex };
  return typeof stream?.destroy === "function" ? stream : undefined;
}
