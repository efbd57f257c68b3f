/**
 * What rs-ingest and rs-fem send through rs-notifier, in the shapes of REGARDS 1.12 to 2.3: rows of the wire table.
 * Data only.
 */
import type { WireCase } from "./wire-table";

const ORDER_RESPONSE = "fr.cnes.regards.modules.order.amqp.output.OrderResponseDtoEvent";

const AIP = "URN:AIP:DATA:project1:098f6bcd-4621-3373-8ade-4e832627b4f6:V2";
const FEATURE = "URN:FEATURE:DATA:project1:87fdda0e-27d1-494f-a1c0-c57f2f0810f7:V3";

const dataObject = {
  ...{ regardsDataType: "RAWDATA", filename: "data-1.dat", algorithm: "MD5" },
  ...{ checksum: "9a964ed3be0e2e2786d82ace9d971e90", fileSize: 190 },
  locations: [{ storage: "Local", url: "file:///regards-store/proj1/data-1.dat" }],
};

const aipPayload = {
  id: 177,
  aipId: AIP,
  state: "STORED",
  aip: {
    ...{ type: "Feature", id: AIP, providerId: "Product001", version: 2, ipType: "DATA" },
    sipId: "URN:SIP:DATA:project1:098f6bcd-4621-3373-8ade-4e832627b4f6:V2",
    properties: {
      contentInformations: [
        {
          dataObject,
          representationInformation: { syntax: { name: "DAT", mimeType: "application/octet-stream" } },
        },
        // The documentation's sample has neither a size nor a type.
        { dataObject: { regardsDataType: "QUICKLOOK_SD", filename: "ql.png" } },
      ],
    },
  },
  ...{ last: true, providerId: "Product001", version: 2, categories: ["a"], tags: ["TAG_001"] },
  lastUpdate: "2024-06-14T11:03:09.826293Z",
};

const featurePayload = {
  ...{ type: "Feature", id: "MyId", urn: FEATURE, entityType: "DATA", model: "FEATURE01", last: true },
  files: [
    {
      locations: [{ storage: "Local", url: "file:///regards-store/proj1/f.xml" }],
      attributes: {
        ...{ dataType: "RAWDATA", mimeType: "application/xml", filename: "f.xml", filesize: 100 },
        ...{ algorithm: "MD5", checksum: "4e188bd8a6288164c25c3728ce394927", crc32: "x" },
      },
    },
  ],
  properties: { data_type: "TYPE01" },
};

const aip = (action: unknown, payload: object = aipPayload) => ({
  payload,
  metadata: { action, sessionOwner: "owner", session: "S1" },
});
const feature = (action: string, metadata = {}) => ({
  payload: featurePayload,
  metadata: { action, sessionOwner: "owner", session: "S1", ...metadata },
});

const AIP_FILES = [
  {
    ...{ name: "data-1.dat", size: 190, checksum: dataObject.checksum, algorithm: "MD5" },
    ...{ dataType: "RAWDATA", mimeType: "application/octet-stream" },
  },
  {
    ...{ name: "ql.png", size: null, checksum: null, algorithm: null },
    ...{ dataType: "QUICKLOOK_SD", mimeType: null },
  },
];
const ofAip = { urn: AIP, keeper: "ingest", productId: "Product001", version: 2, files: AIP_FILES };
const ofFeature = {
  ...{ urn: FEATURE, keeper: "fem", productId: "MyId", version: 3 },
  files: [
    {
      ...{ name: "f.xml", size: 100, checksum: "4e188bd8a6288164c25c3728ce394927", algorithm: "MD5" },
      ...{ dataType: "RAWDATA", mimeType: "application/xml" },
    },
  ],
};

const disseminated = (
  title: string,
  action: string,
  output: string,
  body: object,
  regards: Readonly<Record<string, unknown>>,
): WireCase => ({ title, service: "dissemination", body, output, topic: action, regards });

