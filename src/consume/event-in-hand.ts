/**
 * One event between its delivery and its end. It outlives its delivery: when a channel or a connection is lost
 * the broker has the event again and gives it out again, and the flow need not see anything of that. Types only.
 */
import type { Delivery } from "../amqp/delivery";
import type { Run } from "../completion/run";

/** How an event is to end, or what is to happen to it next. */
export type Ending =
  /** Nothing is left to do but to tell the broker. */
  | { readonly kind: "settled"; readonly verdict: "accept" | "reject" }
  /** The attempt failed: another one, or, after the last, the dead-letter queue. */
  | { readonly kind: "failed"; readonly reason: string; readonly node: string }
  | { readonly kind: "give-up"; readonly reason: string; readonly node: string }
  /** The nodes that had it were stopped: it goes to the flow once more, and that is no further attempt. */
  | { readonly kind: "again" };

/**
 * Where an event is. `flow`: the flow has it. `queued`: the flow has as much as it may. `stopped`: its way leads
 * only to nodes that do not run. `waiting`: for its next attempt. `due`: for its delivery, to be tried again.
 * `ending`: a copy of it is on its way to the broker.
 */
export type Phase = "flow" | "queued" | "stopped" | "waiting" | "due" | "ending";

/** Whoever is in charge of an event just now: the consumer of its node, or that one's successor after a deploy. */
export interface InCharge {
  ended(event: EventInHand, ending: Ending): void;
  /** The wait for the next attempt is over. */
  isDue(event: EventInHand): void;
}

/** An event the node has to bring to an end. */
export interface EventInHand {
  /** Also `msg.regards.deliveryId`, by which a verdict by hand finds it. */
  readonly id: string;
  /** The newest delivery of it. */
  delivery: Delivery;
  /** Which attempt this is, from 1. */
  attempt: number;
  /** How often the process ended without a word while it had the event. */
  readonly deaths: number;
  /** True where the flow may have seen it before: an earlier process had it, or another reader. */
  readonly redelivered: boolean;
  /** Since when the flow has it, on our clock. */
  since: number;
  /** Since when the broker waits for the newest delivery. */
  takenUpAt: number;
  phase: Phase;
  run: Run | undefined;
  timer: NodeJS.Timeout | undefined;
  inCharge: InCharge;
  /** Known, and perhaps not carried out yet: there was no delivery to settle. */
  ending: Ending | undefined;
}
