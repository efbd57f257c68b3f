/**
 * Dissemination acknowledgements, as rs-ingest and rs-fem accept them. Everything is checked before
 * anything is published: REGARDS answers no acknowledgement, drops one without `regards.type` in silence,
 * and one bad URN can send a whole batch, other people's included, to its dead-letter queue.
 */
import { isBody, text } from "./event";
import { type Keeper, keeperOf, urnOf } from "./product";
import { broadcastExchange } from "./services";

/** Java class of the acknowledgement each of them takes. */
export const EVENT_CLASS: Readonly<Record<Keeper, string>> = {
  ingest: "fr.cnes.regards.modules.ingest.dto.request.event.DisseminationAckEvent",
  fem: "fr.cnes.regards.modules.feature.dto.event.in.DisseminationAckEvent",
};

/** What the entity types of REGARDS are called in a URN; its parser throws on any other. */
const ENTITY_TYPES = ["COLLECTION", "DATA", "DATASET"];

const LONGEST_LABEL = 128;
const LARGEST_LONG = 2n ** 63n - 1n;

/** A refusal found before publishing; the code is stable. */
export class AcknowledgementError extends Error {
  readonly code: "REGARDS_NO_URN" | "REGARDS_BAD_URN" | "REGARDS_URN_TENANT" | "REGARDS_NO_LABEL";

  constructor(code: AcknowledgementError["code"], message: string) {
    super(message);
    this.name = "AcknowledgementError";
    this.code = code;
  }
}

/** What all acknowledgements of a node have in common. */
export interface AcknowledgementRules {
  readonly namespace: string;
  /** The broker node's tenant; undefined accepts the tenant of each URN. */
  readonly tenant: string | undefined;
  readonly target: "auto" | Keeper;
  readonly appId: string;
}

/** One acknowledgement, ready to publish: body `{"urn","recipientLabel"}`, headers of the wire. */
export interface Acknowledgement {
  readonly urn: string;
  readonly keeper: Keeper;
  readonly tenant: string;
  readonly exchange: string;
  readonly content: Buffer;
  readonly properties: {
    readonly contentType: "application/json";
    readonly contentEncoding: "UTF-8";
    readonly priority: 1;
    readonly appId: string;
    readonly headers: Readonly<Record<string, string>>;
  };
}

/**
 * The URNs in whatever a flow has at hand: a string, `{urn}`, a whole notification
 * (`payload.aipId` from rs-ingest, `payload.urn` from rs-fem) or an array of these. Repeats count once.
 * @throws AcknowledgementError REGARDS_NO_URN when there is none or an entry has none
 */
export function urnsIn(value: unknown): string[] {
  const entries = Array.isArray(value) ? value : [value];
  if (entries.length === 0) {
    throw new AcknowledgementError("REGARDS_NO_URN", "The list of URNs to acknowledge is empty.");
  }
  return [...new Set(entries.map(urnIn))];
}

/**
 * Builds the acknowledgement of one product.
 * @throws AcknowledgementError when REGARDS would not accept it
 */
export function acknowledgement(urn: string, label: unknown, rules: AcknowledgementRules): Acknowledgement {
  const recipientLabel = checkedLabel(label);
  const tenant = checkedUrn(urn);
  if (rules.tenant !== undefined && rules.tenant !== tenant) {
    throw new AcknowledgementError(
      "REGARDS_URN_TENANT",
      `${urn} belongs to the tenant "${tenant}", and the broker node names "${rules.tenant}".`,
    );
  }
  const keeper = keeperOf(urn);
  if (keeper === undefined) {
    throw badUrn(
      urn,
      "it is neither an AIP (rs-ingest) nor a FEATURE (rs-fem), and only those are acknowledged",
    );
  }
  if (rules.target !== "auto" && rules.target !== keeper) {
    throw badUrn(urn, `it belongs to rs-${keeper}, and the node's target is rs-${rules.target}`);
  }
  const eventClass = EVENT_CLASS[keeper];
  return {
    urn,
    keeper,
    tenant,
    exchange: broadcastExchange(rules.namespace, eventClass),
    content: Buffer.from(JSON.stringify({ urn, recipientLabel })),
    properties: {
      contentType: "application/json",
      contentEncoding: "UTF-8",
      priority: 1,
      appId: rules.appId,
      headers: {
        "regards.tenant": tenant,
        // rs-ingest and rs-fem have no type of their own for acknowledgements: without it, dropped.
        "regards.type": eventClass,
        "regards.converter": "GSON",
      },
    },
  };
}

