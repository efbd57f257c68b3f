/**
 * What all in-nodes are at run time: a delivery comes in, is filtered, decoded, offered to the flow, and settled
 * when its flow has finished (or at once, or by hand). What the broker repeats although the flow still has it is
 * known again and changes nothing. Enters: settings and a broker. Leaves: messages, and what a status is made of.
 * It never touches Node-RED itself: `ConsumerHost` does.
 */
import { now } from "../amqp/clock";
import { Copies } from "../amqp/copies";
import { DeadLetters } from "../amqp/dead-letters";
import { withDeadline } from "../amqp/deadline";
import type { Delivery } from "../amqp/delivery";
import { type Aside, deadLetterName, leaveQueue } from "../amqp/queue";
import { RetryQueue } from "../amqp/retry-queue";
import type { Lease } from "../amqp/shared-connection";
import { type Finding, Subscription } from "../amqp/subscription";
import type { Told } from "../amqp/told";
import type { Recognised, Unrecognised } from "../regards/event";
import { ConsumerLog } from "./consumer-log";
import { heldLongest, renewHeld } from "./deadline";
import { Endings } from "./endings";
import type { Ending, EventInHand, InCharge } from "./event-in-hand";
import { select } from "./filter";
import { Offering, reasonOf } from "./offering";
import type { ConsumerParts } from "./parts";
import type { ConsumerView } from "./view";

/** Milliseconds; Node-RED gives a node 15 s to close. */
const GRACE_MS = 5_000;
const CLOSE_MS = 1_500;

/** An event that was in hand at so many deaths of the process is taken for the cause of them. */
const MOST_DEATHS = 10;

