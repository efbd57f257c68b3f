/**
 * Verdicts by hand: a message that comes from an event, or from several that a flow has joined, is wired back into
 * the node. Enters: that message. Leaves: the events it speaks for, and how each is to end.
 */
import type { FlowMessage } from "../completion/runtime";
import type { CompletionTracker } from "../completion/tracker";
import type { Ending, EventInHand } from "./event-in-hand";
import type { EventMemory } from "./event-memory";

/** What a message wired back says about its event. */
export interface WiredBack extends FlowMessage {
  readonly regards?: { readonly deliveryId?: unknown };
  readonly settle?: unknown;
}

/**
 * The events a message speaks for: the one whose id it bears, and all whose runs it belongs to, so that a message
 * made anew or joined from several will do as well.
 */
export function eventsOf(
  message: WiredBack,
  memory: EventMemory,
  tracker: Pick<CompletionTracker, "runsOf"> | undefined,
): EventInHand[] {
  const { deliveryId } = message.regards ?? {};
  const named = typeof deliveryId === "string" ? memory.events.get(deliveryId) : undefined;
  const runs = new Set(tracker?.runsOf(message));
  if (named?.run !== undefined) {
    runs.delete(named.run);
  }
  const others: EventInHand[] = [];
  if (runs.size > 0) {
    for (const event of memory.events.values()) {
      if (event.run !== undefined && runs.has(event.run)) {
        others.push(event);
      }
    }
  }
  return (named === undefined ? others : [named, ...others]).filter(({ phase }) => phase === "flow");
}

/** What a verdict means; undefined where it is none. */
export function endingByHand(verdict: unknown, node: string): Ending | undefined {
  switch (verdict ?? "accept") {
    case "accept":
      return { kind: "settled", verdict: "accept" };
    case "retry":
      return { kind: "failed", reason: "the flow asked for another attempt", node };
    case "reject":
      return { kind: "give-up", reason: "rejected by the flow", node };
    default:
      return undefined;
  }
}
