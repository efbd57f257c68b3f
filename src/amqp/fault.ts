/**
 * Names what went wrong between us and RabbitMQ, so that a status can say the cause and the next step.
 * Enters: whatever Node, TLS, amqplib or the broker threw. Leaves: one of a few stable codes, and the
 * broker's own words without secrets.
 */

/** Every cause a person can act on has its own code. */
export type FaultCode =
  | "host-unknown"
  | "refused"
  | "timeout"
  | "login"
  | "vhost"
  | "connection-limit"
  | "forbidden"
  | "queue-missing"
  | "exchange-missing"
  | "queue-differs"
  | "queue-locked"
  | "queue-exclusive"
  | "queue-name"
  | "queue-silent"
  | "stream"
  | "consumer-timeout"
  | "cancelled"
  | "tls-untrusted"
  | "tls-expired"
  | "tls-host"
  | "tls"
  | "frame"
  | "lost"
  | "unexpected";

/** A cause and, where the broker gave one, its own sentence. */
export interface Fault {
  readonly code: FaultCode;
  readonly detail: string;
  /** The queue or exchange the broker named. */
  readonly subject?: string;
}

const BY_ERRNO: Readonly<Record<string, FaultCode>> = {
  ENOTFOUND: "host-unknown",
  EAI_AGAIN: "host-unknown",
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "timeout",
  ENETUNREACH: "timeout",
  ETIMEDOUT: "timeout",
  ECONNRESET: "lost",
  EPIPE: "lost",
  CERT_HAS_EXPIRED: "tls-expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "tls-host",
  SELF_SIGNED_CERT_IN_CHAIN: "tls-untrusted",
  DEPTH_ZERO_SELF_SIGNED_CERT: "tls-untrusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "tls-untrusted",
  UNABLE_TO_GET_ISSUER_CERT: "tls-untrusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "tls-untrusted",
  CERT_SIGNATURE_FAILURE: "tls-untrusted",
  CERT_NOT_YET_VALID: "tls-expired",
};

/** amqplib's own words where our guard is not in place; only the vhost and its limits are checked at this step. */
const VHOST_NOT_OPENED = /Expected ConnectionOpenOk; got <ConnectionClose/;
/** amqplib finds it before the broker does; AMQP has one byte for the length of a name. */
const NAME_TOO_LONG = /Field '(?:queue|routingKey)' is the wrong type/;

/** The broker says most things in words only; these are stable across RabbitMQ 3.8 to 4. */
const BY_WORDS: readonly (readonly [RegExp, FaultCode])[] = [
  // Before the refusals it is wrapped in: nothing is wrong with the user or the vhost.
  [/connection limit .*is reached/i, "connection-limit"],
  [/Login was refused|ACCESS-REFUSED.*Handshake|Handshake terminated by server: 403/i, "login"],
  [/SASL mechanism .* is not provided/i, "login"],
  [/NOT_ALLOWED - (?:access to )?vhost|vhost '.*' is down/i, "vhost"],
  [VHOST_NOT_OPENED, "vhost"],
  [/NOT_FOUND - no queue/i, "queue-missing"],
  [/NOT_FOUND - no exchange/i, "exchange-missing"],
  [/ACCESS_REFUSED.* in exclusive use/i, "queue-exclusive"],
  [/ACCESS_REFUSED/i, "forbidden"],
  [/delivery acknowledgement on channel \d+ timed out/i, "consumer-timeout"],
  [/cancelled the consumer/, "cancelled"],
  [/RESOURCE_LOCKED/i, "queue-locked"],
  [/PRECONDITION_FAILED - inequivalent arg/i, "queue-differs"],
  [NAME_TOO_LONG, "queue-name"],
  // The broker is there and the queue is not: without a majority a quorum queue keeps everybody waiting.
  [/(?:the queue's answer|subscribing|declaring the queue) timed out/, "queue-silent"],
  [/ETIMEDOUT|Heartbeat timeout|timed out/i, "timeout"],
  [/SSL|TLS|certificate|wrong version number/i, "tls"],
  [/Frame|frame|opcode|Unexpected type tag|codec/, "frame"],
  [/Socket closed|Unexpected close|Channel ended|Connection clos|CONNECTION_FORCED/i, "lost"],
];

const SOMEBODY: readonly FaultCode[] = [
  "login",
  "vhost",
  "forbidden",
  "queue-differs",
  "queue-locked",
  "queue-name",
  "tls-untrusted",
  "tls-expired",
  "tls-host",
];

/** Where a library's words say nothing to a person. */
const CLEARER: readonly (readonly [RegExp, string])[] = [
  [
    VHOST_NOT_OPENED,
    "the vhost does not exist, is down, has all the connections it may have, or this user may not use it",
  ],
  [NAME_TOO_LONG, "the name of the queue, or of its dead-letter queue, is longer than 255 bytes"],
];

/** What an error means; never throws, never repeats a secret (amqplib's errors hold none). */
export function faultOf(error: unknown): Fault {
  const cause = innermost(error);
  const words = wordsOf(cause);
  const code = codeOf(cause, words);
  const clearer = CLEARER.find(([hidden]) => hidden.test(words))?.[1];
  return withSubject(code, clearer ?? words);
}

/** True when trying again soon cannot help: somebody has to change a setting or a permission. */
export function needsSomebody(code: FaultCode): boolean {
  return SOMEBODY.includes(code);
}

function codeOf(error: unknown, detail: string): FaultCode {
  const errno = property(error, "code");
  const known = typeof errno === "string" ? BY_ERRNO[errno] : undefined;
  return known ?? BY_WORDS.find(([words]) => words.test(detail))?.[1] ?? "unexpected";
}

function withSubject(code: FaultCode, detail: string): Fault {
  const subject = /(?:queue|exchange) '([^']*)'/.exec(detail)?.[1];
  return subject === undefined ? { code, detail } : { code, detail, subject };
}

/** A host with an IPv4 and an IPv6 address fails twice; one of the two says enough. */
function innermost(error: unknown): unknown {
  return error instanceof AggregateError && error.errors.length > 0 ? innermost(error.errors[0]) : error;
}

function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\s+/g, " ").slice(0, 300);
}

function property(error: unknown, name: string): unknown {
  return typeof error === "object" && error !== null ? (error as Record<string, unknown>)[name] : undefined;
}
