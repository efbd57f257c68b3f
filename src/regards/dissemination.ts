/**
 * Disseminations (rs-notifier's RabbitMQSender): a product of rs-ingest or a feature of rs-fem, `{payload, metadata}`.
 * The two write the same things under other names; what a flow needs is found in both. Enters: a notification. Leaves:
 * what it adds to `msg.regards`. It knows nothing of acknowledgements.
 */
import { createHash } from "node:crypto";
import { type Body, isBody, text, valueAt } from "./event";
import { keeperOf, urnOf } from "./product";

/** A file of a product; null where the product does not say. */
interface ProductFile {
  readonly name: string | null;
  readonly size: number | null;
  readonly checksum: string | null;
  readonly algorithm: string | null;
  readonly dataType: string | null;
  readonly mimeType: string | null;
}

/** What a dissemination adds to `msg.regards`. */
export function disseminationDetails(body: Body, tenant: unknown): Body {
  const product = isBody(body.payload) ? body.payload : {};
  const urn = urnOf(product);
  return {
    urn: urn ?? null,
    keeper: (urn === undefined ? undefined : keeperOf(urn)) ?? null,
    // The id that rs-ingest gives an AIP is the number of a row in its database.
    productId:
      text(valueAt(product, "aip.providerId")) ?? text(product.providerId) ?? text(product.id) ?? null,
    version: whole(valueAt(product, "aip.version")) ?? whole(product.version) ?? versionIn(urn) ?? null,
    files: [...aipFiles(product), ...featureFiles(product)],
    notificationId: notificationId(body, tenant),
  };
}

function aipFiles(product: Body): ProductFile[] {
  return bodiesIn(valueAt(product, "aip.properties.contentInformations")).map((information) => {
    const mimeType = valueAt(information, "representationInformation.syntax.mimeType");
    return fileOf(information.dataObject, mimeType);
  });
}

function featureFiles({ files }: Body): ProductFile[] {
  return bodiesIn(files).map(({ attributes }) => fileOf(attributes, valueAt(attributes, "mimeType")));
}

function fileOf(described: unknown, mimeType: unknown): ProductFile {
  const file = isBody(described) ? described : {};
  return {
    name: text(file.filename) ?? null,
    size: whole(file.fileSize) ?? whole(file.filesize) ?? null,
    checksum: text(file.checksum) ?? null,
    algorithm: text(file.algorithm) ?? null,
    dataType: text(file.regardsDataType) ?? text(file.dataType) ?? null,
    mimeType: text(mimeType) ?? null,
  };
}

function bodiesIn(value: unknown): Body[] {
  return Array.isArray(value) ? value.filter(isBody) : [];
}

function whole(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** A feature says its version in its URN only: `URN:FEATURE:DATA:<tenant>:<uuid>:V1`. */
function versionIn(urn: string | undefined): number | undefined {
  const [, digits] = /^V(\d{1,3})(?:,|$)/.exec(urn?.split(":")[5] ?? "") ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * The same for a notification that rs-notifier sends again: it has no id of its own, but its content is the same then.
 * The order of keys is not: between two tries it is read back from the database.
 */
function notificationId(body: Body, tenant: unknown): string {
  const content = JSON.stringify([text(tenant) ?? null, sorted(body)]);
  return createHash("sha256").update(content).digest("hex").slice(0, 32);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (!isBody(value)) {
    return value;
  }
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}
