/**
 * Hands events to the flow: no more than it may hold, and none on a way that leads only to nodes that do not run.
 * Enters: an event in hand, decoded. Leaves: a message on an output, or the event's ending where nothing is wired
 * there. What waits keeps its place and is decoded anew when it is its turn: the wires may have changed.
 */
import { now } from "../amqp/clock";
import { exchangeOf } from "../amqp/copies";
import type { Outcome } from "../completion/run";
import type { Recognised, Unrecognised } from "../regards/event";
import type { ConsumerLog } from "./consumer-log";
import type { Ending, EventInHand } from "./event-in-hand";
import { select } from "./filter";
import { type EventMessage, eventMessage } from "./message";
import type { ConsumerParts } from "./parts";
import { ReceivedAt } from "./received-at";

export class Offering {
  readonly #parts: ConsumerParts;
  readonly #log: ConsumerLog;
  readonly #queueName: () => string;
  readonly #receivedAt = new ReceivedAt();
  /** Beyond what the flow may hold: it still has events that the broker has given out once more. */
  readonly #queued: EventInHand[] = [];

  /** @param queueName the queue's name at the broker, which changes for a temporary one */
  constructor(parts: ConsumerParts, log: ConsumerLog, queueName: () => string) {
    this.#parts = parts;
    this.#log = log;
    this.#queueName = queueName;
  }

  /** Offers the event to the flow, or lets it wait until the flow has less. */
  admit(event: EventInHand, decoded: Recognised | Unrecognised): void {
    if (this.#places > this.#parts.settings.maxInFlight) {
      event.phase = "queued";
      this.#queued.push(event);
      return;
    }
    this.#offer(event, decoded);
  }

  /** An event has left its place. */
  placeIsFree(): void {
    while (this.#queued.length > 0 && this.#places < this.#parts.settings.maxInFlight) {
      const event = this.#queued.shift();
      if (event?.ending === undefined && event?.delivery.isOpen === true) {
        this.again(event);
      } else if (event !== undefined) {
        event.inCharge.ended(event, { kind: "again" });
      }
    }
  }

  /** Offers an event once more: for its next attempt, or after it has waited for something. */
  again(event: EventInHand): void {
    const { service, settings, system } = this.#parts;
    event.since = now();
    try {
      const decoded = select(event.delivery, service, settings, system);
      if (decoded === undefined) {
        // The filter has been changed meanwhile.
        event.inCharge.ended(event, { kind: "settled", verdict: "accept" });
      } else {
        this.#offer(event, decoded);
      }
    } catch (error) {
      this.#log.surprised(error);
      event.inCharge.ended(event, { kind: "give-up", reason: reasonOf(error), node: service.name });
    }
  }

  /** The node that events wait for because it does not run, in words. */
  get stoppedNode(): string | undefined {
    const { memory, host, service, settings, system } = this.#parts;
    for (const { phase, delivery } of memory.events.values()) {
      if (phase === "stopped") {
        const decoded = select(delivery, service, settings, system);
        return host.stoppedNode(decoded?.recognised ? decoded.output : service.statuses.length);
      }
    }
    return undefined;
  }

  /** How many places are taken. */
  get #places(): number {
    return this.#parts.memory.events.size - this.#queued.length;
  }

  #offer(event: EventInHand, decoded: Recognised | Unrecognised): void {
    const { host, service, settings, tracker } = this.#parts;
    const output = decoded.recognised ? decoded.output : service.statuses.length;
    const lead = host.leadsTo(output);
    event.phase = lead === "stopped" ? "stopped" : "flow";
    if (lead === "stopped") {
      return;
    }
    if (lead === "nowhere") {
      event.inCharge.ended(event, this.#unwired(decoded));
      return;
    }
    if (decoded.recognised && decoded.unusableLink) {
      this.#log.unusableLink();
    }
    const message = this.#messageOf(event, decoded);
    const send = (): void => host.send(output, message);
    if (tracker !== undefined) {
      const finish = (outcome: Outcome): void => event.inCharge.ended(event, endingOf(outcome));
      event.run = tracker.track(message, send, finish, { notWaitedFor: settings.notWaitedFor });
      return;
    }
    send();
    if (settings.settle === "handed") {
      event.inCharge.ended(event, { kind: "settled", verdict: "accept" });
    }
  }

  /** What nobody wants is accepted; what nobody could read may be wanted. */
  #unwired(decoded: Recognised | Unrecognised): Ending {
    if (decoded.recognised) {
      return { kind: "settled", verdict: "accept" };
    }
    this.#log.unrecognisedUnwired();
    const reason = `${decoded.code}: ${decoded.message}`;
    return { kind: "give-up", reason, node: this.#parts.service.name };
  }

  #messageOf(event: EventInHand, decoded: Recognised | Unrecognised): EventMessage {
    const { service, settings } = this.#parts;
    const { queue } = settings;
    const { delivery, redelivered, attempt, id } = event;
    const { headers, properties } = delivery;
    const exchange = queue.mode === "own" ? exchangeOf(delivery, queue) : delivery.exchange;
    return eventMessage(
      decoded,
      { headers, properties, redelivered, exchange },
      {
        messageId: id,
        receivedAt: this.#receivedAt.now(),
        service: service.name,
        queue: this.#queueName(),
        attempt,
        deliveryId: id,
      },
    );
  }
}

/** What the outcome of a run is for its event. */
export function endingOf(outcome: Outcome): Ending {
  switch (outcome.kind) {
    case "finished":
      return { kind: "settled", verdict: "accept" };
    case "abandoned":
      return { kind: "again" };
    case "failed":
      return { kind: "failed", reason: outcome.reason, node: outcome.node };
  }
}

/** An error in words. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