export class EventConsumer implements InCharge {
  readonly #parts: ConsumerParts;
  readonly #lease: Lease;
  readonly #aside: Aside;
  readonly #copies: Copies | undefined;
  readonly #retryQueue: RetryQueue | undefined;
  readonly #subscription: Subscription;
  readonly #endings: Endings;
  readonly #offering: Offering;
  readonly #log: ConsumerLog;
  readonly #watchdog: NodeJS.Timeout;
  readonly #prefix: string;
  readonly #counters = { received: 0, filtered: 0, accepted: 0, rejected: 0, retried: 0, unrecognised: 0 };
  readonly #stopListening: () => void;
  readonly #stopFollowing: () => void;
  #finding: Finding = { otherReaders: 0, deadLetters: 0, differs: undefined };
  /** Came while the flows did not run, or while this one closed; to be offered later, or to be given back. */
  readonly #untouched: Delivery[] = [];
  #isPaused = false;
  #isClosing = false;
  #sequence = 0;
  #emptied: (() => void) | undefined;

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
    const { settings, broker, host, flows, memory, tracker } = parts;
    const { queue } = settings;
    this.#prefix = host.newMessageId();
    this.#log = new ConsumerLog(host, queue.name);
    this.#lease = broker.lease("consume");
    const { connection } = this.#lease;
    this.#aside = (work) => connection.aside(work, "the queue's answer");
    if (queue.mode === "own") {
      this.#copies = new Copies(
        queue,
        () => broker.lease("publish"),
        () => host.changed(),
      );
      this.#retryQueue = new RetryQueue(queue, this.#aside, this.#copies);
    }
    this.#endings = new Endings({
      settings,
      memory,
      log: host.log,
      counters: this.#counters,
      deadLetters: new DeadLetters(queue, this.#aside, this.#copies),
      retryQueue: this.#retryQueue,
      isQueueOurs: () => this.#finding.differs === undefined,
      trouble: () => this.#copies?.fault?.detail ?? deadLetterName(queue.name),
      removed: (event) => this.#remove(event),
      gaveUp: () => this.#gaveUp(),
    });
    this.#subscription = new Subscription(
      connection,
      { queue, prefetch: settings.maxInFlight },
      {
        delivered: (delivery) => this.#delivered(delivery),
        lost: (deliveries, told) => this.#lost(deliveries, told),
        changed: (state) => {
          this.#log.changed(state);
          host.changed();
        },
        found: (finding) => {
          this.#finding = finding;
          this.#log.found(finding);
          host.changed();
        },
        surprised: (error) => this.#log.surprised(error),
      },
    );
    this.#offering = new Offering(parts, this.#log, () => this.#subscription.queueName);
    this.#stopListening = connection.onState(() => host.changed());
    this.#stopFollowing = flows.onChange(() => this.#followFlows());
    const beat = Math.min(15_000, Math.max(100, settings.deadline / 20));
    this.#watchdog = setInterval(() => {
      renewHeld(this.#mine(), settings.deadline, memory, this.#log);
      host.changed();
    }, beat);
    this.#watchdog.unref();
    tracker?.acquire();
    this.#subscription.start();
  }

  /** What can be seen of it now. */
  get view(): ConsumerView {
    const { memory, settings, flows } = this.#parts;
    const { otherReaders, deadLetters, differs } = this.#finding;
    const { stoppedNode } = this.#offering;
    const { stuck } = this.#endings;
    const held = heldLongest(memory, settings.deadline);
    return {
      connection: this.#lease.connection.state,
      subscription: this.#subscription.state,
      inFlight: memory.events.size,
      maxInFlight: settings.maxInFlight,
      counters: this.#counters,
      deadLetters,
      otherReaders,
      ...(flows.pausedBy === undefined ? {} : { paused: flows.pausedBy }),
      ...(differs === undefined ? {} : { usedAsItIs: differs }),
      ...(stuck === undefined ? {} : { givingUp: { reason: stuck } }),
      ...(stoppedNode === undefined ? {} : { stoppedNode }),
      ...(held === undefined ? {} : { held }),
    };
  }

  /**
   * A verdict by hand: any message derived from an event, with `settle` = accept (the default), retry or reject.
   * It counts for the newest delivery of the event, and once.
   */
  decideByHand(deliveryId: unknown, verdict: unknown): void {
    const event = typeof deliveryId === "string" ? this.#parts.memory.events.get(deliveryId) : undefined;
    if (event?.phase !== "flow") {
      this.#parts.host.debug(
        `No open delivery has the id ${String(deliveryId)}; the verdict changes nothing.`,
      );
      if (typeof deliveryId !== "string") {
        this.#log.unknownVerdict();
      }
      return;
    }
    const node = this.#parts.service.name;
    switch (verdict ?? "accept") {
      case "accept":
        this.ended(event, { kind: "settled", verdict: "accept" });
        return;
      case "retry":
        this.ended(event, { kind: "failed", reason: "the flow asked for another attempt", node });
        return;
      case "reject":
        this.ended(event, { kind: "give-up", reason: "rejected by the flow", node });
        return;
      default:
        this.#log.badVerdict(verdict);
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
    event.ending = ending;
    if (event.delivery.isOpen) {
      this.#endings.carryOut(event);
    } else {
      this.#remove(event);
    }
  }

  isDue(event: EventInHand): void {
    if (!this.#parts.flows.isRunning) {
      event.phase = "stopped";
    } else if (!this.#isClosing) {
      this.#offering.again(event);
    }
  }

  /** Stops taking deliveries, lets the flow finish for a moment, and gives the rest back to the broker. */
  async close(removed: boolean): Promise<void> {
    // The nodes behind this one may be closed already: what comes now goes back, untouched, with the channel.
    this.#isClosing = true;
    this.#stopFollowing();
    await Promise.all([this.#subscription.cancel(CLOSE_MS), this.#drain()]);
    clearInterval(this.#watchdog);
    this.#giveBack();
    await this.#subscription.close(CLOSE_MS);
    this.#stopListening();
    await this.#copies?.close(CLOSE_MS);
    // A deploy of other nodes lets the runs go on, and their outcomes are still to be heard.
    this.#parts.memory.afterRuns(() => this.#parts.tracker?.release());
    if (removed) {
      await this.#leaveQueue();
    }
    await this.#lease.release();
  }

  /** The events this life of the node is in charge of. */
  #mine(): EventInHand[] {
    return [...this.#parts.memory.events.values()].filter(({ inCharge }) => inCharge === this);
  }

  /** A person who decides by hand will not do so within seconds, nor is an attempt due. */
  async #drain(): Promise<void> {
    const isOver = (): boolean =>
      this.#mine().every(({ phase, run }) => phase !== "ending" && (phase !== "flow" || run === undefined));
    if (isOver()) {
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, GRACE_MS);
      this.#emptied = () => {
        if (isOver()) {
          clearTimeout(timer);
          resolve();
        }
      };
    });
  }

  /** What the flow still has is expected to come again: to the node's next life, if nodes behind it go on. */
  #giveBack(): void {
    const { memory, flows, settings } = this.#parts;
    const flowIsGone = settings.settle === "manual" && flows.isFullStop;
    for (const event of this.#mine()) {
      const isUntouched = event.phase === "queued" || event.phase === "stopped";
      if (event.ending === undefined && (isUntouched || flowIsGone)) {
        event.ending = { kind: "again" };
      }
      memory.expect(event);
      event.delivery.settle("return");
      if (event.ending !== undefined) {
        memory.remove(event);
      }
    }
  }

  /** The node was deleted: its own queue goes with it, unless somebody reads it or something waits in it. */
  async #leaveQueue(): Promise<void> {
    const { queue } = this.#parts.settings;
    if (queue.mode !== "own" || !this.#lease.connection.isUp) {
      return;
    }
    try {
      const left = await withDeadline(leaveQueue(this.#aside, queue), CLOSE_MS, "leaving the queue");
      if (left.kind === "kept") {
        this.#log.queueKept(left.waiting);
      }
    } catch {
      // Out of reach: it expires by itself.
    }
  }

  #remove(event: EventInHand): void {
    this.#parts.memory.remove(event);
    this.#offering.placeIsFree();
    this.#emptied?.();
    this.#parts.host.changed();
  }

  #gaveUp(): void {
    if (this.#parts.settings.queue.mode === "own") {
      this.#finding = { ...this.#finding, deadLetters: this.#finding.deadLetters + 1 };
    }
    this.#parts.host.changed();
  }

  /** The flows stop, run again, or have not run for some time. */
  #followFlows(): void {
    const { flows, host } = this.#parts;
    if (flows.pausedBy !== undefined && !this.#isPaused) {
      this.#isPaused = true;
      this.#log.paused(flows.pausedBy);
      // First no more of them: the broker would give out again at once what is given back.
      void this.#subscription.pause();
      for (const delivery of this.#untouched.splice(0)) {
        delivery.settle("return");
      }
    }
    if (flows.isRunning) {
      if (this.#isPaused) {
        this.#isPaused = false;
        this.#log.resumed();
        this.#subscription.resume();
      }
      for (const delivery of this.#untouched.splice(0)) {
        if (delivery.isOpen) {
          this.#delivered(delivery);
        }
      }
      for (const event of this.#mine()) {
        if (event.phase === "stopped") {
          this.#offering.again(event);
        }
      }
    }
    host.changed();
  }

  /** Whatever is thrown here would end the delivery in silence, its place taken for ever. */
  #delivered(delivery: Delivery): void {
    try {
      this.#take(delivery);
    } catch (error) {
      this.#log.surprised(error);
      const event = this.#mine().find((each) => each.delivery === delivery) ?? this.#inHand(delivery);
      this.ended(event, { kind: "give-up", reason: reasonOf(error), node: this.#parts.service.name });
    }
  }

  #take(delivery: Delivery): void {
    const { flows, memory, service, settings, system, hasDied } = this.#parts;
    if (this.#isPaused) {
      delivery.settle("return");
      return;
    }
    if (this.#isClosing || !flows.isRunning) {
      this.#untouched.push(delivery);
      return;
    }
    this.#counters.received += 1;
    this.#parts.host.changed();
    const known = delivery.redelivered ? memory.recognise(delivery) : undefined;
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
    const decoded = select(delivery, service, settings, system);
    if (decoded === undefined) {
      this.#counters.filtered += 1;
      delivery.settle("accept");
      return;
    }
    if (!decoded.recognised) {
      this.#counters.unrecognised += 1;
    }
    const event = this.#inHand(delivery, known?.event);
    const isUnknown = delivery.redelivered && known === undefined;
    if (isUnknown && hasDied && this.#retryQueue !== undefined) {
      this.#countDeath(event, this.#retryQueue, decoded);
    } else {
      this.#offering.admit(event, decoded);
    }
  }

  /** @param before what this process knows of it, where its nodes were stopped; else the message says so itself */
  #inHand(delivery: Delivery, before?: EventInHand): EventInHand {
    const history = this.#retryQueue?.history(delivery) ?? { attempts: 0, deaths: 0 };
    const time = now();
    const event: EventInHand = {
      id: `${this.#prefix}.${++this.#sequence}`,
      delivery,
      attempt: before?.attempt ?? history.attempts + 1,
      deaths: history.deaths,
      redelivered: before?.redelivered ?? (delivery.redelivered || history.deaths > 0),
      since: time,
      takenUpAt: time,
      phase: "flow",
      run: undefined,
      timer: undefined,
      inCharge: this,
      ending: undefined,
    };
    this.#parts.memory.events.set(event.id, event);
    return event;
  }

  /** The flow has this event still, or its ending is known: only the delivery to settle is another one. */
  #renew(event: EventInHand, delivery: Delivery): void {
    event.delivery.lose();
    event.delivery = delivery;
    event.takenUpAt = now();
    event.inCharge = this;
    this.#parts.memory.events.set(event.id, event);
    if (event.ending !== undefined) {
      this.#endings.carryOut(event);
    } else if (event.phase === "due") {
      this.#offering.again(event);
    }
  }

  /** A copy whose confirm was lost was published twice. */
  #isRepeatedCopy(delivery: Delivery): boolean {
    const { queue } = this.#parts.settings;
    const { messageId } = delivery.properties;
    return (
      queue.mode === "own" &&
      delivery.exchange === deadLetterName(queue.name) &&
      !delivery.redelivered &&
      typeof messageId === "string" &&
      this.#parts.memory.isRepeatedCopy(messageId)
    );
  }

  /**
   * The process before this one died with the event in hand. A copy that counts the deaths goes to the end of the
   * queue first, so that one that is deadly each time can be told from one that had bad luck.
   */
  #countDeath(event: EventInHand, queue: RetryQueue, decoded: Recognised | Unrecognised): void {
    const deaths = event.deaths + 1;
    if (deaths >= MOST_DEATHS) {
      this.#log.processDeaths(deaths);
      const reason = `It was in the hands of Node-RED at ${deaths} deaths of the process.`;
      this.ended(event, { kind: "give-up", reason, node: this.#parts.service.name });
      return;
    }
    event.phase = "ending";
    void queue.again(event.delivery, { attempts: event.attempt - 1, deaths }).then((isWithBroker) => {
      if (isWithBroker) {
        this.#endings.settle(event, "accept");
      } else if (event.delivery.isOpen) {
        this.#offering.admit(event, decoded);
      } else {
        this.ended(event, { kind: "again" });
      }
    });
  }

  /** The broker has them again and gives them out again; what the flow has of them goes on. */
  #lost(deliveries: readonly Delivery[], told: readonly Told[]): void {
    const { memory, settings, host } = this.#parts;
    const gone = new Set(deliveries);
    if (settings.queue.mode === "temporary") {
      // It went with the connection, and nothing of it comes again.
      for (const event of this.#mine().filter(({ delivery }) => gone.has(delivery))) {
        this.ended(event, { kind: "again" });
      }
      if (gone.size > 0) {
        this.#log.temporaryLost();
      }
    } else {
      for (const event of this.#mine()) {
        if (gone.has(event.delivery)) {
          memory.expect(event);
        }
      }
      memory.expectTold(told);
    }
    host.changed();
  }
}