function checkedLabel(label: unknown): string {
  const recipientLabel = typeof label === "string" ? label.trim() : "";
  const wrong = (words: string) =>
    new AcknowledgementError("REGARDS_NO_LABEL", `The recipient label ${words}.`);
  if (recipientLabel === "") {
    throw wrong("is empty; it must be the one the REGARDS administrator gave this recipient");
  }
  if (recipientLabel.length > LONGEST_LABEL) {
    throw wrong(`has ${recipientLabel.length} characters; REGARDS keeps at most ${LONGEST_LABEL}`);
  }
  if (/\p{Cc}/u.test(recipientLabel)) {
    throw wrong("holds a control character (a line break, a tab or the like); REGARDS cannot store it");
  }
  return recipientLabel;
}

/**
 * The tenant of a URN, if REGARDS' own parser would read it back as the same text. One that it throws on takes
 * a whole batch down with it; one that it rewrites never equals the product's, and is dropped in silence.
 */
function checkedUrn(urn: string): string {
  const [scheme, , entityType = "", tenant = "", uuid = "", version = "", ...revision] = urn.split(":");
  if (scheme !== "URN" || version === "" || tenant === "" || /\s/.test(urn)) {
    throw badUrn(urn, "a REGARDS URN looks like URN:AIP:DATA:<tenant>:<uuid>:V1");
  }
  if (!ENTITY_TYPES.includes(entityType)) {
    throw badUrn(urn, `its entity type is "${entityType}", and REGARDS knows ${ENTITY_TYPES.join(", ")}`);
  }
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid)) {
    throw badUrn(urn, `"${uuid}" is not a UUID in lower-case letters`);
  }
  checkVersion(urn, version);
  if (revision.length > 1) {
    throw badUrn(urn, "its revision holds a colon, or something follows it");
  }
  const [name] = revision;
  if (name !== undefined && !/^REV.+$/.test(name)) {
    throw badUrn(urn, `"${name}" is not a revision (REV and its name)`);
  }
  return tenant;
}

/** `V1` … `V999` or `LAST`, and perhaps an order: `V1,42`. */
function checkVersion(urn: string, text: string): void {
  const [version = "", order, ...more] = text.split(",");
  if (!/^(?:V[1-9]\d{0,2}|LAST)$/.test(version)) {
    throw badUrn(urn, `its version is "${version}"; it goes from V1 to V999, without leading zeros`);
  }
  if (order === undefined) {
    return;
  }
  if (
    more.length > 0 ||
    !/^(?:0|[1-9]\d*)$/.test(order) ||
    order.length > 19 ||
    BigInt(order) > LARGEST_LONG
  ) {
    throw badUrn(
      urn,
      `its order is "${text.slice(version.length + 1)}"; it is a whole number of at most 63 bits, without leading zeros`,
    );
  }
}

function badUrn(urn: string, words: string): AcknowledgementError {
  const shown = urn.length > 200 ? `${urn.slice(0, 200)}…` : urn;
  return new AcknowledgementError("REGARDS_BAD_URN", `"${shown}" cannot be acknowledged: ${words}.`);
}

function urnIn(entry: unknown): string {
  const found = text(entry) ?? urnInObject(entry);
  if (found === undefined) {
    throw new AcknowledgementError(
      "REGARDS_NO_URN",
      "There is no URN here: give a string, {urn}, a dissemination notification, or an array of these.",
    );
  }
  return found.trim();
}

function urnInObject(entry: unknown): string | undefined {
  if (!isBody(entry)) {
    return undefined;
  }
  return text(entry.urn) ?? (isBody(entry.payload) ? urnOf(entry.payload) : undefined);
}
