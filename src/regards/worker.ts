/**
 * Worker-manager responses (ResponseEvent). The Java getter is `getMessage()` but the JSON key is
 * `messages`; `content` is a byte array, which REGARDS' Gson writes as Base64 (absent before 2.0).
 */
import { type Body, text } from "./event";
import { dangerIn } from "./json";

/** The body with `content` decoded and `messages` always an array when the event has any. */
export function workerPayload(body: Body): Body {
  const payload: Record<string, unknown> = { ...body };
  if (body.messages === undefined && typeof body.message === "string") {
    payload.messages = [body.message];
  }
  if (body.content !== undefined && body.content !== null) {
    payload.content = decodeContent(body.content);
  }
  return payload;
}

/** What a worker response adds to `msg.regards`; the headers may be present and null. */
export function workerDetails(body: Body, headers: Readonly<Record<string, unknown>>): Body {
  return {
    owner: text(body.requestOwner) ?? text(headers["regards.request.owner"]) ?? null,
    session: text(headers["regards.request.session"]) ?? null,
    contentType: text(headers["regards.request.content_type"]) ?? null,
    workerId: text(headers["regards.worker_id"]) ?? null,
  };
}

/** A worker's bytes as the most useful plain value: JSON, else text, else a Buffer. */
export function decodeContent(content: unknown): unknown {
  if (typeof content === "string") {
    // Only what is Base64 is the same again. A pattern would overflow the stack on some megabytes.
    const bytes = Buffer.from(content, "base64");
    return bytes.toString("base64") === content ? readable(bytes) : content;
  }
  if (Array.isArray(content) && content.length > 0 && content.every(isByte)) {
    return readable(Buffer.from(content.map((byte) => byte & 0xff)));
  }
  return content;
}

function readable(bytes: Buffer): unknown {
  const decoded = new TextDecoder("utf-8", { fatal: true });
  let characters: string;
  try {
    characters = decoded.decode(bytes);
  } catch {
    return bytes;
  }
  if (hasControlCharacter(characters)) {
    return bytes;
  }
  try {
    const value: unknown = JSON.parse(characters);
    return dangerIn(value) === undefined ? value : characters;
  } catch {
    return characters;
  }
}

/** Bytes that happen to be UTF-8 but hold control characters are binary, not text. */
function hasControlCharacter(characters: string): boolean {
  for (let index = 0; index < characters.length; index += 1) {
    const code = characters.charCodeAt(index);
    if (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) {
      return true;
    }
  }
  return false;
}

/** Java bytes are signed. */
function isByte(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= -128 && value <= 255;
}
