/** What rs-order makes of an order request: a selection of files, or the response that refuses it. */
import { type Filters, patternOf, type Selection, select } from "./catalogue";
import { type Body, Dropped, isBody, text } from "./intake";

/** The body of a response that refuses an order: it has no order id. */
export interface Refusal {
  readonly status: "DENIED" | "FAILED";
  readonly correlationId: string;
  readonly message: string;
  readonly errorType: "INTERNAL_ERROR" | "FORBIDDEN" | "EMPTY_ORDER" | "ORDER_LIMIT_REACHED";
  readonly errors?: number;
}

/** A request REGARDS makes an order of. */
export interface Accepted {
  readonly correlationId: string;
  readonly user: string;
  readonly selection: Selection;
  /** Granted, and never heard of again: the thread that makes it has died of its pattern. */
  readonly isStuck: boolean;
}

/** What rs-order's table holds, in characters. */
const LONGEST_USER = 128;

/** Checks a request; throws `Dropped` without a correlation id, which REGARDS meets with silence. */
export function judge(body: Body, users: readonly string[]): Accepted | Refusal {
  const correlationId = text(body.correlationId);
  if (correlationId === undefined) throw new Dropped("invalid", "order request without correlationId");
  const user = text(body.user);
  if (user === undefined) return violation(correlationId, "[INVALID_CONTENT] User should be present at user");
  if (user.length > LONGEST_USER) return violation(correlationId, "[INVALID_CONTENT] at user");
  if (isBody(body.filters) && strings(body.filters.dataTypes).length === 0) {
    return violation(correlationId, "[INVALID_CONTENT] Data types should not be empty at filters.dataTypes");
  }
  const queries = strings(body.queries);
  if (queries.length === 0) {
    return violation(correlationId, "[INVALID_CONTENT] Queries should not be empty at queries");
  }
  if (!users.includes(user)) {
    return {
      ...violation(correlationId, `[FORBIDDEN] Unknown user : ${user} at user`),
      errorType: "FORBIDDEN",
    };
  }
  const filters = filtersOf(body.filters);
  if (filters?.filenameRegExp !== undefined && patternOf(filters.filenameRegExp) === undefined) {
    return { correlationId, user, selection: [], isStuck: true };
  }
  const selection = select(queries, filters);
  if (selection === undefined) {
    const message = "EmptySelectionException: This selection contains no file that can be ordered";
    return { status: "FAILED", correlationId, message, errorType: "EMPTY_ORDER" };
  }
  const size = selection.flat().reduce((sum, { content }) => sum + content.length, 0);
  // Gson reads a Long from a text, too.
  const limit = body.sizeLimitInBytes ?? undefined;
  if (limit !== undefined && size > Number(limit)) {
    const message = `ExceededBasketSizeException: The basket holds ${size} bytes, over ${body.sizeLimitInBytes}`;
    return { status: "DENIED", correlationId, message, errorType: "ORDER_LIMIT_REACHED" };
  }
  return { correlationId, user, selection, isStuck: false };
}

function violation(correlationId: string, text: string): Refusal {
  const message = `${text}: rejected value [null].`;
  return { status: "DENIED", correlationId, message, errorType: "INTERNAL_ERROR", errors: 1 };
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function filtersOf(value: unknown): Filters | undefined {
  if (!isBody(value)) return undefined;
  return {
    ...(Array.isArray(value.dataTypes) ? { dataTypes: value.dataTypes } : {}),
    ...(typeof value.filenameRegExp === "string" ? { filenameRegExp: value.filenameRegExp } : {}),
  };
}
