/**
 * Every body REGARDS is known to send, from its 2.0 source and from its documentation pages, with the output
 * it must leave by and what must be read from it. Data only: the unit tests and the tests through a real
 * RabbitMQ and a real Node-RED walk the same table.
 */

import assert from "node:assert/strict";
import { type Service, services } from "../../src/regards/services";
import { disseminations } from "./dissemination-cases";

/** The last output of every in-node. */
export const UNRECOGNISED = "unrecognised";

/** One event on the wire and what becomes of it. */
export interface WireCase {
  readonly title: string;
  readonly service: Service["name"];
  /** An object is sent as JSON, anything else as it stands. */
  readonly body: object | string | Buffer;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly correlationId?: string;
  /** The status of the output, as the palette labels it. */
  readonly output: string;
  readonly topic?: string;
  /** Fields of `msg.payload` that must be so; `undefined` must be absent. */
  readonly payload?: Readonly<Record<string, unknown>>;
  /** Fields of `msg.regards` that must be so; `undefined` must be absent. */
  readonly regards?: Readonly<Record<string, unknown>>;
  readonly error?: string;
}

const LINK = "https://h/api/v1/rs-order/user/orders/1234/download";
const USER = "john@cnes.fr";

const orders: WireCase[] = [
  {
    title: "GRANTED has an order id and no message",
    service: "order",
    body: { status: "GRANTED", orderId: 1234, correlationId: "c-1" },
    output: "GRANTED",
    payload: { orderId: 1234, message: undefined },
    regards: { correlationId: "c-1", final: false, downloadUrl: undefined },
  },
  {
    title: "DENIED names its errorType",
    service: "order",
    body: {
      status: "DENIED",
      correlationId: "c-1",
      message: "[FORBIDDEN] Unknown user : x@y.z at user: rejected value [null].",
      errorType: "FORBIDDEN",
      errors: 1,
    },
    output: "DENIED",
    payload: { errorType: "FORBIDDEN", errors: 1, orderId: undefined },
    regards: { final: true },
  },
  {
    title: "DENIED of the documentation says errorCode",
    service: "order",
    body: {
      status: "DENIED",
      correlationId: "xxx",
      message: "deny cause",
      errorCode: "INVALID_CONTENT",
      errors: 2,
    },
    output: "DENIED",
    payload: { errorType: "INVALID_CONTENT" },
  },
  {
    title: "FAILED, first shape: never created, no order id",
    service: "order",
    body: {
      status: "FAILED",
      correlationId: "c-1",
      message: "EmptySelectionException: This selection contains no file that can be ordered",
      errorType: "EMPTY_ORDER",
    },
    output: "FAILED",
    payload: { orderId: undefined, errorType: "EMPTY_ORDER" },
    regards: { final: true, downloadUrl: undefined },
  },
  {
    title: "FAILED, second shape: nothing to fetch",
    service: "order",
    body: {
      status: "FAILED",
      orderId: 1234,
      correlationId: "c-1",
      message: `Order of user ${USER} is finished with errors. One or many files could not be retrieved.`,
      errorType: "INTERNAL_ERROR",
      errors: 5,
      totalSubOrders: 1,
    },
    output: "FAILED",
    payload: { errors: 5 },
    regards: { downloadUrl: undefined },
  },
  {
    title: "FAILED, third shape: partial, with files to fetch",
    service: "order",
    body: {
      status: "FAILED",
      orderId: 1234,
      correlationId: "c-1",
      message: `Order of user ${USER} is finished with some warnings.`,
      downloadLink: LINK,
      errorType: "INTERNAL_ERROR",
      errors: 2,
      totalSubOrders: 3,
    },
    output: "FAILED",
    regards: { downloadUrl: LINK, final: true },
  },
  {
    title: "FAILED, fourth shape: the filters matched nothing",
    service: "order",
    body: { status: "FAILED", orderId: 1234, correlationId: "c-1", downloadLink: LINK, totalSubOrders: 0 },
    output: "FAILED",
    payload: { totalSubOrders: 0 },
    regards: { downloadUrl: LINK },
  },
  {
    title: "FAILED of the documentation says errorCode and has no link",
    service: "order",
    body: {
      status: "FAILED",
      orderId: 1,
      correlationId: "xxx",
      message: "Error cause",
      errorCode: "INTERNAL_ERROR",
      errors: 3,
    },
    output: "FAILED",
    payload: { errorType: "INTERNAL_ERROR" },
  },
  {
    title: "SUBORDER_DONE has a link",
    service: "order",
    body: {
      status: "SUBORDER_DONE",
      orderId: 1234,
      correlationId: "c-1",
      message: `A sub-order of user ${USER} is finished and ready to download.`,
      downloadLink: LINK,
      totalSubOrders: 3,
      subOrderId: 98071,
    },
    output: "SUBORDER_DONE",
    payload: { subOrderId: 98071, totalSubOrders: 3, errorType: undefined },
    regards: { downloadUrl: LINK, final: false },
  },
  {
    title: "SUBORDER_DONE may carry errors",
    service: "order",
    body: {
      status: "SUBORDER_DONE",
      orderId: 1234,
      correlationId: "c-1",
      message: `A sub-order of user ${USER} is finished with some warnings.`,
      downloadLink: LINK,
      errorType: "INTERNAL_ERROR",
      errors: 2,
      totalSubOrders: 3,
      subOrderId: 98072,
    },
    output: "SUBORDER_DONE",
    payload: { errorType: "INTERNAL_ERROR", errors: 2 },
    regards: { downloadUrl: LINK },
  },
  {
    title: "SUBORDER_DONE of the documentation has a link without a host",
    service: "order",
    body: {
      status: "SUBORDER_DONE",
      orderId: 1234,
      correlationId: "xxx",
      message: `A sub-order of user ${USER} is finished and ready to download`,
      downloadLink: "<host>/api/v1/rs-order/user/orders/1234/download",
      totalSubOrders: 3,
      subOrderId: 2,
    },
    output: "SUBORDER_DONE",
    payload: { downloadLink: "<host>/api/v1/rs-order/user/orders/1234/download" },
    regards: { downloadUrl: undefined },
  },
  {
    title: "DONE has a link",
    service: "order",
    body: {
      status: "DONE",
      orderId: 1234,
      correlationId: "c-1",
      message: `Order of user ${USER} is finished`,
      downloadLink: LINK,
      totalSubOrders: 3,
    },
    output: "DONE",
    regards: { downloadUrl: LINK, final: true },
  },
  {
    title: "DONE of the documentation has no totalSubOrders",
    service: "order",
    body: {
      status: "DONE",
      orderId: 1234,
      correlationId: "xxx",
      message: `Order of user ${USER} is finished`,
      downloadLink: "<host>/api/v1/rs-order/user/orders/1234/download",
    },
    output: "DONE",
    payload: { totalSubOrders: undefined },
  },
  {
    title: "DONE_WITH_WARNING is treated like a FAILED with a link",
    service: "order",
    body: { status: "DONE_WITH_WARNING", orderId: 1234, correlationId: "c-1", downloadLink: LINK },
    output: "FAILED",
    topic: "DONE_WITH_WARNING",
    regards: { downloadUrl: LINK, final: true, status: "DONE_WITH_WARNING" },
  },
  {
    title: "a missing correlation id is taken from the property",
    service: "order",
    body: { status: "GRANTED", orderId: 7 },
    correlationId: "from-property",
    output: "GRANTED",
    regards: { correlationId: "from-property" },
  },
  {
    title: "a correlation id may be missing altogether",
    service: "order",
    body: { status: "GRANTED", orderId: 7, correlationId: null },
    output: "GRANTED",
    regards: { correlationId: null },
  },
];

