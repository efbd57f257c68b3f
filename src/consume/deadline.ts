/**
 * Lets a flow hold an event as long as it likes. RabbitMQ closes a channel that has waited too long for one
 * delivery (30 minutes by default), so the event is given back before and taken up again at once; the flow goes
 * on and sees nothing of it. Enters: the events in hand. Leaves: deliveries given back, and who holds what.
 */
import { now } from "../amqp/clock";
import type { ConsumerLog } from "./consumer-log";
import type { EventInHand } from "./event-in-hand";
import type { EventMemory } from "./event-memory";
import { endingOf } from "./offering";
import type { ConsumerView } from "./view";

/** Who holds an event is named after so many milliseconds. */
const TELL_HOLDER_MS = 60_000;

/** Gives back what the broker has waited for too long. */
export function renewHeld(
  events: Iterable<EventInHand>,
  deadline: number,
  memory: EventMemory,
  log: ConsumerLog,
): void {
  const time = now();
  for (const event of events) {
    if (event.phase === "ending" || !event.delivery.isOpen || time - event.takenUpAt < deadline) {
      continue;
    }
    const failure = event.run?.failure;
    if (event.phase === "flow" && failure !== undefined) {
      // It has failed, and a node that has not completed keeps it from ending.
      event.inCharge.ended(event, endingOf(failure));
      continue;
    }
    if (event.phase === "queued" || event.phase === "stopped") {
      // The flow has not seen it; whoever gets it next may begin with it.
      event.inCharge.ended(event, { kind: "again" });
      continue;
    }
    if (event.phase === "flow") {
      log.heldTooLong(time - event.since, event.run?.heldBy ?? "");
    }
    memory.expect(event);
    event.delivery.settle("return");
  }
}

/** The event that the flow has held longest, and for how many milliseconds. */
export function longestHeld({
  events,
}: EventMemory): { readonly event: EventInHand; readonly age: number } | undefined {
  let longest: EventInHand | undefined;
  for (const event of events.values()) {
    if (event.phase === "flow" && (longest === undefined || event.since < longest.since)) {
      longest = event;
    }
  }
  return longest === undefined ? undefined : { event: longest, age: now() - longest.since };
}

/** Who holds an event, once that is worth saying. */
export function heldLongest(memory: EventMemory, deadline: number): ConsumerView["held"] {
  const { event, age = 0 } = longestHeld(memory) ?? {};
  if (event === undefined || age < Math.min(TELL_HOLDER_MS, deadline / 2)) {
    return undefined;
  }
  return { minutes: Math.round(age / 60_000), by: event.run?.heldBy ?? "" };
}
