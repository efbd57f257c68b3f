/**
 * rs-notifier's RabbitMQSender: tells a recipient that a product is to be disseminated, and remembers whom.
 */
import { randomUUID } from "node:crypto";
import type { Bus } from "./bus";
import { type CatalogueFiles, md5 } from "./catalogue-files";
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
  /** What has become of the product; that it is to be disseminated, or that it is there, by default. */
  readonly action?: string;
}

/** What rs-ingest and rs-fem ask rs-notifier to send. */
interface Notification {
  readonly payload: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A dissemination and the notification its recipient got. */
export interface Dissemination extends Disseminated {
  /** What the recipient reads: `{ payload, metadata }`, without label and without any request id. */
  readonly notification: Notification;
}

/** What the notifier needs around it. */
export interface DisseminationSurroundings {
  readonly bus: Bus;
  readonly prefix: string;
  readonly events: Events;
  readonly tenant: string;
  /** Where a disseminated product's files can be fetched. */
  readonly catalogue: CatalogueFiles;
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
    const [identifier, usual] = service === "ingest" ? ["AIP", "AIP_DISSEMINATION"] : ["FEATURE", "CREATED"];
    const urn = options.urn ?? `URN:${identifier}:DATA:${tenant}:${randomUUID()}:V1`;
    const notification = NOTIFICATION[service](urn, options.action ?? usual);
    const disseminated: Disseminated = { tenant, service, urn, recipientLabel };
    this.#pending.push(disseminated);
    this.#around.catalogue.keep(urn, [contentOf(service, urn)]);
    await this.#send(tenant, notification);
    this.#around.events.emit("disseminated", disseminated);
    return { ...disseminated, notification };
  }

  /**
   * A retry of the notifier: the same again, told by nothing but its content. It comes from the database by then,
   * where the order of keys is lost.
   */
  async retry({ tenant, notification: { payload, metadata } }: Dissemination): Promise<void> {
    const entries = Object.entries(payload).sort(([one], [other]) => one.localeCompare(other));
    await this.#send(tenant, { metadata, payload: Object.fromEntries(entries) });
  }

  async #send(tenant: string, notification: Notification): Promise<void> {
    const exchange = notificationExchange(this.#around.prefix);
    await this.#around.bus.recipientQueue(notificationQueue(this.#around.prefix), exchange);
    // The notifier's senders publish with priority 0, unlike every other event.
    const properties = regardsProperties(NOTIFICATION_CLASS, tenant, { properties: { priority: 0 } });
    await this.#around.bus.publish(exchange, Buffer.from(gson(notification)), properties);
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

/** The notifications of both services differ in nearly every name. */
const NOTIFICATION = { ingest: ingestNotification, fem: femNotification } as const;

function ingestNotification(urn: string, action: string): Notification {
  const now = new Date();
  const providerId = `product-${uuidOf(urn)}`;
  const content = contentOf("ingest", urn);
  return {
    payload: {
      id: 177,
      aipId: urn,
      state: "STORED",
      aip: {
        ...{ type: "Feature", id: urn, providerId, version: 1, ipType: "DATA" },
        geometry: { type: "Unlocated" },
        properties: {
          contentInformations: [
            {
              dataObject: {
                ...{ regardsDataType: "RAWDATA", filename: `${providerId}.dat`, algorithm: "MD5" },
                ...{ checksum: md5(content), fileSize: content.length },
                locations: [{ storage: "Local", url: `file:///regards-store/${providerId}.dat` }],
              },
              representationInformation: { syntax: { name: "DAT", mimeType: "application/octet-stream" } },
            },
          ],
          pdi: { provenanceInformation: { history: [] }, accessRightInformation: {} },
        },
      },
      ...{ storages: ["Local"], last: true, disseminationStatus: "PENDING", categories: [], providerId },
      ...{ version: 1, sessionOwner: "ingest-owner", session: "a session", ipType: "DATA" },
      originUrn: "URN:AIP:DATA:elsewhere:00000000-0000-4000-8000-000000000000:V1",
      creationDate: offsetDateTime(now, 578),
      lastUpdate: offsetDateTime(now),
    },
    metadata: { action, session: "a session", sessionOwner: "ingest-owner" },
  };
}

function femNotification(urn: string, action: string): Notification {
  const id = `feature-${uuidOf(urn)}`;
  const content = contentOf("fem", urn);
  return {
    payload: {
      ...{ type: "Feature", id, urn, entityType: "DATA", model: "FEATURE01", last: true },
      geometry: { type: "Point", coordinates: [1.44, 43.6] },
      files: [
        {
          locations: [{ storage: "Local", url: `file:///regards-store/${id}.xml` }],
          attributes: {
            ...{ dataType: "RAWDATA", mimeType: "application/xml", filename: `${id}.xml` },
            ...{ filesize: content.length, algorithm: "MD5", checksum: md5(content) },
          },
        },
      ],
      properties: { date: offsetDateTime(new Date()) },
    },
    metadata: { action, session: "a session", sessionOwner: "fem-owner" },
  };
}

/** The one file of a product, the same whenever it is asked for. */
function contentOf(service: AcknowledgedService, urn: string): Buffer {
  return Buffer.from(`${urn} `.repeat(service === "ingest" ? 190 : 100)).subarray(
    0,
    service === "ingest" ? 190 : 100,
  );
}

function uuidOf(urn: string): string {
  return urn.split(":")[4] ?? "";
}
