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
  | {
      readonly kind: "give-up";
      readonly reason: string;
      readonly node: string;
      /** The log has a line of its own about it. */
      readonly isSaid?: true;
    }
  /** The nodes that had it were stopped: it goes to the flow once more, and that is no further attempt. */
  | { readonly kind: "again" };

/**
 * Where an event is. `flow`: the flow has it. `queued`: the flow has as much as it may, or does not run. `stopped`:
 * its way leads only to nodes that do not run. `waiting`: for its next attempt. `ending`: a copy of it is on its way
 * to the broker, or is about to be. `stuck`: no copy gets through; that is tried again. `ended`: nothing is left but
 * to carry its ending out, now or when its delivery comes again.
 */
export type Phase = "flow" | "queued" | "stopped" | "waiting" | "ending" | "stuck" | "ended";

/** Whoever is in charge of an event just now: the consumer of its node, or that one's successor after a deploy. */
export interface InCharge {
  ended(event: EventInHand, ending: Ending): void;
  /** It may go to the flow now. Its delivery is open. */
  isDue(event: EventInHand): void;
  /** Its ending may be carried out now. Its delivery is open. */
  carryOut(event: EventInHand): void;
  /** It occupies no place any more. */
  left(event: EventInHand): void;
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
  /** The output it leaves by. */
  output: number;
  run: Run | undefined;
  timer: NodeJS.Timeout | undefined;
  inCharge: InCharge;
  /** Known, and perhaps not carried out yet: there was no delivery to settle. */
  ending: Ending | undefined;
}
