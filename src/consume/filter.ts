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

/** The event, or undefined when it is somebody else's. */
export function select(
  delivery: Delivery,
  service: Service,
  settings: ConsumerSettings,
  { tenant: ours, address }: RegardsSystem,
): Recognised | Unrecognised | undefined {
  const tenant = text(delivery.headers["regards.tenant"]);
  // Accepting a dead letter because it is somebody else's would destroy the last copy of it.
  const isLetter = isDeadLetter(delivery);
  if (!isLetter && ours !== undefined && tenant !== undefined && tenant !== ours) {
    return undefined;
  }
  const incoming = {
    body: delivery.content,
    headers: delivery.headers,
    correlationId: text(delivery.properties.correlationId),
  };
  const decoded = headed(decode(service, incoming, address), delivery.unreadable);
  if (!isLetter && !isWanted(decoded, delivery.headers, settings)) {
    return undefined;
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

function isWanted(
  decoded: Recognised | Unrecognised,
  headers: Readonly<Record<string, unknown>>,
  { correlation, anyCorrelation, owner, contentType }: ConsumerSettings,
): boolean {
  const { recognised, correlationId } = decoded;
  if (!anyCorrelation && (recognised || correlationId !== undefined) && !correlation(correlationId)) {
    return false;
  }
  const found = recognised ? decoded.details.owner : headers["regards.request.owner"];
  return (
    agrees(text(found), owner, recognised) &&
    agrees(text(headers["regards.request.content_type"]), contentType, recognised)
  );
}

function agrees(found: string | undefined, wanted: string | undefined, recognised: boolean): boolean {
  return wanted === undefined || found === wanted || (found === undefined && !recognised);
}
