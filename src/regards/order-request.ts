/**
 * Orders and their cancelling, as rs-order accepts them. Enters: what a flow asks for. Leaves: one publication, or a
 * refusal. A blank query would order the whole catalogue, a wrong pattern would leave the order pending for ever, and
 * an unknown data type would order nothing: none of these leaves.
 */
import type { Body } from "./event";
import { javaPatternFault } from "./java-pattern";
import { type Asked, type Publication, RequestError } from "./publication";
import {
  jsonObject,
  plainObject,
  readable,
  requestBody,
  requestCorrelationId,
  requestTenant,
  requestText,
  shown,
} from "./request-fields";
import { broadcastExchange } from "./services";
import type { RegardsSystem } from "./system";

/** Java classes of the request and of its cancelling. */
export const ORDER_CLASS = "fr.cnes.regards.modules.order.amqp.input.OrderRequestDtoEvent";
export const CANCEL_CLASS = "fr.cnes.regards.modules.order.amqp.input.OrderCancelRequestDtoEvent";

const DATA_TYPES = ["RAWDATA", "QUICKLOOK"];
const LONGEST_USER = 128;
/** REGARDS searches its catalogue for each query: a request of more bytes is a mistake. */
const LARGEST = 1_000_000;

/** @throws RequestError when REGARDS would not answer it, or would order something else */
export function orderRequest(asked: Asked, system: RegardsSystem): Publication[] {
  const tenant = requestTenant(system);
  const correlationId = orderCorrelationId(asked);
  const isCancel = asked.values.action === "cancel";
  const body = isCancel ? { orderId: orderId(asked), correlationId } : checkedOrder(asked, correlationId);
  return [
    {
      key: correlationId,
      service: "order",
      tenant,
      exchange: broadcastExchange(system.namespace, isCancel ? CANCEL_CLASS : ORDER_CLASS),
      content: requestBody(body, "msg.payload", LARGEST),
      properties: {
        contentType: "application/json",
        contentEncoding: "UTF-8",
        priority: 1,
        appId: system.appId,
        correlationId,
        headers: { "regards.tenant": tenant },
      },
    },
  ];
}

/** The correlation id of the dialog, or that of a whole request, or the one that was made. */
export function orderCorrelationId(asked: Asked): string {
  const { values, payload, correlationId } = asked;
  const isWhole = values.action !== "cancel" && values.ask === "request";
  const inBody = isWhole ? plainObject(payload, "msg.payload").correlationId : undefined;
  const given = isBlank(values.correlationId) ? inBody : values.correlationId;
  return requestCorrelationId({ values: { correlationId: given }, payload, correlationId });
}

/** What orders add to `msg.regards`, refused ones too, as far as they can be read. */
export function orderDetails(asked: Asked): Body {
  const correlationId = readable(() => orderCorrelationId(asked));
  return asked.values.action === "cancel"
    ? { action: "cancel", correlationId, orderId: numberOrNull(() => orderId(asked)) }
    : { action: "order", correlationId, user: readable(() => userOf(asked, draft(asked))) };
}

function checkedOrder(asked: Asked, correlationId: string): Body {
  const given = jsonObject(draft(asked), "msg.payload");
  const { values } = asked;
  const filters = checkedFilters(given.filters, values.dataTypes, values.fileNames);
  const sizeLimit = isBlank(values.sizeLimit) ? given.sizeLimitInBytes : values.sizeLimit;
  return {
    ...given,
    correlationId,
    user: userOf(asked, given),
    queries: checkedQueries(given.queries),
    filters,
    sizeLimitInBytes: isBlank(sizeLimit) ? undefined : wholeNumber(sizeLimit, "sizeLimit", "bytes"),
  };
}

/** The request before it is checked, as the payload has it. */
function draft({ values, payload }: Asked): Body {
  switch (values.ask) {
    case "request":
      return plainObject(payload, "msg.payload");
    case "queries":
      return { queries: typeof payload === "string" ? [payload] : payload };
    default:
      return { queries: [productQuery(payload)] };
  }
}

/** The latest version of each product, by the id its provider gave it; quoted, for an unquoted one means *contains*. */
function productQuery(payload: unknown): string {
  const products = Array.isArray(payload) ? payload : [payload];
  if (products.length === 0) {
    throw wrong("msg.payload is empty; it must be the id of a product, or an array of them");
  }
  const quoted = products.map((id, index) => {
    const text = requestText(id, products === payload ? `msg.payload[${index}]` : "msg.payload");
    return `"${text.replace(/["\\]/g, "\\$&")}"`;
  });
  return `providerId:(${[...new Set(quoted)].join(" OR ")}) AND last:true`;
}

function checkedQueries(queries: unknown): string[] {
  if (!Array.isArray(queries) || queries.length === 0) {
    throw wrong("The queries must be a text or an array of at least one text");
  }
  return queries.map((query, index) => {
    if (typeof query !== "string" || query.trim() === "") {
      const was = typeof query === "string" ? "blank, which would order the whole catalogue" : "no text";
      throw wrong(`Query ${index + 1} is ${was}; it must be a text, such as providerId:"my-product"`);
    }
    return query;
  });
}

function checkedFilters(given: unknown, types: unknown, names: unknown): Body | undefined {
  const { dataTypes, filenameRegExp, ...rest } =
    given === undefined || given === null ? ({} as Body) : plainObject(given, "msg.payload.filters");
  const wanted = isBlank(types)
    ? dataTypes
    : typeof types === "string"
      ? types.split(",").map(trimmed)
      : types;
  const pattern = isBlank(names) ? filenameRegExp : names;
  if (isBlank(wanted) && isBlank(pattern) && isBlank(given)) {
    return undefined;
  }
  // REGARDS denies filters without data types: these two are all there are.
  const list = isBlank(wanted) ? DATA_TYPES : wanted;
  if (!Array.isArray(list) || list.length === 0 || !list.every((type) => DATA_TYPES.includes(type))) {
    throw wrong(`dataTypes is ${shown(list)}; it must be one or more of ${DATA_TYPES.join(", ")}`);
  }
  return {
    ...rest,
    dataTypes: list,
    ...(isBlank(pattern) ? {} : { filenameRegExp: checkedPattern(pattern) }),
  };
}

function checkedPattern(value: unknown): string {
  const pattern = requestText(value, "fileNames");
  const fault = javaPatternFault(pattern);
  if (fault !== undefined) {
    throw wrong(`fileNames is "${pattern}", which Java does not take as a regular expression: ${fault}`);
  }
  return pattern;
}

function userOf({ values }: Asked, { user }: Body): string {
  return requestText(isBlank(values.user) ? user : values.user, "user", LONGEST_USER);
}

/** The order to cancel: its id, or something of REGARDS that carries it. */
function orderId({ payload }: Asked): number {
  const carrier = typeof payload === "object" && payload !== null ? (payload as Body).orderId : payload;
  return wholeNumber(carrier, "orderId", "order id");
}

function wholeNumber(value: unknown, field: string, what: string): number {
  const number = typeof value === "string" && /^\d{1,16}$/.test(value.trim()) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isSafeInteger(number) || number < 1) {
    throw wrong(`${field} is ${shown(value)}; it must be a whole number above 0 (${what})`);
  }
  return number;
}

function numberOrNull(read: () => number): number | null {
  const text = readable(() => String(read()));
  return text === null ? null : Number(text);
}

function trimmed(text: string): string {
  return text.trim();
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

function wrong(words: string): RequestError {
  return new RequestError("REGARDS_BAD_FIELD", `${words}.`);
}
