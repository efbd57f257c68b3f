/** What can be seen of a consumer from outside: all that its status depends on. Types only. */
import type { ConnectionState } from "../amqp/connection";
import type { SubscriptionState } from "../amqp/subscription";

/** All that an in-node's status depends on. */
export interface ConsumerView {
  readonly connection: ConnectionState;
  readonly subscription: SubscriptionState;
  readonly inFlight: number;
  readonly maxInFlight: number;
  /** The delivery held longest, once that is worth saying. */
  readonly held?: { readonly minutes: number; readonly by: string };
  readonly counters: Readonly<Record<string, number>>;
}
