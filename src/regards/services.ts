/**
 * The one table of what REGARDS publishes and we consume: exchange, where the status is, which output each
 * status leaves by, decoder. A new REGARDS event is a new row here, a decoder beside it and a pair in nodes/.
 */
import { disseminationDetails } from "./dissemination";
import { type Body, type Incoming, text } from "./event";
import { downloadUrl, orderPayload } from "./order";
import { workerDetails, workerPayload } from "./worker";

/** One kind of REGARDS event. */
export interface Service {
  readonly name: "order" | "submission" | "worker" | "dissemination";
  /** Java class of the event. */
  readonly eventClass: string;
  /** REGARDS names it after the event class (RegardsAmqpAdmin), or its administrator chooses a name. */
  readonly exchange: "of its class" | "chosen";
  /** Where in the body the status is: keys, separated by dots. */
  readonly statusField: string;
  /** The node's outputs in their order, and which statuses leave by each; unrecognised events have one more. */
  readonly outputs: Readonly<Record<string, readonly string[]>>;
  /** No other event follows for the same request (an administrator's retry apart). */
  readonly finals: readonly string[];
  /** Absent where REGARDS sends the event of itself: then there is none to filter on. */
  readonly correlationId?: (body: Body, incoming: Incoming) => string | undefined;
  payload(body: Body): Body;
  details(body: Body, incoming: Incoming, address: string | undefined): Details;
}

/** What a kind of event adds to `msg.regards`. */
export interface Details {
  readonly details: Readonly<Record<string, unknown>>;
  readonly unusableLink: boolean;
}

const NO_DETAILS: Details = { details: {}, unusableLink: false };

/** Progress of orders (rs-order). */
export const order: Service = {
  name: "order",
  eventClass: "fr.cnes.regards.modules.order.amqp.output.OrderResponseDtoEvent",
  exchange: "of its class",
  statusField: "status",
  outputs: {
    ...onePerStatus("GRANTED", "SUBORDER_DONE", "DONE"),
    // A REST status the documentation also shows as an event; REGARDS 2.0 sends FAILED with a link instead.
    FAILED: ["FAILED", "DONE_WITH_WARNING"],
    ...onePerStatus("DENIED"),
  },
  finals: ["DONE", "FAILED", "DENIED", "DONE_WITH_WARNING"],
  correlationId: correlationIdField,
  payload: orderPayload,
  details(body, _incoming, address) {
    const url = downloadUrl(body, address);
    if (url === undefined) {
      return NO_DETAILS;
    }
    return url === null
      ? { details: {}, unusableLink: true }
      : { details: { downloadUrl: url }, unusableLink: false };
  },
};

/** Progress of product submissions (rs-lta-manager). */
export const submission: Service = {
  name: "submission",
  eventClass: "fr.cnes.regards.modules.ltamanager.amqp.output.SubmissionResponseDtoEvent",
  exchange: "of its class",
  statusField: "responseStatus",
  outputs: onePerStatus("GRANTED", "SUCCESS", "ERROR", "DENIED"),
  finals: ["SUCCESS", "ERROR", "DENIED"],
  correlationId: correlationIdField,
  payload: (body) => body,
  details: () => NO_DETAILS,
};

/** Progress of worker requests (rs-worker-manager); the request id plays the correlation id. */
export const worker: Service = {
  name: "worker",
  eventClass: "fr.cnes.regards.modules.workermanager.amqp.events.out.ResponseEvent",
  exchange: "of its class",
  statusField: "state",
  outputs: onePerStatus("GRANTED", "DELAYED", "SUCCESS", "INVALID_CONTENT", "ERROR", "SKIPPED"),
  finals: ["SUCCESS", "INVALID_CONTENT", "ERROR", "SKIPPED"],
  correlationId: (body, { headers }) => text(body.requestId) ?? text(headers["regards.request.id"]),
  payload: workerPayload,
  details: (body, { headers }) => ({ details: workerDetails(body, headers), unusableLink: false }),
};

/** Products that REGARDS sends by itself (rs-ingest and rs-fem, through rs-notifier's RabbitMQSender). */
export const dissemination: Service = {
  name: "dissemination",
  eventClass: "fr.cnes.regards.modules.notifier.plugins.RabbitMQSender$NotificationEvent",
  exchange: "chosen",
  statusField: "metadata.action",
  outputs: {
    new: ["INGEST", "CREATED", "COPY"],
    changed: ["UPDATE", "UPDATED"],
    disseminated: ["AIP_DISSEMINATION", "NOTIFIED"],
    deleted: ["OAIS_DELETION", "DELETED", "ALREADY_DELETED"],
  },
  // Nobody has asked for it; after a deletion nothing more is said about the product.
  finals: ["OAIS_DELETION", "DELETED", "ALREADY_DELETED"],
  payload: (body) => body,
  details: (body, { headers }) => ({
    details: disseminationDetails(body, headers["regards.tenant"]),
    unusableLink: false,
  }),
};

/** Every row, in the order of the palette. */
export const services: readonly Service[] = [order, submission, worker, dissemination];

/** What the outputs of a service are called, the one of unrecognised events left out. */
export function outputNames({ outputs }: Service): string[] {
  return Object.keys(outputs);
}

/** Which output a status leaves by; negative where the service knows none. */
export function outputOf({ outputs }: Service, status: string): number {
  return Object.values(outputs).findIndex((statuses) => statuses.includes(status));
}

/** The fanout exchange an event class is broadcast on. */
export function broadcastExchange(namespace: string, eventClass: string): string {
  return `${namespace}.broadcast.${eventClass}`;
}

/** Outputs that are called as the one status that leaves by them. */
function onePerStatus(...statuses: readonly string[]): Record<string, readonly string[]> {
  return Object.fromEntries(statuses.map((status) => [status, [status]]));
}

function correlationIdField(body: Body, incoming: Incoming): string | undefined {
  return text(body.correlationId) ?? incoming.correlationId;
}
