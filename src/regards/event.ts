/**
 * The words every REGARDS event shares. Enters: nothing. Leaves: types, and how a field is read.
 * This room (src/regards) knows what REGARDS says; it knows neither AMQP channels nor Node-RED.
 */

/** A JSON object as REGARDS writes it, every field kept. */
export type Body = Readonly<Record<string, unknown>>;

/** What arrived, before anything is believed about it. */
export interface Incoming {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, unknown>>;
  /** The AMQP `correlation_id` property; REGARDS sets it for orders and submissions only. */
  readonly correlationId: string | undefined;
}

/** Why an event could not be recognised; stable, flows switch on it. */
export type ProblemCode =
  | "REGARDS_BAD_JSON"
  | "REGARDS_MISSING_FIELD"
  | "REGARDS_UNKNOWN_STATUS"
  | "REGARDS_NO_TENANT"
  | "REGARDS_BAD_HEADERS"
  | "REGARDS_TOO_LARGE"
  | "REGARDS_TOO_DEEP"
  | "REGARDS_UNSAFE_KEY";

/** An event that was read and whose status is known. */
export interface Recognised {
  readonly recognised: true;
  readonly status: string;
  readonly final: boolean;
  readonly output: number;
  readonly correlationId: string | undefined;
  readonly payload: Body;
  /** What this kind of event adds to `msg.regards`. */
  readonly details: Readonly<Record<string, unknown>>;
  /** True when there is something to download and no usable address for it. */
  readonly unusableLink: boolean;
}

/** An event that was not: what is wrong, and the body as far as it could be read. */
export interface Unrecognised {
  readonly recognised: false;
  readonly code: ProblemCode;
  readonly message: string;
  readonly status: string | undefined;
  readonly correlationId: string | undefined;
  readonly payload: unknown;
}

/** A field's value if it is a non-empty string, else undefined: REGARDS omits, nulls and empties alike. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The value at a path of keys separated by dots; undefined where there is none. Never reads what is inherited. */
export function valueAt(value: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce((found, key) => (isBody(found) && Object.hasOwn(found, key) ? found[key] : undefined), value);
}

/** True for a JSON object. */
export function isBody(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