const submissions: WireCase[] = [
  {
    title: "GRANTED expires, with six fraction digits",
    service: "submission",
    body: {
      correlationId: "l-1",
      responseStatus: "GRANTED",
      productId: "p1",
      expires: "2025-01-24T10:25:52.243578Z",
      session: "john-20250123",
    },
    output: "GRANTED",
    payload: { expires: "2025-01-24T10:25:52.243578Z", session: "john-20250123" },
    regards: { correlationId: "l-1", final: false },
  },
  {
    title: "GRANTED of the documentation has three keys",
    service: "submission",
    body: { correlationId: "xxx", productId: "xxx", responseStatus: "GRANTED" },
    output: "GRANTED",
    payload: { expires: undefined },
  },
  {
    title: "DENIED has quotes and new lines in its message",
    service: "submission",
    body: {
      correlationId: "l-1",
      responseStatus: "DENIED",
      productId: "p1",
      message: 'The datatype "X" was not found in the datatypes configuration.\nPlease make sure.\n',
    },
    output: "DENIED",
    regards: { final: true },
  },
  {
    title: "DENIED of the documentation has an empty message",
    service: "submission",
    body: { correlationId: "xxx", productId: "xxx", responseStatus: "DENIED", message: "" },
    output: "DENIED",
    payload: { message: "" },
  },
  {
    title: "SUCCESS has a date without a fraction and no message",
    service: "submission",
    body: {
      correlationId: "l-1",
      responseStatus: "SUCCESS",
      productId: "p1",
      expires: "2025-01-24T10:25:52Z",
      session: "john-20250123",
    },
    output: "SUCCESS",
    payload: { expires: "2025-01-24T10:25:52Z", message: undefined },
    regards: { final: true },
  },
  {
    title: "SUCCESS of the documentation has three fraction digits and an empty message",
    service: "submission",
    body: {
      correlationId: "xxx",
      productId: "xxx",
      responseStatus: "SUCCESS",
      expires: "2022-12-22T10:25:52.243Z",
      session: "xxx",
      message: "",
    },
    output: "SUCCESS",
  },
  {
    title: "ERROR has a date with one fraction digit and literal backslashes",
    service: "submission",
    body: {
      correlationId: "l-1",
      responseStatus: "ERROR",
      productId: "p1",
      expires: "2025-01-24T10:25:52.2Z",
      session: "john-20250123",
      message: "cause one  \\ncause two  \\n",
    },
    output: "ERROR",
    payload: { message: "cause one  \\ncause two  \\n" },
    regards: { final: true },
  },
  {
    title: "SUCCESS after the request row was deleted has only its correlation id",
    service: "submission",
    body: { correlationId: "l-1", responseStatus: "SUCCESS" },
    output: "SUCCESS",
    payload: { productId: undefined, expires: undefined, session: undefined },
  },
];

