/**
 * Reads a body into a plain JSON object that is safe to hand to any Node-RED node.
 * REGARDS' Gson converter always writes UTF-8 JSON objects and its content type is not to be relied on
 * (Gson2JsonMessageConverter, REGARDS 2.0), so only the bytes count here.
 */
import { isUtf8 } from "node:buffer";
import type { Body, ProblemCode } from "./event";

/** The largest body that is parsed, in bytes; REGARDS' own events stay far below. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** The deepest nesting that is handed on: Node-RED clones messages recursively. */
export const MAX_DEPTH = 100;

/** A readable object, or what is wrong with the body and what could be read of it. */
export type Parsed =
  | { readonly ok: true; readonly value: Body }
  | {
      readonly ok: false;
      readonly code: ProblemCode;
      readonly message: string;
      readonly payload: unknown;
    };

/** Parses a body that must be one JSON object. Never throws. */
export function parseBody(body: Buffer): Parsed {
  if (body.length > MAX_BODY_BYTES) {
    return problem(
      "REGARDS_TOO_LARGE",
      `The body has ${body.length} bytes; more than ${MAX_BODY_BYTES} are not read.`,
      body,
    );
  }
  if (!isUtf8(body)) {
    return problem("REGARDS_BAD_JSON", "The body is not valid UTF-8.", body);
  }
  let value: unknown;
  try {
    value = JSON.parse(withoutByteOrderMark(body.toString("utf8")));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return problem("REGARDS_BAD_JSON", `The body is not JSON: ${detail.slice(0, 200)}`, body);
  }
  const danger = dangerIn(value);
  if (danger === "depth") {
    return problem("REGARDS_TOO_DEEP", `The body is nested more than ${MAX_DEPTH} levels deep.`, body);
  }
  if (danger === "key") {
    return problem("REGARDS_UNSAFE_KEY", 'The body has a key named "__proto__".', body);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return problem("REGARDS_BAD_JSON", "The body is JSON, but not a JSON object.", value);
  }
  return { ok: true, value: value as Body };
}

/** What makes a value unsafe to clone or merge, if anything. Iterative: it must survive what it looks for. */
export function dangerIn(value: unknown): "depth" | "key" | undefined {
  if (typeof value !== "object" || value === null) {
    return undefined;
  }
  let level: object[] = [value];
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) {
      return "depth";
    }
    const next: object[] = [];
    for (const container of level) {
      for (const key of Object.keys(container)) {
        if (key === "__proto__") {
          return "key";
        }
        const child = (container as Record<string, unknown>)[key];
        if (typeof child === "object" && child !== null) {
          next.push(child);
        }
      }
    }
    level = next;
  }
  return undefined;
}

function withoutByteOrderMark(content: string): string {
  return content.charCodeAt(0) === 0xfeff ? content.slice(1) : content;
}

function problem(code: ProblemCode, message: string, payload: unknown): Parsed {
  return { ok: false, code, message, payload };
}
