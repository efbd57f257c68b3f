/**
 * The names REGARDS 2.0 uses on RabbitMQ, written out a second time on purpose: were the simulator to share
 * the table of src/regards, a mistake in that table would agree with itself.
 */

/** Every event the simulator speaks or hears, by the Java class REGARDS names its exchange after. */
export const EVENT_CLASS = {
  orderRequest: "fr.cnes.regards.modules.order.amqp.input.OrderRequestDtoEvent",
  orderCancel: "fr.cnes.regards.modules.order.amqp.input.OrderCancelRequestDtoEvent",
  order: "fr.cnes.regards.modules.order.amqp.output.OrderResponseDtoEvent",
  submissionRequest: "fr.cnes.regards.modules.ltamanager.amqp.input.SubmissionRequestDtoEvent",
  submission: "fr.cnes.regards.modules.ltamanager.amqp.output.SubmissionResponseDtoEvent",
  workerRequest: "fr.cnes.regards.modules.workermanager.amqp.events.in.RequestEvent",
  worker: "fr.cnes.regards.modules.workermanager.amqp.events.out.ResponseEvent",
  ingestAcknowledgement: "fr.cnes.regards.modules.ingest.dto.request.event.DisseminationAckEvent",
  femAcknowledgement: "fr.cnes.regards.modules.feature.dto.event.in.DisseminationAckEvent",
} as const;

/** What rs-notifier's RabbitMQSender writes into `regards.type`; its exchange has a free name. */
export const NOTIFICATION_CLASS = "fr.cnes.regards.modules.notifier.plugins.RabbitMQSender$NotificationEvent";

/** An event with an exchange of its own. */
export type WireEvent = keyof typeof EVENT_CLASS;

/** The responses REGARDS publishes, which is what our in-nodes consume. */
export type ResponseEvent = "order" | "submission" | "worker";

/** The two services that take dissemination acknowledgements. */
export type AcknowledgedService = "ingest" | "fem";

/** Header keys; their dots are part of the name. */
export const HEADER = {
  tenant: "regards.tenant",
  type: "regards.type",
  converter: "regards.converter",
  requestId: "regards.request.id",
  owner: "regards.request.owner",
  session: "regards.request.session",
  contentType: "regards.request.content_type",
  workerId: "regards.worker_id",
} as const;

/** The header names REGARDS looks into for the Java class of a message, the most trusted one first. */
export const TYPE_HEADERS = ["__TypeId__", HEADER.type, "__gson_wrapped_type__"] as const;

/** An AMQP header table; null travels as an AMQP void, undefined does not travel. */
export type Headers = Readonly<Record<string, unknown>>;

/** `<namespace>.broadcast.<event class>`: the name of an event's exchange. */
export function exchangeOf(prefix: string, event: WireEvent): string {
  return `${prefix}.broadcast.${EVENT_CLASS[event]}`;
}

/** The exchange the simulated notifier sends disseminations to; REGARDS lets its administrator choose. */
export function notificationExchange(prefix: string): string {
  return `${prefix}.notifications`;
}

/** The durable queue the simulated notifier binds to it for its recipient. */
export function notificationQueue(prefix: string): string {
  return `${prefix}.notifications.recipient`;
}