const WORKER_HEADERS = {
  "regards.request.id": "r-1",
  "regards.request.owner": "me",
  "regards.request.session": "s-1",
  "regards.request.content_type": "sentinel",
  "regards.worker_id": "extractor",
};

const workers: WireCase[] = [
  {
    title: "GRANTED",
    service: "worker",
    body: {
      state: "GRANTED",
      messages: ["Your request has been successfully registered."],
      requestId: "r-1",
      type: "EXTRACTION",
      requestOwner: "me",
    },
    headers: WORKER_HEADERS,
    output: "GRANTED",
    regards: {
      correlationId: "r-1",
      final: false,
      owner: "me",
      session: "s-1",
      contentType: "sentinel",
      workerId: "extractor",
    },
  },
  {
    title: "DELAYED, with null headers",
    service: "worker",
    body: { state: "DELAYED", messages: [], requestId: "r-1", type: "EXTRACTION" },
    headers: { "regards.request.id": "r-1", "regards.worker_id": null, "regards.request.session": null },
    output: "DELAYED",
    regards: { owner: null, session: null, contentType: null, workerId: null, final: false },
  },
  {
    title: "SUCCESS, JSON in Base64 (with the padding escaped as Gson does)",
    service: "worker",
    body: String.raw`{"state":"SUCCESS","messages":["Your request has been successfully handled by the \u003cw\u003e worker."],"requestId":"r-1","content":"eyJhIjoxfQ\u003d\u003d","type":"EXTRACTION","requestOwner":"me"}`,
    output: "SUCCESS",
    payload: {
      content: { a: 1 },
      messages: ["Your request has been successfully handled by the <w> worker."],
    },
    regards: { final: true },
  },
  {
    title: "SUCCESS, an empty object",
    service: "worker",
    body: { state: "SUCCESS", messages: [], requestId: "r-1", content: "e30=" },
    output: "SUCCESS",
    payload: { content: {} },
  },
  {
    title: "SUCCESS, text in Base64",
    service: "worker",
    body: { state: "SUCCESS", requestId: "r-1", content: Buffer.from("été à Toulouse").toString("base64") },
    output: "SUCCESS",
    payload: { content: "été à Toulouse" },
  },
  {
    title: "SUCCESS, bytes in Base64",
    service: "worker",
    body: { state: "SUCCESS", requestId: "r-1", content: Buffer.from([0xff, 0xd8, 0, 1]).toString("base64") },
    output: "SUCCESS",
    payload: { content: Buffer.from([0xff, 0xd8, 0, 1]) },
  },
  {
    title: "SUCCESS without content, as before 2.0",
    service: "worker",
    body: { state: "SUCCESS", messages: ["done"], requestId: "r-1" },
    output: "SUCCESS",
    payload: { content: undefined },
  },
  {
    title: "SUCCESS, an array of signed bytes",
    service: "worker",
    body: { state: "SUCCESS", requestId: "r-1", content: [123, 34, 97, 34, 58, 49, 125] },
    output: "SUCCESS",
    payload: { content: { a: 1 } },
  },
  {
    title: "SUCCESS, signed bytes that are not text",
    service: "worker",
    body: { state: "SUCCESS", requestId: "r-1", content: [-1, -40, 0, 1] },
    output: "SUCCESS",
    payload: { content: Buffer.from([0xff, 0xd8, 0, 1]) },
  },
  {
    title: "SUCCESS, a string that is not Base64",
    service: "worker",
    body: { state: "SUCCESS", requestId: "r-1", content: "not base64!" },
    output: "SUCCESS",
    payload: { content: "not base64!" },
  },
  {
    title: "SUCCESS, an object",
    service: "worker",
    body: { state: "SUCCESS", requestId: "r-1", content: { a: [1] } },
    output: "SUCCESS",
    payload: { content: { a: [1] } },
  },
  {
    title: "INVALID_CONTENT, with `message` instead of `messages`",
    service: "worker",
    body: { state: "INVALID_CONTENT", message: "no", requestId: "r-1" },
    output: "INVALID_CONTENT",
    payload: { messages: ["no"] },
    regards: { final: true },
  },
  {
    title: "ERROR",
    service: "worker",
    body: {
      state: "ERROR",
      messages: ["Error during processing your request in w worker : Cause : x."],
      requestId: "r-1",
    },
    output: "ERROR",
    regards: { final: true },
  },
  {
    title: "SKIPPED, with the request id in the header only",
    service: "worker",
    body: String.raw`{"state":"SKIPPED","messages":["\u003cregards.request.session\u003e property is missing from request message headers"],"type":"EXTRACTION"}`,
    headers: { "regards.request.id": "r-2" },
    output: "SKIPPED",
    payload: { messages: ["<regards.request.session> property is missing from request message headers"] },
    regards: { correlationId: "r-2", final: true },
  },
];

