/**
 * A message on its way, and the verdicts that are about how far it came: only what never left is certain not
 * to be with the broker. Enters: a message, and what happened. Leaves: a verdict in words. Pure.
 */
import { type Outgoing, type PublishResult, refused } from "./outgoing";

/** A message without a verdict yet. */
export interface Waiting {
  readonly message: Outgoing;
  readonly messageId: string;
  readonly since: number;
  /** Called once. */
  readonly conclude: (result: PublishResult) => void;
}

/** The same with the channel that sends it. */
export interface Entry extends Waiting {
  /** When it was handed to the channel; undefined while it waits. */
  sentAt: number | undefined;
  /** It was sent once, perhaps on a channel that is gone. */
  wasSent: boolean;
  returned: string | undefined;
}

/** It was not confirmed in time. */
export function late(entry: Entry, limit: number, why: string): PublishResult {
  const seconds = Math.round(limit / 100) / 10;
  if (!entry.wasSent) {
    return refused("UNSENT", `Not published within ${seconds} s${why === "" ? "" : `: ${why}`}.`);
  }
  const cause = `the broker did not confirm within ${seconds} s`;
  return entry.message.repeat === "never"
    ? uncertain(cause)
    : refused("NOT_CONFIRMED", `The${cause.slice(3)}; it may have it.`);
}

/** The broker said no, as it does when one queue of several behind the exchange is full: the others have it. */
export function notTaken({ message: { repeat } }: Entry, exchange: string): PublishResult {
  return repeat === "never"
    ? uncertain(`a queue behind exchange ${exchange} did not take it`)
    : refused("NACKED", `The broker did not take it on exchange ${exchange}.`);
}

/** It was sent, and must not be sent again. */
export function uncertain(cause: string): PublishResult {
  return refused("UNCERTAIN", `It was sent, and then ${cause}: the broker may have it or not.`);
}

/** Its publisher was closed first. */
export function closedBefore({ wasSent, message: { repeat } }: Entry): PublishResult {
  return wasSent && repeat === "never"
    ? uncertain("the node was closed")
    : refused("CLOSED", "The node was closed before the broker confirmed.");
}
