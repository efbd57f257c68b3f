/** How an out-node publishes, as the seam has read it from its definition. Types only. */

/** The settings of a `regards-ack-out`. */
export interface AckOutSettings {
  readonly urn: string;
  readonly urnType: string;
  readonly recipientLabel: string;
  readonly recipientLabelType: string;
  readonly target: "auto" | "ingest" | "fem";
  readonly outboxLimit: number;
}
