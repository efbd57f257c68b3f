/**
 * What all in-nodes are at run time: a delivery comes in, is filtered, decoded, offered to the flow, and settled
 * when its flow has finished (or at once, or by hand). What the broker repeats although the flow still has it is
 * known again and changes nothing. Enters: settings and a broker. Leaves: messages, and what a status is made of.
 * It never touches Node-RED itself: `ConsumerHost` does.
 */
import { now } from "../amqp/clock";
import type { Delivery } from "../amqp/delivery";
import type { Lease } from "../amqp/shared-connection";
import { Subscription } from "../amqp/subscription";
import type { Told } from "../amqp/told";
import { endingByHand, eventsOf, type WiredBack } from "./by-hand";
import { ConsumerLog } from "./consumer-log";
import { ConsumerQueue } from "./consumer-queue";
import { heldLongest, longestHeld, renewHeld } from "./deadline";
import { Deliveries } from "./deliveries";
import { Endings } from "./endings";
import type { Ending, EventInHand, InCharge } from "./event-in-hand";
import { EventsInHand } from "./events-in-hand";
import { type LastEvent, Seen, type SeenLately } from "./last-event";
import { Offering } from "./offering";
import type { ConsumerParts } from "./parts";
import type { ConsumerView } from "./view";

/** Milliseconds; Node-RED gives a node 15 s to close. */
const GRACE_MS = 5_000;
const CLOSE_MS = 1_500;

