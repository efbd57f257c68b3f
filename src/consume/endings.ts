/**
 * Brings events to their end: accepted, given back, tried again, or given up. Enters: an event with an ending
 * and an open delivery. Leaves: a settled delivery, or, where that has to wait, an event that keeps its place.
 * Whatever is told the broker is told of the newest delivery; what an older one was told would be lost with it.
 */
import type { DeadLetters } from "../amqp/dead-letters";
import { isDeadLetter } from "../amqp/dead-letters";
import type { NodeLog } from "../amqp/log";
import type { RetryQueue } from "../amqp/retry-queue";
import { ThrottledWarning } from "../amqp/throttled-warning";
import type { EventInHand } from "./event-in-hand";
import type { EventMemory } from "./event-memory";
import type { ConsumerSettings } from "./settings";

/** What endings are counted in. */
export interface EndingCounters {
  accepted: number;
  rejected: number;
  retried: number;
}

/** What endings need to know of the consumer they serve. */
export interface EndingParts {
  readonly settings: ConsumerSettings;
  readonly memory: EventMemory;
  readonly deadLetters: DeadLetters;
  /** Only an own queue has one. */
  readonly retryQueue: RetryQueue | undefined;
  readonly log: NodeLog;
  readonly counters: EndingCounters;
  /** True where the broker's queue is as this node would have declared it. */
  isQueueOurs(): boolean;
  /** Why copies do not get through, in words. */
  trouble(): string;
  /** An event no longer occupies a place. */
  removed(event: EventInHand): void;
  /** A letter was written. */
  gaveUp(): void;
}

/** How long an event that cannot be given up stays before that is tried again, in milliseconds. */
const AGAIN_MS = 10_000;

export class Endings {
  readonly #parts: EndingParts;
  readonly #gaveUpWarning: ThrottledWarning;
  readonly #stuckWarning: ThrottledWarning;
  #last = { reason: "", node: "", attempts: 0 };
  #warnedOfLoss = false;
  #stuck: string | undefined;

  constructor(parts: EndingParts) {
    this.#parts = parts;
    const { log, settings } = parts;
    const queue = settings.queue.name;
    this.#gaveUpWarning = new ThrottledWarning((also) =>
      log.warn(also > 0 ? "rejected-also" : "rejected", { queue, also, ...this.#last }),
    );
    this.#stuckWarning = new ThrottledWarning(() =>
      log.warn("dead-letters-stuck", { detail: this.#stuck ?? "" }),
    );
  }

  /** Why events that are to be given up have to stay; undefined when they need not. */
  get stuck(): string | undefined {
    return this.#stuck;
  }

  /** Carries the ending of an event out. Its delivery is open. */
  carryOut(event: EventInHand): void {
    const { ending } = event;
    switch (ending?.kind) {
      case "settled":
        if (ending.verdict === "accept") {
          this.#parts.counters.accepted += 1;
        }
        this.settle(event, ending.verdict);
        return;
      case "again":
        this.#parts.memory.expect(event);
        event.delivery.settle("return");
        this.#parts.removed(event);
        return;
      case "failed":
        if (event.attempt >= this.#parts.settings.attempts) {
          this.#giveUp(event, ending.reason, ending.node);
        } else {
          this.#tryAgain(event);
        }
        return;
      case "give-up":
        this.#giveUp(event, ending.reason, ending.node);
    }
  }

  /** Tells the broker, and lets go of the event. */
  settle(event: EventInHand, verdict: "accept" | "reject"): void {
    // Where the delivery was lost meanwhile this is what the next one is told.
    event.ending = { kind: "settled", verdict };
    event.delivery.settle(verdict);
    this.#parts.removed(event);
  }

  /** Its place is kept while it waits here, and others go on while it waits with the broker. */
  #tryAgain(event: EventInHand): void {
    const { counters, retryQueue, settings } = this.#parts;
    counters.retried += 1;
    event.phase = "ending";
    if (retryQueue === undefined) {
      this.#waitHere(event);
      return;
    }
    const history = { attempts: event.attempt, deaths: event.deaths };
    void retryQueue.postpone(event.delivery, history, settings.retryDelay).then((isWithBroker) => {
      if (isWithBroker) {
        this.settle(event, "accept");
      } else {
        this.#waitHere(event);
      }
    });
  }

  #waitHere(event: EventInHand): void {
    event.phase = "waiting";
    event.ending = undefined;
    event.timer = setTimeout(() => {
      event.attempt += 1;
      event.phase = "due";
      if (event.delivery.isOpen) {
        event.inCharge.isDue(event);
      }
    }, this.#parts.settings.retryDelay);
  }

  #giveUp(event: EventInHand, reason: string, node: string): void {
    const { settings, log, counters } = this.#parts;
    const { mode, name } = settings.queue;
    event.phase = "ending";
    counters.rejected += 1;
    // What leaves a dead-letter queue by hand is no incident: it goes back to its own queue.
    if (!isDeadLetter(event.delivery)) {
      if (mode !== "own" && !this.#warnedOfLoss) {
        this.#warnedOfLoss = true;
        log.warn(`rejects-${mode}`, { queue: name });
      }
      this.#last = { reason, node, attempts: event.attempt };
      this.#gaveUpWarning.happened();
    }
    this.#writeLetter(event, reason, node);
  }

  #writeLetter(event: EventInHand, reason: string, node: string): void {
    const { deadLetters } = this.#parts;
    const givenUp = { reason, node, attempts: event.attempt };
    void deadLetters.give(event.delivery, givenUp, this.#parts.isQueueOurs()).then((farewell) => {
      if (farewell !== "hold") {
        this.#stuck = undefined;
        this.settle(event, farewell);
        this.#parts.gaveUp();
        return;
      }
      this.#stuck = this.#parts.trouble();
      this.#stuckWarning.happened();
      event.timer = setTimeout(() => {
        // Without a delivery it is given up when it comes again: its ending is known.
        if (event.delivery.isOpen) {
          this.#writeLetter(event, reason, node);
        }
      }, AGAIN_MS);
    });
  }
}
