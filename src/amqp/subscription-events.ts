/** What a subscription is given, and what it tells. Types only. */
import type { BackoffLimits } from "./backoff";
import type { Delivery } from "./delivery";
import type { Fault } from "./fault";
import type { QueuePlan } from "./queue";
import type { Finding } from "./read-queue";
import type { Told } from "./told";

/** What a subscription is doing; `waiting` says for what, and when it tries again (on our `clock`). */
export type SubscriptionState =
  | { readonly phase: "idle" }
  | { readonly phase: "preparing" }
  | { readonly phase: "consuming" }
  /** Told to take nothing for a while. */
  | { readonly phase: "paused" }
  /** Consuming what is there, but the binding to the exchange is missing. */
  | { readonly phase: "unbound"; readonly fault: Fault; readonly retryAt: number }
  | { readonly phase: "waiting"; readonly fault: Fault; readonly retryAt: number };

/** Milliseconds. */
export interface SubscriptionTiming {
  readonly answer: number;
  readonly backoff: BackoffLimits;
  /** How often the binding is looked after: an exchange can be deleted without a word to its consumers. */
  readonly upkeep: number;
}

export interface SubscriptionOptions {
  readonly queue: QueuePlan;
  /** How many deliveries may be unsettled at once; 1…65535. */
  readonly prefetch: number;
  readonly timing?: Partial<SubscriptionTiming>;
}

/** Who is told; all are called synchronously and must not throw. */
export interface SubscriptionEvents {
  delivered(delivery: Delivery): void;
  /**
   * The broker may give these out again: their channel is gone, or (they are open still) their queue moved or
   * was deleted. `told` are the last verdicts, which may not have arrived.
   */
  lost(deliveries: readonly Delivery[], told: readonly Told[]): void;
  changed(state: SubscriptionState): void;
  found(finding: Finding): void;
  /** Something threw where nothing should. */
  surprised(error: unknown): void;
}
