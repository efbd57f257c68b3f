/**
 * The one table of what REGARDS publishes and we consume: exchange, status field, statuses in output
 * order, decoder. A new REGARDS event is a new row here, a decoder beside it and a pair in nodes/.
 */
import { type Body, type Incoming, text } from "./event";
import { downloadUrl, orderPayload } from "./order";
import { workerDetails, workerPayload } from "./worker";

/** One kind of REGARDS event. */
export interface Service {
  readonly name: "order" | "submission" | "worker";
  /** Java class of the event: REGARDS names the exchange after it (RegardsAmqpAdmin). */
  readonly eventClass: string;
  readonly statusField: string;
  /** One a node output, in this order; unrecognised events leave by one more output after them. */
  readonly statuses: readonly string[];
  /** Statuses that leave by another one's output. */
  readonly aliases: Readonly<Record<string, string>>;
  /** No other event follows for the same request (an administrator's retry apart). */
  readonly finals: readonly string[];
  correlationId(body: Body, incoming: Incoming): string | undefined;
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
  statusField: "status",
  statuses: ["GRANTED", "SUBORDER_DONE", "DONE", "FAILED", "DENIED"],
  // A REST status the documentation also shows as an event; REGARDS 2.0 sends FAILED with a link instead.
  aliases: { DONE_WITH_WARNING: "FAILED" },
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
  statusField: "responseStatus",
  statuses: ["GRANTED", "SUCCESS", "ERROR", "DENIED"],
  aliases: {},
  finals: ["SUCCESS", "ERROR", "DENIED"],
  correlationId: correlationIdField,
  payload: (body) => body,
  details: () => NO_DETAILS,
};

/** Progress of worker requests (rs-worker-manager); the request id plays the correlation id. */
export const worker: Service = {
  name: "worker",
  eventClass: "fr.cnes.regards.modules.workermanager.amqp.events.out.ResponseEvent",
  statusField: "state",
  statuses: ["GRANTED", "DELAYED", "SUCCESS", "INVALID_CONTENT", "ERROR", "SKIPPED"],
  aliases: {},
  finals: ["SUCCESS", "INVALID_CONTENT", "ERROR", "SKIPPED"],
  correlationId: (body, { headers }) => text(body.requestId) ?? text(headers["regards.request.id"]),
  payload: workerPayload,
  details: (body, { headers }) => ({ details: workerDetails(body, headers), unusableLink: false }),
};

/** The fanout exchange an event class is broadcast on. */
export function broadcastExchange(namespace: string, eventClass: string): string {
  return `${namespace}.broadcast.${eventClass}`;
}

function correlationIdField(body: Body, incoming: Incoming): string | undefined {
  return text(body.correlationId) ?? incoming.correlationId;
}
