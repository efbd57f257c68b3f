/**
 * A request that was asked, as it is kept: its shape, its key in a context, and what is made of what a context holds,
 * which anybody may have changed. Pure.
 */

/** Times in milliseconds since 1970, for they must hold over a restart. */
export interface AskedRequest {
  readonly correlationId: string;
  readonly service: string;
  /** The id of the node that asked. */
  readonly nodeId: string;
  readonly askedAt: number;
  /** What it is to be known by, as JSON; undefined where only the answer is waited for. */
  readonly request?: string | undefined;
  /** When to say that no answer came; undefined once one has come, or it was said. */
  readonly noAnswerAt?: number | undefined;
  readonly forgetAt: number;
}

const PREFIX = "regards_request_";

/** A correlation id may hold what means something in the path of a context key. */
export function keyOf(correlationId: string): string {
  return `${PREFIX}${Buffer.from(correlationId).toString("hex")}`;
}

/** True for the keys of requests, among all that a context holds. */
export function isKey(key: string): boolean {
  return key.startsWith(PREFIX);
}

/** What was written; undefined where it is not what we would have written. */
export function readAsked(written: unknown): AskedRequest | undefined {
  try {
    const asked: Partial<Record<keyof AskedRequest, unknown>> = JSON.parse(String(written));
    const { correlationId, service, nodeId, askedAt, request, noAnswerAt, forgetAt } = asked;
    const isText = [correlationId, service, nodeId].every((each) => typeof each === "string");
    const isTime = isDate(askedAt) && isDate(forgetAt) && (noAnswerAt === undefined || isDate(noAnswerAt));
    return isText && isTime && isJson(request) ? (asked as unknown as AskedRequest) : undefined;
  } catch {
    return undefined;
  }
}

/** JavaScript's dates end somewhere. */
function isDate(time: unknown): boolean {
  return typeof time === "number" && !Number.isNaN(new Date(time).getTime());
}

/** @throws SyntaxError where it is a text and no JSON */
function isJson(request: unknown): boolean {
  return request === undefined || (typeof request === "string" && JSON.parse(request) !== undefined);
}
