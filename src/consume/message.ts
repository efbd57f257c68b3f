/** Builds the message a flow receives: plain JSON values and Buffers only, so that it survives cloning. */
import type { Delivery } from "../amqp/delivery";
import type { Recognised, Unrecognised } from "../regards/event";
import { dangerIn } from "../regards/json";

/** What an in-node sends; see the README's message contract. */
export interface EventMessage {
  readonly _msgid: string;
  readonly topic: string;
  readonly payload: unknown;
  readonly regards: Readonly<Record<string, unknown>>;
  /** What an out-node was to remember of the request this answers. */
  readonly request?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

/** What a message tells of its delivery. */
export type Envelope = Pick<Delivery, "headers" | "exchange" | "redelivered"> & {
  readonly properties: object;
};

/** What the delivery itself does not say. */
export interface Circumstances {
  readonly messageId: string;
  readonly receivedAt: string;
  readonly service: string;
  readonly queue: string;
  readonly attempt: number;
  readonly deliveryId: string;
  readonly request?: unknown;
}

/** The message for one event, recognised or not. */
export function eventMessage(
  decoded: Recognised | Unrecognised,
  delivery: Envelope,
  circumstances: Circumstances,
): EventMessage {
  const { messageId, receivedAt, service, queue, attempt, deliveryId, request } = circumstances;
  const tenant = delivery.headers["regards.tenant"];
  const regards = {
    service,
    status: decoded.status ?? null,
    final: decoded.recognised && decoded.final,
    tenant: typeof tenant === "string" ? tenant : null,
    correlationId: decoded.correlationId ?? null,
    receivedAt,
    redelivered: delivery.redelivered,
    attempt,
    exchange: delivery.exchange,
    queue,
    properties: setProperties(delivery),
    headers: plainHeaders(delivery.headers),
    deliveryId,
  };
  const message = {
    _msgid: messageId,
    topic: decoded.status ?? "",
    payload: ownCopy(decoded.payload),
    regards,
    ...(request === undefined ? {} : { request }),
  };
  if (decoded.recognised) {
    Object.assign(regards, decoded.details);
    return message;
  }
  return { ...message, error: { code: decoded.code, message: decoded.message } };
}

/** amqplib lists every property, set or not, and the headers among them. */
function setProperties({ properties }: Envelope): Record<string, unknown> {
  const set: Record<string, unknown> = {};
  for (const key of Object.keys(properties)) {
    const value: unknown = Reflect.get(properties, key);
    if (value !== undefined && key !== "headers") {
      set[key] = value;
    }
  }
  return set;
}

/** The flow may change what it receives; a Buffer of the delivery's is still needed to reject it. */
function ownCopy(payload: unknown): unknown {
  return Buffer.isBuffer(payload) ? Buffer.from(payload) : payload;
}

/** Headers can be nested as deep as a body; what could not be cloned is left out. */
function plainHeaders(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (dangerIn(headers) === undefined) {
    return { ...headers };
  }
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => typeof value !== "object"));
}
