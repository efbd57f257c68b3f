/**
 * Submissions of products, as rs-lta-manager accepts them. Enters: what a flow asks for. Leaves: one publication, or
 * a refusal that names the field. REGARDS 2.0 drops in silence nearly everything its validation does not like.
 */
import type { Body } from "./event";
import { geometryFault } from "./geometry";
import { type Asked, type Publication, RequestError } from "./publication";
import {
  jsonObject,
  plainObject,
  readable,
  requestBody,
  requestCorrelationId,
  requestTenant,
  requestText,
} from "./request-fields";
import { broadcastExchange } from "./services";
import type { RegardsSystem } from "./system";

/** Java class of the request. */
export const EVENT_CLASS = "fr.cnes.regards.modules.ltamanager.amqp.input.SubmissionRequestDtoEvent";

const FILE_TYPES = [
  ...["ZIP", "RAWDATA", "QUICKLOOK_SD", "QUICKLOOK_MD", "QUICKLOOK_HD"],
  ...["DOCUMENT", "THUMBNAIL", "OTHER", "AIP", "DESCRIPTION"],
];

/** So many characters REGARDS keeps of an owner and of a session. */
const LONGEST_NAME = 128;

/** A short string of AMQP has so many bytes. */
const LONGEST_APP_ID = 255;

/** @throws RequestError when REGARDS would not answer it */
export function submissionRequest(asked: Asked, system: RegardsSystem): Publication[] {
  const tenant = requestTenant(system);
  const body = checkedBody(asked);
  return [
    {
      key: body.correlationId,
      service: "submission",
      tenant,
      exchange: broadcastExchange(system.namespace, EVENT_CLASS),
      content: requestBody(body, "msg.payload"),
      properties: {
        contentType: "application/json",
        contentEncoding: "UTF-8",
        priority: 1,
        // rs-notifier can be told to copy a client's answers to it by this name.
        appId: isBlank(asked.values.appId)
          ? system.appId
          : requestText(asked.values.appId, "appId", LONGEST_APP_ID),
        correlationId: body.correlationId,
        headers: {
          "regards.tenant": tenant,
          "regards.request.owner": requestText(asked.values.owner, "owner", LONGEST_NAME),
        },
      },
    },
  ];
}

/** The correlation id of the dialog, or the body's, or the one that was made. */
export function submissionCorrelationId({ values, payload, correlationId }: Asked): string {
  const { correlationId: inBody } = plainObject(payload, "msg.payload");
  const given = isBlank(values.correlationId) ? inBody : values.correlationId;
  return requestCorrelationId({ values: { correlationId: given }, payload, correlationId });
}

/** What submissions add to `msg.regards`, refused ones too, as far as they can be read. */
export function submissionDetails(asked: Asked): Body {
  const field = (name: string, longest?: number) =>
    readable(() => requestText(bodyOf(asked)[name], name, longest));
  return {
    correlationId: readable(() => submissionCorrelationId(asked)),
    owner: readable(() => requestText(asked.values.owner, "owner", LONGEST_NAME)),
    session: field("session", LONGEST_NAME),
    productId: field("productId"),
    datatype: field("datatype"),
  };
}

/** The payload, with the session of the dialog where there is one. */
function bodyOf({ values: { session }, payload }: Asked): Body {
  const body = plainObject(payload, "msg.payload");
  return isBlank(session) ? body : { ...body, session };
}

function checkedBody(asked: Asked): Body & { readonly correlationId: string } {
  const body = jsonObject(bodyOf(asked), "msg.payload");
  const { productId, datatype, files, session, storePath, geometry, replaceMode, tags, properties } = body;
  if (!Array.isArray(files) || files.length === 0) {
    throw wrong("files", "must be an array of at least one file");
  }
  if (!isAbsent(storePath) && !(typeof storePath === "string" && /^[\w/\-:]{1,255}$/.test(storePath))) {
    throw wrong(
      "storePath",
      "may hold letters, digits, / - _ and :, 1 to 255 of them; leave it out for REGARDS' own",
    );
  }
  if (!isAbsent(replaceMode) && typeof replaceMode !== "boolean") {
    throw wrong("replaceMode", `is ${JSON.stringify(replaceMode)}; it must be true or false`);
  }
  if (!isAbsent(tags) && !(Array.isArray(tags) && tags.every((tag) => typeof tag === "string"))) {
    throw wrong("tags", "must be an array of texts");
  }
  if (!isAbsent(properties)) {
    plainObject(properties, "msg.payload.properties");
  }
  const fault = isAbsent(geometry) ? undefined : geometryFault(geometry, "msg.payload.geometry");
  if (fault !== undefined) {
    throw new RequestError("REGARDS_BAD_FIELD", `${fault}.`);
  }
  return {
    ...body,
    correlationId: submissionCorrelationId(asked),
    productId: requestText(productId, "msg.payload.productId"),
    datatype: requestText(datatype, "msg.payload.datatype"),
    ...(isAbsent(session) ? {} : { session: requestText(session, "session", LONGEST_NAME) }),
    files: files.map(checkedFile),
  };
}

function checkedFile(value: unknown, index: number): Body {
  const place = `files[${index}]`;
  const file = plainObject(value, `msg.payload.${place}`);
  const of = (name: string) => requestText(file[name], `msg.payload.${place}.${name}`);
  const checked = {
    type: of("type"),
    url: of("url"),
    filename: of("filename"),
    checksumMd5: of("checksumMd5"),
    mimeType: of("mimeType"),
  };
  const { type, url, checksumMd5, mimeType } = checked;
  if (!FILE_TYPES.includes(type)) {
    throw wrong(`${place}.type`, `is "${type}"; it must be one of ${FILE_TYPES.join(", ")}`);
  }
  if (!/^(?:https?|file):\S+$/.test(url) || !URL.canParse(url)) {
    throw wrong(`${place}.url`, `is "${url}"; it must be an address that begins with http:, https: or file:`);
  }
  if (!/^[0-9a-f]{32}$/i.test(checksumMd5)) {
    throw wrong(`${place}.checksumMd5`, `is "${checksumMd5}"; it must be 32 hexadecimal digits`);
  }
  if (!/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;.*)?$/.test(mimeType)) {
    throw wrong(`${place}.mimeType`, `is "${mimeType}"; it must be of the form type/subtype`);
  }
  return { ...file, ...checked };
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

function isBlank(value: unknown): boolean {
  return isAbsent(value) || value === "";
}

function wrong(field: string, words: string): RequestError {
  return new RequestError("REGARDS_BAD_FIELD", `msg.payload.${field} ${words}.`);
}