const unreadable: WireCase[] = [
  ["an unknown status", { status: "PAUSED", orderId: 1 }, "REGARDS_UNKNOWN_STATUS"],
  ["a status in lower case", { status: "granted" }, "REGARDS_UNKNOWN_STATUS"],
  ["a status named like a method of every object", { status: "constructor" }, "REGARDS_UNKNOWN_STATUS"],
  ["no status", { orderId: 1 }, "REGARDS_MISSING_FIELD"],
  ["a status that is no string", { status: { a: 1 } }, "REGARDS_MISSING_FIELD"],
  ["an empty body", "", "REGARDS_BAD_JSON"],
  ["an array", "[]", "REGARDS_BAD_JSON"],
  ["null", "null", "REGARDS_BAD_JSON"],
  ["a string", '"text"', "REGARDS_BAD_JSON"],
  ["the documentation's trailing comma", '{"status":"DENIED","errors":2,}', "REGARDS_BAD_JSON"],
  ["truncated JSON", '{"status":"DEN', "REGARDS_BAD_JSON"],
  ["invalid UTF-8", Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), "REGARDS_BAD_JSON"],
  ["ten thousand levels", `${"[".repeat(10_000)}${"]".repeat(10_000)}`, "REGARDS_TOO_DEEP"],
  ["a __proto__ key", '{"status":"GRANTED","__proto__":{"polluted":true}}', "REGARDS_UNSAFE_KEY"],
  ["ten megabytes", `{"status":"GRANTED","x":"${"x".repeat(10 * 1024 * 1024)}"}`, "REGARDS_TOO_LARGE"],
].map(([title, body, error]) => ({
  title: String(title),
  service: "order",
  body: body as object | string | Buffer,
  output: UNRECOGNISED,
  error: String(error),
}));

