/**
 * rs-notifier's RabbitMQSender: tells a recipient that a product is to be disseminated, and remembers whom.
 */
import { randomUUID } from "node:crypto";
import type { Bus } from "./bus";
import { gson, offsetDateTime } from "./gson";
import type { Disseminated, Events } from "./happenings";
import { regardsProperties } from "./publisher";
import {
  type AcknowledgedService,
  NOTIFICATION_CLASS,
  notificationExchange,
  notificationQueue,
} from "./wire";

/** What to disseminate; everything has a default. */
export interface DisseminationOptions {
  readonly tenant?: string;
  readonly service?: AcknowledgedService;
  readonly recipientLabel?: string;
  readonly urn?: string;
}

/** A dissemination and the notification its recipient got. */
export interface Dissemination extends Disseminated {
  /** What the recipient reads: `{ payload, metadata }`, without label and without any request id. */
  readonly notification: Readonly<Record<string, unknown>>;
}

/** What the notifier needs around it. */
export interface DisseminationSurroundings {
  readonly bus: Bus;
  readonly prefix: string;
  readonly events: Events;
  readonly tenant: string;
}

/** The notifier and the list of recipients whose acknowledgement is pending. */
export class Disseminations {
  readonly #around: DisseminationSurroundings;
  readonly #pending: Disseminated[] = [];

  constructor(around: DisseminationSurroundings) {
    this.#around = around;
  }

  /** Publishes the notification of one product. */
  async disseminate(options: DisseminationOptions = {}): Promise<Dissemination> {
    const {
      tenant = this.#around.tenant,
      service = "ingest",
      recipientLabel = "external-system-1",
    } = options;
    const identifier = service === "ingest" ? "AIP" : "FEATURE";
    const urn = options.urn ?? `URN:${identifier}:DATA:${tenant}:${randomUUID()}:V1`;
    const notification = service === "ingest" ? ingestNotification(urn) : femNotification(urn);
    const disseminated: Disseminated = { tenant, service, urn, recipientLabel };
    const exchange = notificationExchange(this.#around.prefix);
    await this.#around.bus.recipientQueue(notificationQueue(this.#around.prefix), exchange);
    this.#pending.push(disseminated);
    // The notifier's senders publish with priority 0, unlike every other event.
    const properties = regardsProperties(NOTIFICATION_CLASS, tenant, { properties: { priority: 0 } });
    await this.#around.bus.publish(exchange, Buffer.from(gson(notification)), properties);
    this.#around.events.emit("disseminated", disseminated);
    return { ...disseminated, notification };
  }

  /** True when somebody waits for exactly this acknowledgement; a wrong label leaves the real one pending. */
  settle(acknowledged: Disseminated): boolean {
    const index = this.#pending.findIndex(
      (pending) =>
        pending.tenant === acknowledged.tenant &&
        pending.service === acknowledged.service &&
        pending.urn === acknowledged.urn &&
        pending.recipientLabel === acknowledged.recipientLabel,
    );
    if (index === -1) return false;
    this.#pending.splice(index, 1);
    return true;
  }
}

function ingestNotification(urn: string) {
  const now = new Date();
  return {
    payload: {
      aipId: urn,
      providerId: `product-${urn.slice(-40, -3)}`,
      originUrn: "URN:AIP:DATA:elsewhere:00000000-0000-4000-8000-000000000000:V1",
      version: 1,
      last: true,
      state: "STORED",
      creationDate: offsetDateTime(now, 578),
      lastUpdate: offsetDateTime(now),
      aip: { id: urn, type: "Feature", ipType: "DATA", geometry: { type: "Unlocated" } },
    },
    metadata: { action: "AIP_DISSEMINATION", session: "a session", sessionOwner: "ingest-owner" },
  };
}

function femNotification(urn: string) {
  return {
    payload: {
      entityType: "DATA",
      model: "FEATURE01",
      id: `feature-${urn.slice(-39, -3)}`,
      urn,
      last: true,
      geometry: { type: "Point", coordinates: [1.44, 43.6] },
      properties: { date: offsetDateTime(new Date()) },
      type: "Feature",
    },
    metadata: { action: "CREATED", session: "a session", sessionOwner: "fem-owner" },
  };
}
