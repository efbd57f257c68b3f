/** What REGARDS publishes, with the properties and headers its AbstractPublisher gives every event. */
import type { Options } from "amqplib";
import type { Bus } from "./bus";
import { gson } from "./gson";
import { EVENT_CLASS, exchangeOf, HEADER, type Headers, type ResponseEvent } from "./wire";

/** What may be set on a raw event. */
export interface PublishOptions {
  readonly tenant?: string;
  /** Added to REGARDS' own headers; an undefined value takes one of them away. */
  readonly headers?: Headers;
  /** Added to REGARDS' own properties; an undefined value takes one of them away. */
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** The properties of every event REGARDS publishes; it never sets a message id, a type or an expiration. */
export function regardsProperties(
  type: string,
  tenant: string,
  options: PublishOptions = {},
): Options.Publish {
  return {
    appId: "REGARDS",
    timestamp: Math.floor(Date.now() / 1000),
    priority: 1,
    deliveryMode: 2,
    contentType: "application/json",
    contentEncoding: "UTF-8",
    ...options.properties,
    headers: {
      [HEADER.tenant]: tenant,
      [HEADER.converter]: "GSON",
      [HEADER.type]: type,
      ...options.headers,
    },
  };
}

/** Publishes REGARDS' responses on their exchanges. */
export class Publisher {
  readonly #bus: Bus;
  readonly #prefix: string;

  constructor(bus: Bus, prefix: string) {
    this.#bus = bus;
    this.#prefix = prefix;
  }

  /**
   * Publishes a response event; a Buffer or a string goes out byte for byte, anything else as Gson writes
   * it.
   */
  async respond(
    service: ResponseEvent,
    body: unknown,
    tenant: string,
    options: PublishOptions = {},
  ): Promise<void> {
    const properties = regardsProperties(EVENT_CLASS[service], tenant, {
      headers: options.headers ?? {},
      properties: { ...correlation(service, body), ...options.properties },
    });
    await this.#bus.publish(exchangeOf(this.#prefix, service), bytes(body), properties);
  }
}

/** The bytes of a body. */
export function bytes(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === "string" ? body : gson(body));
}

/** Orders and submissions repeat their correlation id in the property; a worker response has none. */
function correlation(service: ResponseEvent, body: unknown): { correlationId?: string } {
  if (service === "worker" || typeof body !== "object" || body === null) return {};
  const id = "correlationId" in body ? body.correlationId : undefined;
  return typeof id === "string" ? { correlationId: id } : {};
}
