/** What can be seen of a consumer from outside: all that its status depends on. Types only. */
import type { ConnectionState } from "../amqp/connection";
import type { SubscriptionState } from "../amqp/subscription";
import type { LastEvent, NothingWanted } from "./last-event";

/** All that an in-node's status depends on. */
export interface ConsumerView {
  readonly connection: ConnectionState;
  readonly subscription: SubscriptionState;
  readonly inFlight: number;
  readonly maxInFlight: number;
  /** The delivery held longest, once that is worth saying. */
  readonly held?: { readonly minutes: number; readonly by: string };
  readonly counters: Readonly<Record<string, number>>;
  /** Why no events are taken although the connection is good: the flows they would go to do not run. */
  readonly paused?: "missing-type" | "stopped" | "safe-mode";
  /** Since when the flow has the event it has had longest; 0 while it has none. */
  readonly heldSeconds: number;
  /** How many events the filter let through, and the last of them. */
  readonly wanted?: number;
  readonly last?: Pick<LastEvent, "status" | "at">;
  /** Set once enough has come and nothing of it was wanted. */
  readonly nothingWanted?: NothingWanted;
  /** How many events wait in the dead-letter queue of an own queue, as far as is known. */
  readonly deadLetters?: number;
  /** How many others read the same queue. */
  readonly otherReaders?: number;
  /** The argument in which an own queue that was there already differs from what the dialog asks for. */
  readonly usedAsItIs?: string;
  /** Why events that are to be given up have to stay: their dead letters cannot be written. */
  readonly givingUp?: { readonly reason: string };
  /** The name of a node that does not run and that events wait for. */
  readonly stoppedNode?: string;
}
