/** What rs-lta-manager checks in a submission request before it answers anything (SubmissionRequestDto). */
import { type Body, Dropped, isBody, text } from "./intake";

/** A request that passed bean validation. */
export interface SubmissionRequest {
  readonly correlationId: string;
  readonly productId: string;
  readonly datatype: string;
  readonly session: string | undefined;
  readonly urls: readonly string[];
}

const FILE_TYPES = [
  ...["ZIP", "RAWDATA", "QUICKLOOK_SD", "QUICKLOOK_MD", "QUICKLOOK_HD"],
  ...["DOCUMENT", "THUMBNAIL", "OTHER", "AIP", "DESCRIPTION"],
];
const URL_SHAPE = /^(http|file).*/;
const MD5_SHAPE = /^[0-9a-fA-F]{32}$/;
const MIME_SHAPE = /^[\w.+-]+\/[\w.+-]+/;
const GEOMETRY_TYPES = [
  ...["Point", "MultiPoint", "LineString", "MultiLineString"],
  ...["Polygon", "MultiPolygon", "GeometryCollection"],
];
const STORE_PATH_SHAPE = /^[\w/\-_:]*$/;

/** Reads a request; throws `Dropped` where REGARDS 2.0 stays silent. */
export function readSubmission(body: Body): SubmissionRequest {
  const files = Array.isArray(body.files) ? body.files : [];
  if (files.length === 0) throw new Dropped("invalid", "a submission needs a file");
  checkShapes(body);
  const storePath = optional(body, "storePath", 255);
  if (storePath !== undefined && !STORE_PATH_SHAPE.test(storePath)) throw new Dropped("invalid", "storePath");
  return {
    correlationId: required(body, "correlationId"),
    productId: required(body, "productId"),
    datatype: required(body, "datatype"),
    session: optional(body, "session", 128),
    urls: files.map((file: unknown) => urlOf(file)),
  };
}

/** Why ingest cannot archive a product: a file on a host that never exists (`.invalid`), else undefined. */
export function ingestError(urls: readonly string[]): string | undefined {
  const errors = urls
    .filter((url) => URL.canParse(url) && new URL(url).hostname.endsWith(".invalid"))
    // rs-lta-manager ends every error with two spaces and a backslash followed by an n.
    .map((url) => `Unable to access file ${url}  \\n`);
  return errors.length > 0 ? errors.join("") : undefined;
}

/** What Jackson cannot make of the JSON is a conversion error. */
function checkShapes({ geometry, properties, tags, replaceMode }: Body): void {
  const isGeometry = !geometry || (isBody(geometry) && GEOMETRY_TYPES.includes(String(geometry.type)));
  const isFree = !properties || isBody(properties);
  const isList = !tags || Array.isArray(tags);
  const isSaid = replaceMode === undefined || replaceMode === null || typeof replaceMode === "boolean";
  if (!isGeometry || !isFree || !isList || !isSaid)
    throw new Dropped("unreadable", "a field of another type");
}

function urlOf(file: unknown): string {
  if (!isBody(file)) throw new Dropped("invalid", "a file that is not an object");
  if (!FILE_TYPES.includes(required(file, "type"))) throw new Dropped("invalid", `type ${file.type}`);
  const url = required(file, "url");
  if (!URL_SHAPE.test(url) || /\s/.test(url)) throw new Dropped("invalid", `url ${url}`);
  if (!MD5_SHAPE.test(required(file, "checksumMd5"))) throw new Dropped("invalid", "checksumMd5");
  required(file, "filename");
  if (!MIME_SHAPE.test(required(file, "mimeType"))) throw new Dropped("invalid", "mimeType");
  return url;
}

function required(body: Body, field: string): string {
  const value = text(body[field]);
  if (value === undefined || value.trim() === "" || value.length > 255) throw new Dropped("invalid", field);
  return value;
}

/** An empty string is not null to REGARDS: it is used as it is. */
function optional(body: Body, field: string, length: number): string | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string" || value.length > length) throw new Dropped("invalid", field);
  return value;
}