export class EventConsumer implements InCharge {
  readonly #parts: ConsumerParts;
  readonly #lease: Lease;
  readonly #queue: ConsumerQueue;
  readonly #subscription: Subscription;
  readonly #endings: Endings;
  readonly #offering: Offering;
  readonly #events: EventsInHand;
  readonly #log: ConsumerLog;
  readonly #watchdog: NodeJS.Timeout;
  readonly #counters = {
    ...{ received: 0, redelivered: 0, filtered: 0, unrecognised: 0 },
    ...{ accepted: 0, retried: 0, rejected: 0 },
  };
  readonly #seen = new Seen(now);
  readonly #stopListening: () => void;
  readonly #stopFollowing: () => void;
  #isPaused = false;

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
    const { settings, broker, host, flows, memory, tracker } = parts;
    const { queue } = settings;
    this.#log = new ConsumerLog(host, queue.name);
    this.#lease = broker.lease("consume");
    const { connection } = this.#lease;
    this.#queue = new ConsumerQueue(parts, connection);
    const { retryQueue, deadLetters } = this.#queue;
    this.#endings = new Endings({
      ...{ settings, memory, retryQueue, deadLetters, log: host.log, counters: this.#counters },
      isQueueOurs: () => this.#queue.finding.differs === undefined,
      gaveUp: () => this.#queue.gaveUp(),
      surprised: (error) => this.#log.surprised(error),
    });
    this.#events = new EventsInHand(parts, this);
    this.#offering = new Offering(parts, this.#log, () => this.#subscription.queueName);
    const deliveries = new Deliveries({
      ...{ consumer: parts, inCharge: this, offering: this.#offering, endings: this.#endings },
      ...{ retryQueue, log: this.#log, counters: this.#counters, seen: this.#seen },
    });
    this.#subscription = new Subscription(
      connection,
      { queue, prefetch: settings.maxInFlight },
      {
        delivered: (delivery) => deliveries.delivered(delivery),
        lost: (deliveries, told) => this.#lost(deliveries, told),
        changed: (state) => {
          this.#log.changed(state);
          host.changed();
        },
        found: (finding) => {
          this.#log.found(finding);
          this.#queue.found(finding);
        },
        surprised: (error) => this.#log.surprised(error),
      },
    );
    this.#stopListening = connection.onState(() => host.changed());
    this.#stopFollowing = flows.onChange(() => this.#followFlows());
    const beat = Math.min(15_000, Math.max(100, settings.deadline / 20));
    this.#watchdog = setInterval(() => this.#lookAround(), beat);
    this.#watchdog.unref();
    tracker?.acquire();
    memory.onRoom(() => {
      this.#offering.goOn();
      host.changed();
    });
    this.#events.takeOver();
    this.#subscription.start();
  }

  /** What can be seen of it now. */
  get view(): ConsumerView {
    const { memory, settings, flows } = this.#parts;
    const { otherReaders, deadLetters, differs } = this.#queue.finding;
    const { stoppedNode } = this.#offering;
    const { stuck } = this.#endings;
    const held = heldLongest(memory, settings.deadline);
    const { count: wanted, last, nothingWanted } = this.#seen;
    return {
      connection: this.#lease.connection.state,
      subscription: this.#subscription.state,
      inFlight: memory.events.size,
      maxInFlight: settings.maxInFlight,
      counters: this.#counters,
      wanted,
      heldSeconds: Math.floor((longestHeld(memory)?.age ?? 0) / 1_000),
      otherReaders,
      // Where an administrator's queue sends what is given up, nobody tells.
      ...(settings.queue.mode === "own" ? { deadLetters } : {}),
      ...(last === undefined ? {} : { last: { status: last.status, at: last.at } }),
      ...(nothingWanted === undefined ? {} : { nothingWanted }),
      ...(flows.pausedBy === undefined ? {} : { paused: flows.pausedBy }),
      ...(differs === undefined ? {} : { usedAsItIs: differs }),
      ...(stuck === undefined ? {} : { givingUp: { reason: stuck } }),
      ...(stoppedNode === undefined ? {} : { stoppedNode }),
      ...(held === undefined ? {} : { held }),
    };
  }

  /** The last event the filter let through, for a person to look at. */
  get lastEvent(): LastEvent | undefined {
    return this.#seen.last;
  }

  /** What came lately, for a dialog to suggest. */
  get seenLately(): SeenLately {
    return this.#seen.lately;
  }

  /** Somebody has sent so many given-up events back; the next look at the queue is some time off. */
  sentBack(count: number): void {
    this.#queue.sentBack(count);
  }

  /**
   * A verdict by hand: any message derived from an event, with `settle` = accept (the default), retry or reject.
   * It counts for the newest delivery of the event, and once.
   */
  decideByHand(message: WiredBack): void {
    const { memory, tracker, host, service } = this.#parts;
    const events = eventsOf(message, memory, tracker);
    if (events.length === 0) {
      const id = message.regards?.deliveryId;
      host.debug(`No open delivery has the id ${String(id)}; the verdict changes nothing.`);
      if (typeof id !== "string") {
        this.#log.unknownVerdict();
      }
      return;
    }
    const ending = endingByHand(message.settle, service.name);
    if (ending === undefined) {
      this.#log.badVerdict(message.settle);
      return;
    }
    for (const event of events) {
      this.ended(event, ending);
    }
  }

  /** An event has come to its end; it is carried out now, or when its delivery comes again. */
  ended(event: EventInHand, ending: Ending): void {
    const { run } = event;
    event.run = undefined;
    if (run !== undefined) {
      this.#parts.tracker?.forget(run);
    }
    if (event.ending !== undefined) {
      return;
    }
    if (event.phase === "flow" && ending.kind !== "again") {
      this.#parts.host.measured("done", event.id, Math.round(now() - event.since));
    }
    event.ending = ending;
    event.phase = "ended";
    this.#endings.decided(event);
    if (event.delivery.isOpen) {
      this.#endings.carryOut(event);
    } else {
      this.left(event);
    }
  }

  isDue(event: EventInHand): void {
    this.#offering.again(event);
  }

  carryOut(event: EventInHand): void {
    this.#endings.carryOut(event);
  }

  left(event: EventInHand): void {
    this.#offering.forget(event);
    this.#parts.memory.remove(event);
    this.#events.left();
    this.#parts.host.changed();
  }

  /**
   * Stops taking deliveries, lets the flow finish for a moment, and gives the rest back to the broker.
   * @param removed the node was deleted, and its own queue with it
   * @returns false where that queue could not be reached, and is still to be left
   */
  async close(removed: boolean): Promise<boolean> {
    // The nodes behind this one may be closed already: what comes now goes back, untouched, with the channel.
    this.#offering.close();
    this.#stopFollowing();
    await Promise.all([this.#subscription.cancel(CLOSE_MS), this.#events.drained(GRACE_MS)]);
    clearInterval(this.#watchdog);
    this.#events.giveBack(removed);
    await this.#subscription.close(CLOSE_MS);
    this.#stopListening();
    await this.#queue.close(CLOSE_MS);
    // A deploy of other nodes lets the runs go on, and their outcomes are still to be heard.
    this.#parts.memory.afterRuns(() => this.#parts.tracker?.release());
    const isLeft = !removed || (await this.#leaveQueue());
    await this.#lease.release();
    return isLeft;
  }

  /** Now and then: what is held too long is taken up anew, and what waits while flows do not run is given back. */
  #lookAround(): void {
    const { settings, memory, host } = this.#parts;
    if (this.#isPaused) {
      this.#events.giveBackUntouched();
    }
    renewHeld(this.#events.all, settings.deadline, memory, this.#log);
    host.changed();
  }

  /** The node was deleted. */
  async #leaveQueue(): Promise<boolean> {
    const leaving = await this.#queue.leave(this.#parts.memory.isOwed, CLOSE_MS);
    if (typeof leaving === "object") {
      this.#log.queueKept(leaving.kept);
    }
    return leaving !== "unreachable";
  }

  /** The flows stop, run again, or have not run for some time. */
  #followFlows(): void {
    const { flows, host } = this.#parts;
    if (flows.pausedBy !== undefined && !this.#isPaused) {
      this.#isPaused = true;
      this.#log.paused(flows.pausedBy);
      void this.#subscription.pause();
      this.#events.giveBackUntouched();
    }
    if (flows.isRunning) {
      if (this.#isPaused) {
        this.#isPaused = false;
        this.#log.resumed();
        this.#subscription.resume();
      }
      this.#offering.goOn();
      for (const event of this.#events.all) {
        if (event.phase === "stopped") {
          this.#offering.again(event);
        }
      }
    }
    host.changed();
  }

  /** The broker has them again and gives them out again; what the flow has of them goes on. */
  #lost(deliveries: readonly Delivery[], told: readonly Told[]): void {
    const { memory, settings, host } = this.#parts;
    const isTemporary = settings.queue.mode === "temporary";
    this.#events.lost(deliveries);
    if (!isTemporary) {
      memory.expectTold(told);
    } else if (deliveries.length > 0) {
      // They went with the connection, and nothing of them comes again.
      this.#log.temporaryLost();
    }
    host.changed();
  }
}
