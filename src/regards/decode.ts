/**
 * Turns what arrived into what a flow receives: the status, the output it leaves by, the payload.
 * Enters: bytes and headers. Leaves: a recognised event, or a problem with a code and what could be read.
 */
import { type Body, type Incoming, isBody, type Recognised, text, type Unrecognised, valueAt } from "./event";
import { parseBody } from "./json";
import { outputOf, type Service } from "./services";

/** Decodes one event. Never throws, whatever the bytes. */
export function decode(
  service: Service,
  incoming: Incoming,
  address: string | undefined,
): Recognised | Unrecognised {
  const parsed = parseBody(incoming.body);
  if (!parsed.ok) {
    const { code, message, payload } = parsed;
    return {
      recognised: false,
      code,
      message,
      payload,
      status: undefined,
      correlationId: service.correlationId?.({}, incoming),
    };
  }
  const body = unwrapped(parsed.value, service);
  const correlationId = service.correlationId?.(body, incoming);
  const status = text(valueAt(body, service.statusField));
  if (status === undefined) {
    return {
      recognised: false,
      code: "REGARDS_MISSING_FIELD",
      message: `The event has no "${service.statusField}".`,
      payload: body,
      status,
      correlationId,
    };
  }
  const output = outputOf(service, status);
  if (output < 0) {
    return {
      recognised: false,
      code: "REGARDS_UNKNOWN_STATUS",
      message: `The event's ${service.statusField} is "${status.slice(0, 100)}", which is none of ${Object.values(service.outputs).flat().join(", ")}.`,
      payload: body,
      status,
      correlationId,
    };
  }
  const { details, unusableLink } = service.details(body, incoming, address);
  return {
    recognised: true,
    status,
    final: service.finals.includes(status),
    output,
    correlationId,
    payload: service.payload(body),
    details,
    unusableLink,
  };
}

/**
 * rs-notifier can pass on a copy of every answer, so that a client has a queue of its own answers only: the event is
 * then the `payload` of a notification whose metadata name its class.
 */
function unwrapped(body: Body, { eventClass }: Service): Body {
  return valueAt(body, "metadata.messageType") === eventClass && isBody(body.payload) ? body.payload : body;
}
