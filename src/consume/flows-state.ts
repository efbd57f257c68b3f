/** Whether the flows run to which events would go; the seam to Node-RED knows. Types only. */

/** Why they do not, when that is more than a deploy of a moment. */
export type PauseCause = "missing-type" | "stopped" | "safe-mode";

export interface FlowsState {
  /** False from the moment the first node is stopped until all of them run. */
  readonly isRunning: boolean;
  /** True while a deploy stops all flows, not only those that were changed. */
  readonly isFullStop: boolean;
  /** Set once the flows have not run for some seconds. */
  readonly pausedBy: PauseCause | undefined;
  /** Calls back when any of these changes; returns how to stop. */
  onChange(listener: () => void): () => void;
}
