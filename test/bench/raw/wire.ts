/** What the bench asks of the raw client's process. */
import type { Figures } from "../tally";

/** Consume so many messages as an amqplib tutorial would. */
export interface ConsumeOrder {
  readonly kind: "consume";
  readonly url: string;
  readonly queue: string;
  readonly prefetch: number;
  /** `each`: one acknowledgement a message; `fifty`: one for fifty; `none`: the broker expects none. */
  readonly ack: "each" | "fifty" | "none";
  readonly expected: number;
  /** Whether each event says when it was published. */
  readonly timed: boolean;
}

/** Publish so many acknowledgements, or orders, on a confirm channel, a window of them unconfirmed at a time. */
export interface PublishOrder {
  readonly kind: "publish";
  readonly what: "acknowledgements" | "orders";
  readonly url: string;
  readonly expected: number;
  readonly window: number;
}

export type RawOrder = ConsumeOrder | PublishOrder;

/** It consumes; figures; or why it could not. */
export type RawReport =
  | { readonly kind: "ready" }
  | { readonly kind: "consuming" }
  | { readonly kind: "figures"; readonly figures: Figures }
  | { readonly kind: "failed"; readonly reason: string };