/** What rs-notifier makes of an answer where the platform gives each client a queue of its own answers. */
const notifierCopy = (messageType: string, payload: object) => ({
  payload,
  metadata: { recipientId: "node-red", priority: 1, messageType },
});

const MODULES = "fr.cnes.regards.modules";

const copies: WireCase[] = [
  {
    title: "the notifier's copy is unwrapped",
    service: "order",
    body: notifierCopy(`${MODULES}.order.amqp.output.OrderResponseDtoEvent`, {
      ...{ status: "DONE", orderId: 1234, correlationId: "c-1", downloadLink: LINK, errorCode: "X" },
    }),
    output: "DONE",
    payload: { orderId: 1234, errorType: "X", metadata: undefined },
    regards: { correlationId: "c-1", downloadUrl: LINK },
  },
  {
    title: "the notifier's copy is unwrapped",
    service: "submission",
    body: notifierCopy(`${MODULES}.ltamanager.amqp.output.SubmissionResponseDtoEvent`, {
      ...{ responseStatus: "SUCCESS", productId: "p1", correlationId: "l-1" },
    }),
    output: "SUCCESS",
    payload: { productId: "p1", metadata: undefined },
    regards: { correlationId: "l-1" },
  },
  {
    title: "the notifier's copy is unwrapped, and its content decoded",
    service: "worker",
    body: notifierCopy(`${MODULES}.workermanager.amqp.events.out.ResponseEvent`, {
      ...{ state: "SUCCESS", requestId: "r-1", requestOwner: "me", content: "eyJhIjoxfQ==" },
    }),
    output: "SUCCESS",
    payload: { content: { a: 1 }, metadata: undefined },
    regards: { correlationId: "r-1", owner: "me" },
  },
  {
    title: "the notifier's copy of another kind of event is none of its own",
    service: "order",
    body: notifierCopy(`${MODULES}.ltamanager.amqp.output.SubmissionResponseDtoEvent`, { status: "DONE" }),
    output: UNRECOGNISED,
    error: "REGARDS_MISSING_FIELD",
  },
  {
    title: "the notifier's copy of nothing is unrecognised",
    service: "order",
    body: { payload: null, metadata: { messageType: `${MODULES}.order.amqp.output.OrderResponseDtoEvent` } },
    output: UNRECOGNISED,
    error: "REGARDS_MISSING_FIELD",
  },
];

/** The whole table. */
export const wireTable: readonly WireCase[] = [
  ...orders,
  ...submissions,
  ...workers,
  ...copies,
  ...disseminations,
  ...unreadable,
];

/** The row of the services table that a case is about. */
export function serviceOf(wireCase: WireCase): Service {
  const service = services.find(({ name }) => name === wireCase.service);
  assert.ok(service);
  return service;
}

/** The bytes of a case. */
export function bytesOf({ body }: WireCase): Buffer {
  if (Buffer.isBuffer(body)) {
    return body;
  }
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}
