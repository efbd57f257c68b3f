/**
 * How REGARDS reads a message sent to it, before any handler sees it: tenant, class, body, in that order.
 * A message that fails here is taken off the queue and never answered (RabbitBatchMessageListener, 2.0).
 */
import type { ConsumeMessage } from "amqplib";
import type { Drop, DropReason } from "./happenings";
import { EVENT_CLASS, HEADER, type Headers, TYPE_HEADERS, type WireEvent } from "./wire";

/** A JSON object. */
export type Body = Readonly<Record<string, unknown>>;

/** A message REGARDS could read. */
export interface Incoming {
  readonly tenant: string;
  readonly headers: Headers;
  readonly body: Body;
  readonly text: string;
  readonly message: ConsumeMessage;
}

/** What a service asks of a message besides a tenant. */
export interface Demands {
  /** True where the handler has no getMType(): the class must then come with the message. */
  readonly needsType?: boolean;
  /** True for the JACKSON converter, which looks at the content type; GSON does not. */
  readonly needsJsonContentType?: boolean;
}

/** Thrown by a reader to say why REGARDS drops a message. */
export class Dropped extends Error {
  readonly reason: DropReason;

  constructor(reason: DropReason, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** Reads a message or throws `Dropped`. */
export function read(
  event: WireEvent,
  message: ConsumeMessage,
  tenants: readonly string[],
  { needsType = false, needsJsonContentType = false }: Demands = {},
): Incoming {
  const headers: Headers = message.properties.headers ?? {};
  const tenant = headers[HEADER.tenant];
  if (typeof tenant !== "string" || tenant === "") throw new Dropped("no tenant", `header ${HEADER.tenant}`);
  if (!tenants.includes(tenant)) throw new Dropped("unknown tenant", tenant);
  if (needsType) checkType(event, headers);
  if (needsJsonContentType) checkContentType(message.properties.contentType);
  const text = message.content.toString("utf8");
  return { tenant, headers, body: parse(text), text, message };
}

/** A drop as it is counted. */
export function dropOf(event: WireEvent, error: Dropped): Drop {
  return { event, reason: error.reason, detail: error.message };
}

/** A field if it is a non-empty string; REGARDS treats null, absent and wrong types alike here. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** True for a JSON object, false for null, arrays and everything else. */
export function isBody(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkType(event: WireEvent, headers: Headers): void {
  const type = TYPE_HEADERS.map((name) => headers[name]).find((value) => value !== undefined);
  if (type === undefined) throw new Dropped("no type", `header ${HEADER.type}`);
  if (type !== EVENT_CLASS[event]) throw new Dropped("unknown type", String(type));
}

function checkContentType(contentType: unknown): void {
  const type = text(contentType);
  if (type === undefined || type === "application/octet-stream" || type.includes("json")) return;
  throw new Dropped("unreadable", `content type ${type}`);
}

function parse(content: string): Body {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw new Dropped("unreadable", content.slice(0, 80));
  }
  if (!isBody(value)) throw new Dropped("unreadable", content.slice(0, 80));
  return value;
}
