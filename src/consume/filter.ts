/**
 * Reads a delivery and decides whether it is for this node: a fanout exchange carries every tenant's and
 * every user's events. Pure. What cannot be read may be ours, so it is passed on rather than skipped.
 */
import { isDeadLetter } from "../amqp/dead-letters";
import type { Delivery } from "../amqp/delivery";
import { decode } from "../regards/decode";
import { type Recognised, text, type Unrecognised } from "../regards/event";
import type { Service } from "../regards/services";
import type { RegardsSystem } from "../regards/system";
import type { ConsumerSettings } from "./settings";

/** A condition of the filter, as the status names it. */
export type Condition = "tenant" | "correlation" | "owner" | "content-type";

/** The event, or undefined when it is somebody else's. */
export function select(
  delivery: Delivery,
  service: Service,
  settings: ConsumerSettings,
  system: RegardsSystem,
): Recognised | Unrecognised | undefined {
  const judged = judge(delivery, service, settings, system);
  return typeof judged === "string" ? undefined : judged;
}

/** The event, or the condition that it does not meet. */
export function judge(
  delivery: Delivery,
  service: Service,
  settings: ConsumerSettings,
  { tenant: ours, address }: RegardsSystem,
): Recognised | Unrecognised | Condition {
  const tenant = text(delivery.headers["regards.tenant"]);
  // Accepting a dead letter because it is somebody else's would destroy the last copy of it.
  const isLetter = isDeadLetter(delivery);
  if (!isLetter && ours !== undefined && tenant !== undefined && tenant !== ours) {
    return "tenant";
  }
  const incoming = {
    body: delivery.content,
    headers: delivery.headers,
    correlationId: text(delivery.properties.correlationId),
  };
  const decoded = headed(decode(service, incoming, address), delivery.unreadable);
  const unmet = isLetter ? undefined : unmetBy(decoded, delivery.headers, settings);
  if (unmet !== undefined) {
    return unmet;
  }
  if (ours !== undefined && tenant === undefined && delivery.unreadable === undefined) {
    const { status, correlationId, payload } = decoded;
    const message = `The event has no "regards.tenant" header, and the broker node names "${ours}".`;
    return { recognised: false, code: "REGARDS_NO_TENANT", message, status, correlationId, payload };
  }
  return decoded;
}

/** Without its headers nobody knows whose event it is, however well its body reads. */
function headed(decoded: Recognised | Unrecognised, unreadable: string | undefined): typeof decoded {
  if (unreadable === undefined) {
    return decoded;
  }
  const { status, correlationId, payload } = decoded;
  const message = `The event's AMQP headers cannot be read: ${unreadable}.`;
  return { recognised: false, code: "REGARDS_BAD_HEADERS", message, status, correlationId, payload };
}

function unmetBy(
  decoded: Recognised | Unrecognised,
  headers: Readonly<Record<string, unknown>>,
  { correlation, anyCorrelation, owner, contentType }: ConsumerSettings,
): Condition | undefined {
  const { recognised, correlationId } = decoded;
  if (!anyCorrelation && (recognised || correlationId !== undefined) && !correlation(correlationId)) {
    return "correlation";
  }
  const found = recognised ? decoded.details.owner : headers["regards.request.owner"];
  if (!agrees(text(found), owner, recognised)) {
    return "owner";
  }
  const type = text(headers["regards.request.content_type"]);
  return agrees(type, contentType, recognised) ? undefined : "content-type";
}

function agrees(found: string | undefined, wanted: string | undefined, recognised: boolean): boolean {
  return wanted === undefined || found === wanted || (found === undefined && !recognised);
}
