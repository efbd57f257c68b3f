/** The acknowledgements the bench publishes, for our node and for the raw client alike. */
import type { Options } from "amqplib";

/** The recipient label of all of them. */
export const LABEL = "bench";
export const TENANT = "project1";
export const EVENT_CLASS = "fr.cnes.regards.modules.ingest.dto.request.event.DisseminationAckEvent";
export const ACK_EXCHANGE = `regards.broadcast.${EVENT_CLASS}`;

/** The URN of a product; each number has its own. */
export function urnOf(number: number): string {
  return `URN:AIP:DATA:${TENANT}:00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}:V1`;
}

/** The body of an acknowledgement. */
export function ackBody(number: number): Buffer {
  return Buffer.from(JSON.stringify({ urn: urnOf(number), recipientLabel: LABEL }));
}

/** The properties every acknowledgement has on the wire, but its message id. */
export const ACK_PROPERTIES: Options.Publish = {
  persistent: true,
  mandatory: true,
  contentType: "application/json",
  contentEncoding: "UTF-8",
  priority: 1,
  appId: "node-red",
  headers: { "regards.tenant": TENANT, "regards.type": EVENT_CLASS, "regards.converter": "GSON" },
};
