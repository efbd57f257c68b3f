/**
 * Hands events to the flow: no more than it may hold, none while it does not run, and none on a way that leads only
 * to nodes that do not run. Enters: an event in hand, decoded. Leaves: a message on an output, or the event's
 * ending where nothing is wired there. What waits is decoded anew when it is its turn: the wires may have changed.
 */
import { now } from "../amqp/clock";
import { exchangeOf } from "../amqp/copies";
import type { Outcome } from "../completion/run";
import type { Recognised, Unrecognised } from "../regards/event";
import { outputNames } from "../regards/services";
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
  /** Wait for their turn, or for the flow to run; they take no place of those it may hold. */
  readonly #queued = new Set<EventInHand>();
  #isGoingOn = false;
  #isClosed = false;

  /** @param queueName the queue's name at the broker, which changes for a temporary one */
  constructor(parts: ConsumerParts, log: ConsumerLog, queueName: () => string) {
    this.#parts = parts;
    this.#log = log;
    this.#queueName = queueName;
  }

  /** Offers the event to the flow, or lets it wait until the flow runs and has less. */
  admit(event: EventInHand, decoded: Recognised | Unrecognised): void {
    if (this.#isOpen && this.#places <= this.#parts.settings.maxInFlight) {
      this.#offer(event, decoded);
    } else {
      this.#queue(event);
    }
  }

  /** As `admit`, for an event that has a place already. */
  again(event: EventInHand): void {
    if (!this.#isOpen) {
      this.#queue(event);
      return;
    }
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
      const reason = reasonOf(error);
      event.inCharge.ended(event, { kind: "give-up", reason, node: service.name, isSaid: true });
    }
  }

  /** An event leaves its place. */
  forget(event: EventInHand): void {
    this.#queued.delete(event);
  }

  /** Offers what waits, as far as it may be. */
  goOn(): void {
    if (this.#isGoingOn) {
      // What is offered may leave its place at once: the loop below sees that.
      return;
    }
    this.#isGoingOn = true;
    try {
      for (const event of this.#queued) {
        if (!this.#isOpen || this.#places >= this.#parts.settings.maxInFlight) {
          break;
        }
        this.#queued.delete(event);
        this.again(event);
      }
    } finally {
      this.#isGoingOn = false;
    }
  }

  /** Nothing is offered any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** The node that events wait for because it does not run, in words. */
  get stoppedNode(): string | undefined {
    const { memory, host } = this.#parts;
    for (const { phase, output } of memory.events.values()) {
      if (phase === "stopped") {
        return host.stoppedNode(output);
      }
    }
    return undefined;
  }

  get #isOpen(): boolean {
    return !this.#isClosed && this.#parts.flows.isRunning;
  }

  /** How many places are taken. */
  get #places(): number {
    return this.#parts.memory.events.size - this.#queued.size;
  }

  #queue(event: EventInHand): void {
    event.phase = "queued";
    this.#queued.add(event);
  }

  #offer(event: EventInHand, decoded: Recognised | Unrecognised): void {
    const { host, service, settings, tracker } = this.#parts;
    const output = decoded.recognised ? decoded.output : outputNames(service).length;
    const { correlationId } = decoded;
    // Also where nothing is wired: that an answer came counts.
    const request = host.answered(correlationId, decoded.recognised && decoded.final);
    const lead = host.leadsTo(output);
    event.output = output;
    event.phase = lead === "stopped" ? "stopped" : "flow";
    if (lead === "stopped") {
      return;
    }
    host.measured("receive", event.id);
    if (lead === "nowhere") {
      event.inCharge.ended(event, this.#unwired(decoded));
      return;
    }
    if (decoded.recognised && decoded.unusableLink) {
      this.#log.unusableLink();
    }
    const message = this.#messageOf(event, decoded, request);
    const send = (): void => host.send(output, message);
    if (tracker === undefined) {
      send();
      event.inCharge.ended(event, { kind: "settled", verdict: "accept" });
      return;
    }
    const finish = (outcome: Outcome): void => event.inCharge.ended(event, endingOf(outcome));
    event.run = tracker.track(message, send, finish, {
      notWaitedFor: settings.notWaitedFor,
      endsByVerdict: settings.settle === "manual",
    });
  }

  /** What nobody wants is accepted; what nobody could read may be wanted. */
  #unwired(decoded: Recognised | Unrecognised): Ending {
    if (decoded.recognised) {
      return { kind: "settled", verdict: "accept" };
    }
    const reason = `${decoded.code}: ${decoded.message}`;
    this.#log.unrecognisedUnwired(reason);
    return { kind: "give-up", reason, node: this.#parts.service.name, isSaid: true };
  }

  #messageOf(event: EventInHand, decoded: Recognised | Unrecognised, request: unknown): EventMessage {
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
        request,
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
