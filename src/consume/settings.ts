/** How an in-node consumes, as the seam has read it from its definition. Types only. */
import type { QueuePlan } from "../amqp/queue";

/** The settings all in-nodes share. */
export interface ConsumerSettings {
  readonly queue: QueuePlan;
  readonly correlation: (correlationId: string | undefined) => boolean;
  /** True when any correlation id will do, an absent one included. */
  readonly anyCorrelation: boolean;
  readonly owner: string | undefined;
  readonly contentType: string | undefined;
  readonly maxInFlight: number;
  readonly settle: "finished" | "handed" | "manual";
  readonly attempts: number;
  /** Milliseconds. */
  readonly retryDelay: number;
  /** Node types whose end is not waited for. */
  readonly notWaitedFor: ReadonlySet<string>;
  /** Milliseconds. */
  readonly deadline: number;
}
