/**
 * Dissemination acknowledgements, as rs-ingest and rs-fem accept them. Everything is checked before
 * anything is published: REGARDS answers no acknowledgement, drops one without `regards.type` in silence,
 * and one bad URN can send a whole batch, other people's included, to its dead-letter queue.
 */
import { type Body, text } from "./event";
import { broadcastExchange } from "./services";

/** Who keeps the product: rs-ingest (OAIS, AIP) or rs-fem (GeoJSON features). */
export type Keeper = "ingest" | "fem";

/** Java class of the acknowledgement each of them takes. */
export const EVENT_CLASS: Readonly<Record<Keeper, string>> = {
  ingest: "fr.cnes.regards.modules.ingest.dto.request.event.DisseminationAckEvent",
  fem: "fr.cnes.regards.modules.feature.dto.event.in.DisseminationAckEvent",
};

const KEEPER_OF: ReadonlyMap<string, Keeper> = new Map([
  ["AIP", "ingest"],
  ["FEATURE", "fem"],
]);

/** UniformResourceName.URN_PATTERN of REGARDS, with the part that REGARDS parses as a UUID checked too. */
const URN =
  /^URN:([^:\s]+):[^:\s]+:([^:\s]+):[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}:(?:V\d{1,3}|LAST)(?:,\d+)?(?::REV\S+)?$/;

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
  const recipientLabel = typeof label === "string" ? label.trim() : "";
  if (recipientLabel === "") {
    throw new AcknowledgementError(
      "REGARDS_NO_LABEL",
      "The recipient label is empty; it must be the one the REGARDS administrator gave this recipient.",
    );
  }
  const [, kind = "", tenant = ""] = URN.exec(urn) ?? [];
  if (tenant === "") {
    throw new AcknowledgementError(
      "REGARDS_BAD_URN",
      `"${urn.slice(0, 200)}" is not a REGARDS URN (URN:AIP:DATA:<tenant>:<uuid>:V1).`,
    );
  }
  if (rules.tenant !== undefined && rules.tenant !== tenant) {
    throw new AcknowledgementError(
      "REGARDS_URN_TENANT",
      `${urn} belongs to the tenant "${tenant}", and the broker node names "${rules.tenant}".`,
    );
  }
  const known = KEEPER_OF.get(kind);
  const keeper = rules.target === "auto" ? known : rules.target;
  if (keeper === undefined) {
    throw new AcknowledgementError(
      "REGARDS_BAD_URN",
      `${urn} is neither an AIP (rs-ingest) nor a FEATURE (rs-fem); choose the target in the node.`,
    );
  }
  if (known !== undefined && known !== keeper) {
    throw new AcknowledgementError(
      "REGARDS_BAD_URN",
      `${urn} belongs to rs-${known}, and the node's target is rs-${keeper}.`,
    );
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
  if (typeof entry !== "object" || entry === null) {
    return undefined;
  }
  const { urn, payload } = entry as Body;
  const product = typeof payload === "object" && payload !== null ? (payload as Body) : {};
  return text(urn) ?? text(product.aipId) ?? text(product.urn);
}
