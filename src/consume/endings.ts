/**
 * Brings events to their end: accepted, given back, tried again, or given up. Enters: an event with an ending
 * and an open delivery. Leaves: a settled delivery, or, where that has to wait, an event that keeps its place.
 * Whatever is told the broker is told of the newest delivery; what an older one was told would be lost with it.
 */
import type { DeadLetters } from "../amqp/dead-letters";
import { isDeadLetter } from "../amqp/dead-letters";
import type { NodeLog } from "../amqp/log";
import { deadLetterName } from "../amqp/queue";
import type { RetryQueue } from "../amqp/retry-queue";
import { ThrottledWarning } from "../amqp/throttled-warning";
import type { Ending, EventInHand } from "./event-in-hand";
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
  /** A dead letter was written. */
  gaveUp(): void;
  /** Something threw where nothing should. */
  surprised(error: unknown): void;
}

/** An ending that gives an event up, at once or after its last attempt. */
type GivingUp = Extract<Ending, { readonly reason: string }>;

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
      log.warn("rejected", { queue, also, ...this.#last }),
    );
    this.#stuckWarning = new ThrottledWarning(() =>
      log.warn("dead-letters-stuck", { detail: this.#stuck ?? "" }),
    );
  }

  /** Why events that are to be given up have to stay; undefined when they need not. */
  get stuck(): string | undefined {
    return this.#stuck;
  }

  /** Counts an ending and says what is to be said of it: once, however often its delivery is lost. */
  decided(event: EventInHand): void {
    const { ending } = event;
    const { counters } = this.#parts;
    if (ending?.kind === "settled") {
      counters.accepted += 1;
    } else if (ending?.kind === "failed" && !this.#wasLast(event)) {
      counters.retried += 1;
    } else if (ending?.kind === "failed" || ending?.kind === "give-up") {
      counters.rejected += 1;
      this.#warn(event, ending);
    }
  }

  /** Carries the ending of an event out. Its delivery is open. */
  carryOut(event: EventInHand): void {
    const { ending } = event;
    switch (ending?.kind) {
      case "settled":
        this.settle(event, ending.verdict);
        return;
      case "again":
        event.phase = "ended";
        this.#parts.memory.expect(event);
        event.delivery.settle("return");
        event.inCharge.left(event);
        return;
      case "failed":
        if (this.#wasLast(event)) {
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
    event.phase = "ended";
    event.delivery.settle(verdict);
    event.inCharge.left(event);
  }

  /**
   * Goes on when a copy has come to its end. Until then a delivery that comes again changes nothing: a second copy
   * would be a second event.
   * @param instead what it counts as if something throws
   */
  whenCopied<T>(copy: Promise<T>, instead: T, goOn: (result: T) => void): void {
    const { surprised } = this.#parts;
    copy
      .catch((error) => {
        surprised(error);
        return instead;
      })
      .then(goOn)
      .catch(surprised);
  }

  #wasLast({ attempt }: EventInHand): boolean {
    return attempt >= this.#parts.settings.attempts;
  }

  /** Its place is kept while it waits here, and others go on while it waits with the broker. */
  #tryAgain(event: EventInHand): void {
    const { retryQueue, settings } = this.#parts;
    if (retryQueue === undefined) {
      this.#waitHere(event);
      return;
    }
    event.phase = "ending";
    const history = { attempts: event.attempt, deaths: event.deaths, redelivered: event.redelivered };
    const copy = retryQueue.postpone(event.delivery, history, settings.retryDelay);
    this.whenCopied(copy, false, (isWithBroker) => {
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
      if (event.delivery.isOpen) {
        event.inCharge.isDue(event);
      } else {
        // It is tried when it comes again; another reader may have it, so no place is kept for it.
        event.inCharge.ended(event, { kind: "again" });
      }
    }, this.#parts.settings.retryDelay);
    event.timer.unref();
  }

  #warn(event: EventInHand, { reason, node, ...ending }: GivingUp): void {
    const { mode, name } = this.#parts.settings.queue;
    // What leaves a dead-letter queue by hand is no incident: it goes back to its own queue.
    if (isDeadLetter(event.delivery)) {
      return;
    }
    if (mode !== "own" && !this.#warnedOfLoss) {
      this.#warnedOfLoss = true;
      this.#parts.log.warn(`rejects-${mode}`, { queue: name });
    }
    // One fact, one line.
    if (!("isSaid" in ending)) {
      this.#last = { reason, node, attempts: event.attempt };
      this.#gaveUpWarning.happened();
    }
  }

  #giveUp(event: EventInHand, reason: string, node: string): void {
    event.phase = "ending";
    const givenUp = { reason, node, attempts: event.attempt };
    const copy = this.#parts.deadLetters.give(event.delivery, givenUp, this.#parts.isQueueOurs());
    this.whenCopied(copy, "hold", (how) => {
      if (how === "hold") {
        this.#giveUpLater(event);
        return;
      }
      this.#stuck = undefined;
      this.settle(event, how);
      this.#parts.gaveUp();
    });
  }

  /** Nothing is safe yet. It keeps its place, so that not all of the queue comes to wait here. */
  #giveUpLater(event: EventInHand): void {
    const { deadLetters, settings } = this.#parts;
    this.#stuck = deadLetters.trouble ?? deadLetterName(settings.queue.name);
    this.#stuckWarning.happened();
    event.phase = "stuck";
    event.timer = setTimeout(() => {
      event.phase = "ended";
      if (event.delivery.isOpen) {
        event.inCharge.carryOut(event);
      } else {
        event.inCharge.left(event);
      }
    }, AGAIN_MS);
    event.timer.unref();
  }
}
