/**
 * A product as rs-ingest (an AIP) or rs-fem (a feature) writes it: where its URN is, and who keeps it. Enters: a
 * product's JSON, or a URN. Leaves: what is found in it.
 */
import { type Body, text, valueAt } from "./event";

/** Who keeps the product: rs-ingest (OAIS, AIP) or rs-fem (GeoJSON features). */
export type Keeper = "ingest" | "fem";

const KEEPER_OF: ReadonlyMap<string, Keeper> = new Map([
  ["AIP", "ingest"],
  ["FEATURE", "fem"],
]);

/** The URN to acknowledge a product by; `originUrn` is another catalogue's and never meant. */
export function urnOf(product: Body): string | undefined {
  return text(product.aipId) ?? text(product.urn) ?? text(valueAt(product, "aip.id"));
}

/** Told by the identifier of a URN; undefined for any other. */
export function keeperOf(urn: string): Keeper | undefined {
  return KEEPER_OF.get(urn.split(":")[1] ?? "");
}