export const disseminations: WireCase[] = [
  ...(
    [
      ["INGEST", "new", false],
      ["UPDATE", "changed", false],
      ["AIP_DISSEMINATION", "disseminated", false],
      ["OAIS_DELETION", "deleted", true],
    ] as const
  ).map(([action, output, final]) =>
    disseminated(`${action} of rs-ingest is ${output}`, action, output, aip(action), {
      ...{ ...ofAip, final, correlationId: null, status: action },
    }),
  ),
  ...(
    [
      ["CREATED", "new", false],
      ["COPY", "new", false],
      ["UPDATED", "changed", false],
      ["NOTIFIED", "disseminated", false],
      ["DELETED", "deleted", true],
      ["ALREADY_DELETED", "deleted", true],
    ] as const
  ).map(([action, output, final]) =>
    disseminated(`${action} of rs-fem is ${output}`, action, output, feature(action), {
      ...ofFeature,
      final,
    }),
  ),
  {
    ...disseminated("the payload is the whole notification", "INGEST", "new", aip("INGEST"), {}),
    payload: aip("INGEST"),
  },
  {
    ...disseminated(
      "an update of 2.2 names what has changed",
      "UPDATED",
      "changed",
      feature("UPDATED", { changedAttributes: ["properties.data_type"] }),
      ofFeature,
    ),
    payload: feature("UPDATED", { changedAttributes: ["properties.data_type"] }),
  },
  disseminated(
    "an AIP of 2.3 has one category, and may have its SIP and earlier disseminations in it",
    "INGEST",
    "new",
    aip("INGEST", {
      ...aipPayload,
      categories: undefined,
      category: "a",
      sip: { id: "other", aipId: "x", files: [{ attributes: { filename: "y" } }] },
      disseminationInfos: [{ label: "external-system-1", date: "2024-06-14T11:03:09Z" }],
      originUrn: "URN:AIP:DATA:elsewhere:00000000-0000-4000-8000-000000000000:V1",
    }),
    ofAip,
  ),
  disseminated(
    "an AIP without files, and its id in the AIP only",
    "INGEST",
    "new",
    aip("INGEST", { aip: { id: AIP, providerId: "Product001" } }),
    { ...ofAip, version: 2, files: [] },
  ),
  disseminated(
    "a product that says nothing of itself",
    "UPDATED",
    "changed",
    { payload: null, metadata: { action: "UPDATED" } },
    { urn: null, keeper: null, productId: null, version: null, files: [] },
  ),
  disseminated(
    "a product with everything of another type than it should be",
    "UPDATED",
    "changed",
    aip("UPDATED", {
      ...{
        urn: 7,
        id: {},
        version: "1",
        files: [null, 1, { attributes: [] }, { attributes: { filesize: -1 } }],
      },
      aip: { version: 1.5, providerId: [], properties: { contentInformations: { a: 1 } } },
    }),
    {
      ...{ urn: null, keeper: null, productId: null, version: null },
      files: [0, 1].map(() => ({
        ...{ name: null, size: null, checksum: null, algorithm: null, dataType: null, mimeType: null },
      })),
    },
  ),
  ...[
    ["an unknown action", aip("MOVED"), "REGARDS_UNKNOWN_STATUS"],
    ["an action named like an output", aip("new"), "REGARDS_UNKNOWN_STATUS"],
    ["no action", aip(undefined), "REGARDS_MISSING_FIELD"],
    ["no metadata, as a worker's request has none", featurePayload, "REGARDS_MISSING_FIELD"],
    ["metadata that are a string", { payload: aipPayload, metadata: "INGEST" }, "REGARDS_MISSING_FIELD"],
    [
      "an answer that rs-notifier copies",
      { payload: { status: "DONE" }, metadata: { messageType: ORDER_RESPONSE } },
      "REGARDS_MISSING_FIELD",
    ],
  ].map(
    ([title, body, error]): WireCase => ({
      title: String(title),
      service: "dissemination",
      body: body as object,
      output: "unrecognised",
      error: String(error),
    }),
  ),
];
