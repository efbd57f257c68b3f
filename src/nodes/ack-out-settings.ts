/**
 * The settings of an acknowledging node. Enters: its definition. Leaves: where in a message the URNs and the label
 * are, who keeps the products, and how much may wait for the broker.
 */
import type { AckOutSettings } from "../publish/settings";
import { choice, type Definition, refuseUnset, text, whole } from "./settings";

const PROPERTIES = "urn urnType recipientLabel recipientLabelType target outboxLimit".split(" ");

/** @throws SettingsError */
export function ackOutSettings(definition: Definition): AckOutSettings {
  refuseUnset(definition, PROPERTIES);
  return {
    urn: text(definition, "urn", "payload"),
    urnType: text(definition, "urnType", "msg"),
    recipientLabel: text(definition, "recipientLabel", ""),
    recipientLabelType: text(definition, "recipientLabelType", "str"),
    target: choice(definition, "target", ["auto", "ingest", "fem"]),
    outboxLimit: whole(definition, "outboxLimit", 1_000, 1, 1_000_000),
  };
}
