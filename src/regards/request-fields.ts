/**
 * What all requests have to be before REGARDS sees them. Enters: values of a flow, whatever they are. Leaves: the
 * bytes of a body, the text of a header; or a refusal that names the field, what it was, and what it may be.
 */
import { LONGEST_CORRELATION_ID } from "./correlation";
import type { Body } from "./event";
import { MAX_BODY_BYTES, MAX_DEPTH } from "./json";
import { type Asked, RequestError } from "./publication";
import type { RegardsSystem } from "./system";

/** What refusals of requests are called. */
export const REQUEST_CODES = [
  "REGARDS_NO_TENANT",
  "REGARDS_BAD_BODY",
  "REGARDS_BAD_FIELD",
  "REGARDS_UNSAFE_KEY",
  "REGARDS_TOO_DEEP",
  "REGARDS_TOO_LARGE",
] as const;

type RequestCode = (typeof REQUEST_CODES)[number];

/** A header or a database column of REGARDS takes no more; one that is too long takes a whole batch down with it. */
const LONGEST_TEXT = 255;
/** An AMQP property takes no more bytes. */
const LONGEST_PROPERTY = 255;
/** So much of a wrong value is shown. */
const SHOWN = 60;

/** A refusal of a request. */
function refusal(code: RequestCode, words: string): RequestError<RequestCode> {
  return new RequestError(code, words);
}

/** The tenant of the broker node: a request goes to one. */
export function requestTenant({ tenant }: RegardsSystem): string {
  if (tenant === undefined) {
    throw refusal("REGARDS_NO_TENANT", "The broker node names no tenant; a request needs the one it is for.");
  }
  return tenant;
}

/** The text of a field: never blank, never too long; a whole number is written out, for headers are texts. */
export function requestText(value: unknown, field: string, longest = LONGEST_TEXT): string {
  const written = Number.isSafeInteger(value) ? String(value) : value;
  const wrong = (words: string) => refusal("REGARDS_BAD_FIELD", `${field} ${words}.`);
  if (typeof written !== "string") {
    throw wrong(`is ${nameOf(value)}; it must be a text of at most ${longest} characters`);
  }
  if (written.trim() === "") {
    throw wrong(`is empty; it must be a text of at most ${longest} characters`);
  }
  if (written.length > longest) {
    throw wrong(`has ${written.length} characters; REGARDS keeps at most ${longest}`);
  }
  if (/\p{Cc}/u.test(written)) {
    throw wrong("holds a control character (a line break, a tab or the like); REGARDS cannot store it");
  }
  return written;
}

/** The correlation id a flow has given, or the one that was made for it. */
export function requestCorrelationId({ values: { correlationId: given }, correlationId }: Asked): string {
  if (given === undefined || given === null || given === "") {
    return correlationId;
  }
  const text = requestText(given, "correlationId", LONGEST_CORRELATION_ID);
  const bytes = Buffer.byteLength(text);
  if (bytes > LONGEST_PROPERTY) {
    throw refusal(
      "REGARDS_BAD_FIELD",
      `correlationId has ${bytes} bytes; AMQP takes at most ${LONGEST_PROPERTY}.`,
    );
  }
  return text;
}

/** A field as far as it can be read: null where it would be refused. */
export function readable(field: () => string): string | null {
  try {
    return field();
  } catch {
    return null;
  }
}

/** A wrong value as its JSON, as far as it has any and not more than is worth reading. */
export function shown(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint") {
    return String(value);
  }
  try {
    const json = JSON.stringify(value) ?? nameOf(value);
    return json.length > SHOWN ? `${json.slice(0, SHOWN)}…` : json;
  } catch {
    // It holds itself, or has a toJSON that fails.
    return nameOf(value);
  }
}

/** A value that is a plain object; what is in it is another question. */
export function plainObject(value: unknown, field: string): Body {
  if (!isPlainObject(value)) {
    const hint = typeof value === "string" ? " Put a json node before this one." : "";
    throw refusal("REGARDS_BAD_BODY", `${field} is ${nameOf(value)}; it must be a JSON object.${hint}`);
  }
  return value;
}

/** An object of which nothing becomes something else as JSON, and which is safe to walk through. */
export function jsonObject(value: unknown, field: string): Body {
  const object = plainObject(value, field);
  checkInside(object, field);
  return object;
}

/** A JSON object as bytes. */
export function requestBody(given: unknown, field: string, largest = MAX_BODY_BYTES): Buffer {
  const value = jsonObject(given, field);
  const content = Buffer.from(JSON.stringify(value));
  if (content.length > largest) {
    throw tooLarge(field, `has ${content.length} bytes`, largest);
  }
  return content;
}

/** Level by level, not by recursion, and each part once: it must survive what it looks for. */
function checkInside(root: object, field: string): void {
  let level = new Map([[root, { path: field, times: 1 }]]);
  let containers = 0;
  for (let depth = 1; level.size > 0; depth += 1) {
    if (depth > MAX_DEPTH) {
      throw refusal(
        "REGARDS_TOO_DEEP",
        `${field} is nested more than ${MAX_DEPTH} levels deep, or holds itself.`,
      );
    }
    const next: typeof level = new Map();
    for (const [container, { path, times }] of level) {
      containers += times;
      // Each is written as often as it is referred to, in two bytes at least.
      if (2 * containers > MAX_BODY_BYTES) {
        throw tooLarge(field, `has more than ${MAX_BODY_BYTES / 2} objects and arrays`);
      }
      for (const [key, child] of Object.entries(container)) {
        const place = Array.isArray(container) ? `${path}[${key}]` : `${path}.${key}`;
        if (key === "__proto__") {
          throw refusal("REGARDS_UNSAFE_KEY", `${path} has a key named "__proto__"; rename it.`);
        }
        if (Array.isArray(child) || isPlainObject(child)) {
          next.set(child, { path: place, times: times + (next.get(child)?.times ?? 0) });
        } else if (!isJsonValue(child)) {
          const may = "it must be a text, a number, true, false, null, an array or an object";
          throw refusal("REGARDS_BAD_BODY", `${place} is ${nameOf(child)}; ${may}.`);
        }
      }
    }
    level = next;
  }
}

function tooLarge(field: string, words: string, largest = MAX_BODY_BYTES): RequestError {
  return refusal("REGARDS_TOO_LARGE", `${field} ${words}; at most ${largest} bytes are published.`);
}

/** JSON leaves out what is undefined, as everybody expects. */
function isJsonValue(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    ["string", "boolean"].includes(typeof value) ||
    Number.isFinite(value)
  );
}

/** Function nodes make objects whose prototype is another `Object`'s: only the shape of the chain counts. */
function isPlainObject(value: unknown): value is Body {
  if (Object.prototype.toString.call(value) !== "[object Object]") {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** What a value is, in words for somebody who wired a flow. */
function nameOf(value: unknown): string {
  if (value === undefined) {
    return "missing";
  }
  if (Buffer.isBuffer(value)) {
    return `a Buffer of ${value.length} bytes`;
  }
  if (Array.isArray(value) || isPlainObject(value)) {
    return Array.isArray(value) ? "an array" : "an object";
  }
  switch (typeof value) {
    case "string":
      return `the text "${value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value}"`;
    case "object":
      return value === null ? "null" : `a ${value.constructor?.name ?? "thing"}, not plain JSON`;
    case "number":
    case "boolean":
    case "bigint":
      return `${value} (a ${typeof value})`;
    default:
      return `a ${typeof value}`;
  }
}
