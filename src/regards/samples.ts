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

/** Stands for the tenant in the URNs. */
const TENANT = "<tenant>";
const owned = { sessionOwner: "jane@example.org", session: "jane-20250124" };

/** rs-ingest's AIP; its sizes are `fileSize`. */
const aipUrn = `URN:AIP:DATA:${TENANT}:098f6bcd-4621-4373-8ade-4e832627b4f6:V1`;
const ofIngest = {
  payload: {
    id: 177,
    aipId: aipUrn,
    providerId: "S2A_MSIL1C_20250124",
    version: 1,
    last: true,
    state: "STORED",
    lastUpdate: "2025-01-24T10:25:52.243578Z",
    aip: {
      type: "Feature",
      id: aipUrn,
      providerId: "S2A_MSIL1C_20250124",
      version: 1,
      ipType: "DATA",
      properties: {
        contentInformations: [
          {
            dataObject: {
              regardsDataType: "RAWDATA",
              filename: "S2A_MSIL1C_20250124.zip",
              algorithm: "MD5",
              checksum: "9a964ed3be0e2e2786d82ace9d971e90",
              fileSize: 190_000,
            },
            representationInformation: { syntax: { name: "ZIP", mimeType: "application/zip" } },
          },
        ],
      },
    },
  },
  metadata: owned,
};

/** rs-fem's feature; its sizes are `filesize`. */
const ofFem = {
  payload: {
    type: "Feature",
    id: "SWOT_L2_20250124",
    urn: `URN:FEATURE:DATA:${TENANT}:87fdda0e-27d1-494f-a1c0-c57f2f0810f7:V1`,
    entityType: "DATA",
    model: "SWOT",
    last: true,
    geometry: { type: "Point", coordinates: [1.44, 43.6] },
    files: [
      {
        attributes: {
          dataType: "RAWDATA",
          mimeType: "application/x-netcdf",
          filename: "SWOT_L2_20250124.nc",
          filesize: 250_000,
          algorithm: "MD5",
          checksum: "4e188bd8a6288164c25c3728ce394927",
        },
      },
    ],
    properties: { data_type: "L2" },
  },
  metadata: owned,
};

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
  dissemination: {
    INGEST: ofIngest,
    CREATED: ofFem,
    UPDATE: ofIngest,
    UPDATED: { ...ofFem, metadata: { ...owned, changedAttributes: ["properties.data_type"] } },
    AIP_DISSEMINATION: ofIngest,
    NOTIFIED: ofFem,
    OAIS_DELETION: ofIngest,
    DELETED: ofFem,
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
    body: Buffer.from(JSON.stringify(body).replaceAll(TENANT, () => JSON.stringify(tenant).slice(1, -1))),
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
