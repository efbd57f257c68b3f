/**
 * Events to try a flow with while no REGARDS is there: for each status what REGARDS 2.0 sends, the four shapes
 * of FAILED among them. Pure; they are decoded like any other.
 */
import { type Body, type Incoming, isBody } from "./event";
import type { Service } from "./services";

type Bodies = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const orderBasis = { orderId: 1234, correlationId: "sample-order-1" };
const downloadLink = "https://regards.example.org/api/v1/rs-order/user/orders/1234/download";
const subOrder = { ...orderBasis, downloadLink, totalSubOrders: 3, subOrderId: 98071 };
const ofUser = "of user jane@example.org is finished";

const submissionBasis = { correlationId: "sample-submission-1", productId: "S2A_MSIL1C_20250124" };
const inSession = { ...submissionBasis, expires: "2025-01-25T10:25:52.243578Z", session: "jane-20250124" };

const workerBasis = { requestId: "sample-request-1", type: "EXTRACTION", requestOwner: "jane@example.org" };

/** By status, and a word for the case where a status comes in several shapes. */
const BODIES: Readonly<Record<Service["name"], Bodies>> = {
  order: {
    GRANTED: orderBasis,
    SUBORDER_DONE: { ...subOrder, message: `A sub-order ${ofUser} and ready to download.` },
    "SUBORDER_DONE errors": {
      ...subOrder,
      message: `A sub-order ${ofUser} with some warnings.`,
      errorType: "INTERNAL_ERROR",
      errors: 2,
    },
    DONE: { ...orderBasis, message: `Order ${ofUser}`, downloadLink, totalSubOrders: 3 },
    "FAILED uncreated": {
      correlationId: orderBasis.correlationId,
      message: "EmptySelectionException: This selection contains no file that can be ordered",
      errorType: "EMPTY_ORDER",
    },
    "FAILED nothing": {
      ...orderBasis,
      message: `Order ${ofUser} with errors. One or many files could not be retrieved.`,
      errorType: "INTERNAL_ERROR",
      errors: 5,
      totalSubOrders: 1,
    },
    "FAILED partial": {
      ...orderBasis,
      message: `Order ${ofUser} with some warnings.`,
      downloadLink,
      errorType: "INTERNAL_ERROR",
      errors: 2,
      totalSubOrders: 3,
    },
    "FAILED empty": {
      ...orderBasis,
      message: `Order ${ofUser} with some warnings.`,
      downloadLink,
      errorType: "INTERNAL_ERROR",
      totalSubOrders: 0,
    },
    DENIED: {
      correlationId: orderBasis.correlationId,
      message: "[FORBIDDEN] Unknown user : jane@example.org at user: rejected value [null].",
      errorType: "FORBIDDEN",
      errors: 1,
    },
  },
  submission: {
    GRANTED: inSession,
    SUCCESS: inSession,
    ERROR: { ...inSession, message: "The file could not be stored  \\nIts checksum does not match  \\n" },
    DENIED: {
      ...submissionBasis,
      message: 'The datatype "X" was not found in the datatypes configuration.\n',
    },
  },
  worker: {
    GRANTED: { ...workerBasis, messages: ["Your request has been successfully registered."] },
    DELAYED: {
      ...workerBasis,
      messages: [
        "Your request has been delayed as no worker is currently matching content type image-processing.",
      ],
    },
    SUCCESS: {
      ...workerBasis,
      messages: ["Your request has been successfully handled by the thumbnail worker."],
      // {"cloudCover":12.5}
      content: "eyJjbG91ZENvdmVyIjoxMi41fQ==",
    },
    INVALID_CONTENT: {
      ...workerBasis,
      messages: ["Your request is not valid (invalidated by the matching worker thumbnail). No product."],
    },
    ERROR: {
      ...workerBasis,
      messages: ["Error during processing your request in thumbnail worker : Cause : No space left."],
    },
    SKIPPED: {
      ...workerBasis,
      messages: ["<regards.request.session> property is missing from request message headers"],
    },
  },
};

/** The status no REGARDS knows, for the last output. */
const UNKNOWN = "unrecognised";

/** What the samples of a service are called, in the order of its outputs. */
export function sampleNames({ name }: Service): string[] {
  return [...Object.keys(BODIES[name]), UNKNOWN];
}

/** What REGARDS would send; undefined where there is no sample of that name. */
export function sampleEvent(service: Service, name: string, tenant: string): Incoming | undefined {
  if (!sampleNames(service).includes(name)) {
    return undefined;
  }
  const [status = ""] = name.split(" ");
  const body = withStatus(service.statusField.split("."), status, BODIES[service.name][name]);
  const { correlationId } = body;
  return {
    body: Buffer.from(JSON.stringify(body)),
    headers: {
      "regards.tenant": tenant,
      "regards.type": service.eventClass,
      "regards.converter": "GSON",
      ...(service.name === "worker" ? workerHeaders(status) : {}),
    },
    correlationId: typeof correlationId === "string" ? correlationId : undefined,
  };
}

/** A body with the status where its service has it. */
function withStatus([key = "", ...deeper]: readonly string[], status: string, body: unknown): Body {
  const fields = isBody(body) ? body : {};
  return deeper.length === 0
    ? { [key]: status, ...fields }
    : { ...fields, [key]: withStatus(deeper, status, fields[key]) };
}

function workerHeaders(status: string): Record<string, string | null> {
  return {
    "regards.request.id": workerBasis.requestId,
    "regards.request.owner": workerBasis.requestOwner,
    "regards.request.session": status === "SKIPPED" ? null : "jane-20250124",
    "regards.request.content_type": "image-processing",
    "regards.worker_id": status === "SKIPPED" || status === "DELAYED" ? null : "thumbnail",
  };
}
