/**
 * What becomes of a delivery: it belongs to an event that the flow, or this process, still knows; or it is a new
 * event, which is filtered and offered to the flow. Enters: deliveries. Leaves: events in hand, each once, however
 * often the broker repeats them. It must never let an exception end a delivery in silence.
 */
import { now } from "../amqp/clock";
import { copyId } from "../amqp/copies";
import type { Delivery } from "../amqp/delivery";
import { deadLetterName } from "../amqp/queue";
import { NO_HISTORY, type RetryQueue } from "../amqp/retry-queue";
import { text } from "../regards/event";
import type { ConsumerLog } from "./consumer-log";
import type { Endings } from "./endings";
import type { EventInHand, InCharge } from "./event-in-hand";
import { judge } from "./filter";
import type { Seen } from "./last-event";
import { type Offering, reasonOf } from "./offering";
import type { ConsumerParts } from "./parts";

/** What deliveries are counted in. */
export interface DeliveryCounters {
  received: number;
  redelivered: number;
  filtered: number;
  unrecognised: number;
}

/** What it needs of its consumer. */
export interface DeliveriesParts {
  readonly consumer: ConsumerParts;
  readonly inCharge: InCharge;
  readonly offering: Offering;
  readonly endings: Endings;
  /** Only an own queue has one. */
  readonly retryQueue: RetryQueue | undefined;
  readonly log: ConsumerLog;
  readonly counters: DeliveryCounters;
  readonly seen: Seen;
}

/** An event that was in hand at so many deaths of the process is taken for the cause of them. */
const MOST_DEATHS = 10;

export class Deliveries {
  readonly #parts: DeliveriesParts;
  readonly #prefix: string;
  #sequence = 0;

  constructor(parts: DeliveriesParts) {
    this.#parts = parts;
    this.#prefix = parts.consumer.host.newMessageId();
  }

  /** Whatever is thrown here would end the delivery in silence, its place taken for ever. */
  delivered(delivery: Delivery): void {
    try {
      this.#take(delivery);
    } catch (error) {
      const { consumer, inCharge, log } = this.#parts;
      log.surprised(error);
      const events = [...consumer.memory.events.values()];
      const event = events.find((each) => each.delivery === delivery) ?? this.#inHand(delivery);
      const node = consumer.service.name;
      inCharge.ended(event, { kind: "give-up", reason: reasonOf(error), node, isSaid: true });
    }
  }

  #take(delivery: Delivery): void {
    const { consumer, counters, offering, seen } = this.#parts;
    const { memory, service, settings, system, hasDied } = consumer;
    counters.received += 1;
    counters.redelivered += delivery.redelivered ? 1 : 0;
    consumer.host.changed();
    // Copies of ours have ids, so that they need no mark: a classic queue forgets it when its broker is killed.
    const known = delivery.redelivered || this.#isCopy(delivery) ? memory.recognise(delivery) : undefined;
    if (known !== undefined && "verdict" in known) {
      delivery.settle(known.verdict);
      return;
    }
    if (known !== undefined && known.event.ending?.kind !== "again") {
      this.#renew(known.event, delivery);
      return;
    }
    if (this.#isRepeatedCopy(delivery)) {
      delivery.settle("accept");
      return;
    }
    seen.came(text(delivery.headers["regards.tenant"]));
    const decoded = judge(delivery, service, settings, system);
    if (typeof decoded === "string") {
      counters.filtered += 1;
      seen.unwanted(decoded);
      if (decoded === "correlation") {
        seen.told(text(delivery.properties.correlationId));
      }
      delivery.settle("accept");
      return;
    }
    seen.wanted(decoded, delivery);
    if (!decoded.recognised) {
      counters.unrecognised += 1;
    }
    const event = this.#inHand(delivery, known?.event);
    const isUnknown = delivery.redelivered && known === undefined;
    if (isUnknown && hasDied && this.#parts.retryQueue !== undefined) {
      this.#countDeath(event, this.#parts.retryQueue);
    } else {
      offering.admit(event, decoded);
    }
  }

  /** @param before what this process knows of it, where its nodes were stopped; else the message says so itself */
  #inHand(delivery: Delivery, before?: EventInHand): EventInHand {
    const { consumer, inCharge, retryQueue } = this.#parts;
    const history = retryQueue?.history(delivery) ?? NO_HISTORY;
    const time = now();
    const event: EventInHand = {
      id: `${this.#prefix}.${++this.#sequence}`,
      delivery,
      attempt: before?.attempt ?? history.attempts + 1,
      deaths: history.deaths,
      redelivered: before?.redelivered ?? (delivery.redelivered || history.redelivered),
      since: time,
      takenUpAt: time,
      phase: "queued",
      output: 0,
      run: undefined,
      timer: undefined,
      inCharge,
      ending: undefined,
    };
    consumer.memory.events.set(event.id, event);
    return event;
  }

  /** The flow has this event still, or its ending is known: only the delivery to settle is another one. */
  #renew(event: EventInHand, delivery: Delivery): void {
    // An old one that is still open came from a queue that has moved: settled, it is no longer waited for.
    event.delivery.settle("return");
    event.delivery = delivery;
    event.takenUpAt = now();
    event.inCharge = this.#parts.inCharge;
    this.#parts.consumer.memory.events.set(event.id, event);
    if (event.phase === "ended") {
      this.#parts.endings.carryOut(event);
    }
  }

  /** It was published by this package, and has an id of its own. */
  #isCopy({ exchange, properties }: Delivery): boolean {
    const { queue } = this.#parts.consumer.settings;
    const isOurs = queue.mode === "own" && exchange === deadLetterName(queue.name);
    return isOurs && typeof properties.messageId === "string";
  }

  /** A copy whose confirm was lost was published twice, or its original was tried again in its stead. */
  #isRepeatedCopy(delivery: Delivery): boolean {
    if (!this.#isCopy(delivery)) {
      return false;
    }
    const { memory } = this.#parts.consumer;
    const isDisowned = memory.isDisowned(String(delivery.properties.messageId));
    return isDisowned || (!delivery.redelivered && memory.isRepeatedCopy(copyId(delivery)));
  }

  /**
   * The process before this one died with the event in hand. A copy that counts the deaths goes to the end of the
   * queue first, so that one that is deadly each time can be told from one that had bad luck.
   */
  #countDeath(event: EventInHand, queue: RetryQueue): void {
    const { inCharge, endings, log, consumer } = this.#parts;
    const deaths = event.deaths + 1;
    if (deaths >= MOST_DEATHS) {
      log.processDeaths(deaths);
      const reason = `It was in the hands of Node-RED at ${deaths} deaths of the process.`;
      inCharge.ended(event, { kind: "give-up", reason, node: consumer.service.name, isSaid: true });
      return;
    }
    event.phase = "ending";
    const copy = queue.again(event.delivery, { attempts: event.attempt - 1, deaths, redelivered: true });
    endings.whenCopied(copy, false, (isWithBroker) => {
      if (isWithBroker) {
        endings.settle(event, "accept");
      } else if (event.delivery.isOpen) {
        event.inCharge.isDue(event);
      } else {
        event.inCharge.ended(event, { kind: "again" });
      }
    });
  }
}
