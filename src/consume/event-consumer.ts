/**
 * What all in-nodes are at run time: a delivery comes in, is filtered, decoded, sent out of the output of its
 * status, and settled when its flow has finished (or at once, or by hand). What the broker repeats although the
 * flow still has it is known again and changes nothing. Enters: settings and a broker. Leaves: messages, and
 * what a status is made of. It never touches Node-RED itself: `ConsumerHost` does.
 */
import type { Broker } from "../amqp/broker";
import { now } from "../amqp/clock";
import { Copies, exchangeOf } from "../amqp/copies";
import { DeadLetters } from "../amqp/dead-letters";
import type { Delivery } from "../amqp/delivery";
import { needsSomebody } from "../amqp/fault";
import type { NodeLog } from "../amqp/log";
import { type Aside, deadLetterName, leaveQueue } from "../amqp/queue";
import { RetryQueue } from "../amqp/retry-queue";
import type { Lease } from "../amqp/shared-connection";
import { type Finding, Subscription, type SubscriptionState } from "../amqp/subscription";
import { ThrottledWarning } from "../amqp/throttled-warning";
import type { Told } from "../amqp/told";
import type { Outcome } from "../completion/run";
import type { CompletionTracker } from "../completion/tracker";
import type { Recognised, Unrecognised } from "../regards/event";
import type { Service } from "../regards/services";
import type { RegardsSystem } from "../regards/system";
import { Endings } from "./endings";
import type { Ending, EventInHand, InCharge } from "./event-in-hand";
import type { EventMemory } from "./event-memory";
import { select } from "./filter";
import type { FlowsState } from "./flows-state";
import { type EventMessage, eventMessage } from "./message";
import { ReceivedAt } from "./received-at";
import type { ConsumerSettings } from "./settings";
import type { ConsumerView } from "./view";

/** The Node-RED node, as far as a consumer needs it. */
export interface ConsumerHost {
  readonly log: NodeLog;
  newMessageId(): string;
  /** Where the wires of an output lead now: to nothing, only to nodes that do not run, or to one that does. */
  leadsTo(output: number): "nowhere" | "stopped" | "running";
  /** A node at that output that does not run, in words. */
  stoppedNode(output: number): string;
  send(output: number, message: EventMessage): void;
  /** What `view` shows has changed. */
  changed(): void;
  debug(words: string): void;
  /** Words of the status, for the log: a cause, a part of a sentence. */
  words(key: string): string;
}

/** What a consumer is made of. */
export interface ConsumerParts {
  readonly service: Service;
  readonly settings: ConsumerSettings;
  readonly system: RegardsSystem;
  readonly broker: Broker;
  /** What this process knows of the node's events from its earlier lives. */
  readonly memory: EventMemory;
  /** Only where events are settled when the flow has finished. */
  readonly tracker: CompletionTracker | undefined;
  readonly flows: FlowsState;
  /** True where the process before this one ended without a word. */
  readonly hasDied: boolean;
  readonly host: ConsumerHost;
}

/** Milliseconds; Node-RED gives a node 15 s to close. */
const GRACE_MS = 5_000;
const CLOSE_MS = 2_000;

/** Who holds an event is named after so long. */
const TELL_HOLDER_MS = 60_000;

const DAY_MS = 24 * 60 * 60 * 1000;

/** An event that was in hand at so many ends of the process is taken for the cause of them. */
const MOST_DEATHS = 10;

export class EventConsumer implements InCharge {
  readonly #parts: ConsumerParts;
  readonly #lease: Lease;
  readonly #aside: Aside;
  readonly #copies: Copies | undefined;
  readonly #retryQueue: RetryQueue | undefined;
  readonly #subscription: Subscription;
  readonly #endings: Endings;
  readonly #receivedAt = new ReceivedAt();
  readonly #watchdog: NodeJS.Timeout;
  readonly #prefix: string;
  readonly #counters = { received: 0, filtered: 0, accepted: 0, rejected: 0, retried: 0, unrecognised: 0 };
  readonly #unwiredWarning: ThrottledWarning;
  readonly #linkWarning: ThrottledWarning;
  readonly #heldWarning: ThrottledWarning;
  readonly #verdictWarning: ThrottledWarning;
  readonly #surpriseWarning: ThrottledWarning;
  readonly #stopListening: () => void;
  readonly #stopFollowing: () => void;
  /** What there is to say when a throttled warning speaks. */
  #said: Record<string, string | number> = {};
  #announced: string | undefined;
  #finding: Finding = { otherReaders: 0, deadLetters: 0, differs: undefined };
  #toldOf = new Set<string>();
  /** Came while the flows did not run, or while this one closed; to be offered later, or to be given back. */
  readonly #untouched: Delivery[] = [];
  /** Events beyond what the flow may hold: it still has some that the broker gave out once more. */
  readonly #queued: EventInHand[] = [];
  #isPaused = false;
  #isClosing = false;
  #sequence = 0;
  #emptied: (() => void) | undefined;

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
    const { settings, broker, host, flows, memory, tracker } = parts;
    const { log } = host;
    const { queue } = settings;
    this.#prefix = host.newMessageId();
    this.#unwiredWarning = this.#throttled("unrecognised-unwired", { queue: queue.name });
    this.#linkWarning = this.#throttled("unusable-link", {});
    this.#heldWarning = new ThrottledWarning(() => log.warn("held-day", this.#said), DAY_MS);
    this.#verdictWarning = new ThrottledWarning(() => log.warn("unknown-verdict"));
    this.#surpriseWarning = new ThrottledWarning(() => log.warn("surprise", this.#said));
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
      log,
      counters: this.#counters,
      deadLetters: new DeadLetters(queue, this.#aside, this.#copies),
      retryQueue: this.#retryQueue,
      isQueueOurs: () => this.#finding.differs === undefined,
      trouble: () => this.#copies?.fault?.detail ?? (queue.mode === "own" ? deadLetterName(queue.name) : ""),
      removed: (event) => this.#remove(event),
      gaveUp: () => {
        if (queue.mode === "own") {
          this.#finding = { ...this.#finding, deadLetters: this.#finding.deadLetters + 1 };
        }
        host.changed();
      },
    });
    this.#subscription = new Subscription(
      connection,
      { queue, prefetch: settings.maxInFlight },
      {
        delivered: (delivery) => this.#delivered(delivery),
        lost: (deliveries, told) => this.#lost(deliveries, told),
        changed: (state) => this.#changed(state),
        found: (finding) => this.#found(finding),
        surprised: (error) => this.#surprised(error),
      },
    );
    this.#stopListening = connection.onState(() => host.changed());
    this.#stopFollowing = flows.onChange(() => this.#followFlows());
    const beat = Math.min(15_000, Math.max(100, settings.deadline / 20));
    this.#watchdog = setInterval(() => this.#watch(), beat);
    this.#watchdog.unref();
    tracker?.acquire();
    this.#subscription.start();
  }

  /** The name of its queue at the broker. */
  get queueName(): string {
    return this.#subscription.queueName;
  }

  /** Removes nothing, and tells the broker nothing, that a message wired back does not ask for. */
  decideByHand(deliveryId: unknown, verdict: unknown): void {
    const event = typeof deliveryId === "string" ? this.#parts.memory.events.get(deliveryId) : undefined;
    const { log, debug } = this.#parts.host;
    if (event?.phase !== "flow") {
      debug(`No open delivery has the id ${String(deliveryId)}; the verdict changes nothing.`);
      if (typeof deliveryId !== "string") {
        this.#verdictWarning.happened();
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
        log.warn("bad-verdict", { value: String(verdict).slice(0, 100) });
    }
  }

  /** Stops taking deliveries, lets the flow finish for a moment, and gives the rest back to the broker. */
  async close(removed: boolean): Promise<void> {
    // The nodes behind this one may be closed already: what comes now goes back, untouched, with the channel.
    this.#isClosing = true;
    this.#stopFollowing();
    await this.#subscription.cancel(CLOSE_MS);
    await this.#drain();
    clearInterval(this.#watchdog);
    const { memory, tracker, flows, settings } = this.#parts;
    const byHand = settings.settle === "manual";
    for (const event of this.#mine()) {
      const isUntouched = event.phase === "queued" || event.phase === "stopped";
      if (event.ending === undefined && (isUntouched || (byHand && flows.isFullStop))) {
        event.ending = { kind: "again" };
      }
      memory.expect(event);
      event.delivery.settle("return");
      if (event.ending !== undefined) {
        memory.remove(event);
      }
    }
    await this.#subscription.close(CLOSE_MS);
    this.#stopListening();
    await this.#copies?.close(CLOSE_MS);
    // A deploy of other nodes lets the runs go on, and their outcomes are still to be heard.
    memory.afterRuns(() => tracker?.release());
    if (removed) {
      await this.leave();
    }
    await this.#lease.release();
  }

  /** Leaves its own queue for good: the node was deleted, or reads another queue now. */
  async leave(): Promise<void> {
    const { queue } = this.#parts.settings;
    if (queue.mode !== "own" || !this.#lease.connection.isUp) {
      return;
    }
    try {
      const left = await leaveQueue(this.#aside, queue);
      if (left.kind === "kept") {
        this.#parts.host.log.info("queue-kept", { queue: queue.name, waiting: left.waiting });
      }
    } catch {
      // Out of reach: it expires by itself.
    }
  }

  /** What can be seen of it now. */
  get view(): ConsumerView {
    const { memory, settings, flows } = this.#parts;
    const { otherReaders, deadLetters, differs } = this.#finding;
    const stopped = this.#stoppedNode();
    const held = this.#heldLongest();
    const { stuck } = this.#endings;
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
      ...(stopped === undefined ? {} : { stoppedNode: stopped }),
      ...(held === undefined ? {} : { held }),
    };
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
    this.#offerAgain(event);
  }

  #throttled(key: string, values: Readonly<Record<string, string>>): ThrottledWarning {
    const { log } = this.#parts.host;
    return new ThrottledWarning((also) => log.warn(also > 0 ? `${key}-also` : key, { ...values, also }));
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

  #remove(event: EventInHand): void {
    this.#parts.memory.remove(event);
    this.#offerQueued();
    this.#emptied?.();
    this.#parts.host.changed();
  }

  /** The flows stop, run again, or have not run for some time. */
  #followFlows(): void {
    const { flows, host } = this.#parts;
    if (flows.pausedBy !== undefined && !this.#isPaused) {
      this.#isPaused = true;
      host.log.warn("paused", { cause: host.words(`pause.${flows.pausedBy}`) });
      for (const delivery of this.#untouched.splice(0)) {
        delivery.settle("return");
      }
      void this.#subscription.pause();
    }
    if (flows.isRunning) {
      if (this.#isPaused) {
        this.#isPaused = false;
        host.log.info("resumed-flows");
        this.#subscription.resume();
      }
      for (const delivery of this.#untouched.splice(0)) {
        if (delivery.isOpen) {
          this.#delivered(delivery);
        }
      }
      for (const event of this.#mine()) {
        if (event.phase === "stopped") {
          this.#offerAgain(event);
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
      this.#surprised(error);
      const event = this.#mine().find((each) => each.delivery === delivery) ?? this.#inHand(delivery, 1);
      this.ended(event, { kind: "give-up", reason: reasonOf(error), node: this.#parts.service.name });
    }
  }

  #take(delivery: Delivery): void {
    const { flows, memory, service, settings, system, hasDied } = this.#parts;
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
    const event = this.#inHand(delivery, known?.event.attempt, known?.event.redelivered);
    const isUnknown = delivery.redelivered && known === undefined;
    if (isUnknown && hasDied && this.#retryQueue !== undefined) {
      this.#countDeath(event, this.#retryQueue, decoded);
      return;
    }
    this.#admit(event, decoded);
  }

  /** @param attempt which one it is known to be; else the message says so itself */
  #inHand(delivery: Delivery, attempt?: number, seenBefore?: boolean): EventInHand {
    const history = this.#retryQueue?.history(delivery) ?? { attempts: 0, deaths: 0 };
    const event: EventInHand = {
      id: `${this.#prefix}.${++this.#sequence}`,
      delivery,
      attempt: attempt ?? history.attempts + 1,
      deaths: history.deaths,
      redelivered: seenBefore ?? (delivery.redelivered || history.deaths > 0),
      since: now(),
      takenUpAt: now(),
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
      this.#offerAgain(event);
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
      this.#parts.host.log.warn("process-deaths", { deaths });
      const reason = `It was in the hands of Node-RED at ${deaths} ends of the process.`;
      this.ended(event, { kind: "give-up", reason, node: this.#parts.service.name });
      return;
    }
    event.phase = "ending";
    void queue.again(event.delivery, { attempts: event.attempt - 1, deaths }).then((isWithBroker) => {
      if (isWithBroker) {
        this.#endings.settle(event, "accept");
      } else if (event.delivery.isOpen) {
        this.#admit(event, decoded);
      } else {
        this.ended(event, { kind: "again" });
      }
    });
  }

  #admit(event: EventInHand, decoded: Recognised | Unrecognised): void {
    const { events } = this.#parts.memory;
    if (events.size - this.#queued.length > this.#parts.settings.maxInFlight) {
      event.phase = "queued";
      this.#queued.push(event);
      return;
    }
    this.#offer(event, decoded);
  }

  #offerQueued(): void {
    const { memory, settings } = this.#parts;
    while (this.#queued.length > 0 && memory.events.size - this.#queued.length < settings.maxInFlight) {
      const event = this.#queued.shift();
      if (event?.delivery.isOpen && event.ending === undefined) {
        this.#offerAgain(event);
      } else if (event !== undefined) {
        this.ended(event, { kind: "again" });
      }
    }
  }

  /** Decoded anew: what was decoded before the flow may have changed. */
  #offerAgain(event: EventInHand): void {
    const { service, settings, system } = this.#parts;
    const decoded = select(event.delivery, service, settings, system);
    event.phase = "flow";
    event.since = now();
    if (decoded === undefined) {
      // The filter has been changed meanwhile.
      this.ended(event, { kind: "settled", verdict: "accept" });
      return;
    }
    try {
      this.#offer(event, decoded);
    } catch (error) {
      this.#surprised(error);
      this.ended(event, { kind: "give-up", reason: reasonOf(error), node: service.name });
    }
  }

  #offer(event: EventInHand, decoded: Recognised | Unrecognised): void {
    const { host, service, settings, tracker } = this.#parts;
    const output = decoded.recognised ? decoded.output : service.statuses.length;
    event.phase = "flow";
    switch (host.leadsTo(output)) {
      case "stopped":
        event.phase = "stopped";
        return;
      case "nowhere":
        if (decoded.recognised) {
          this.ended(event, { kind: "settled", verdict: "accept" });
          return;
        }
        this.#unwiredWarning.happened();
        this.ended(event, {
          kind: "give-up",
          reason: `${decoded.code}: ${decoded.message}`,
          node: service.name,
        });
        return;
      case "running":
        break;
    }
    if (decoded.recognised && decoded.unusableLink) {
      this.#linkWarning.happened();
    }
    const message = this.#messageOf(event, decoded);
    const send = (): void => host.send(output, message);
    if (tracker !== undefined) {
      event.run = tracker.track(message, send, (outcome) => event.inCharge.ended(event, endingOf(outcome)), {
        notWaitedFor: settings.notWaitedFor,
      });
      return;
    }
    send();
    if (settings.settle === "handed") {
      this.ended(event, { kind: "settled", verdict: "accept" });
    }
  }

  #messageOf(event: EventInHand, decoded: Recognised | Unrecognised): EventMessage {
    const { service, settings } = this.#parts;
    const { queue } = settings;
    const { delivery } = event;
    const { headers, properties } = delivery;
    return eventMessage(
      decoded,
      {
        headers,
        properties,
        redelivered: event.redelivered,
        exchange: queue.mode === "own" ? exchangeOf(delivery, queue) : delivery.exchange,
      },
      {
        messageId: event.id,
        receivedAt: this.#receivedAt.now(),
        service: service.name,
        queue: this.queueName,
        attempt: event.attempt,
        deliveryId: event.id,
      },
    );
  }

  /** The broker has them again and gives them out again; what the flow has of them goes on. */
  #lost(deliveries: readonly Delivery[], told: readonly Told[]): void {
    const { memory, settings, host } = this.#parts;
    if (settings.queue.mode === "temporary") {
      // It went with the connection, and nothing of it comes again.
      if (deliveries.length > 0) {
        host.log.warn("temporary-lost");
      }
      for (const event of this.#mine()) {
        event.ending = { kind: "again" };
        this.#remove(event);
      }
      return;
    }
    const gone = new Set(deliveries);
    for (const event of this.#mine()) {
      if (gone.has(event.delivery)) {
        memory.expect(event);
      }
    }
    memory.expectTold(told);
    host.changed();
  }

  /**
   * RabbitMQ closes a channel that has waited too long for one delivery (30 min by default). So it is given back
   * before and taken up again at once; the flow goes on and sees nothing of it.
   */
  #watch(): void {
    const { memory, settings, host } = this.#parts;
    const time = now();
    for (const event of this.#mine()) {
      if (event.phase === "ending" || !event.delivery.isOpen || time - event.takenUpAt < settings.deadline) {
        continue;
      }
      const failure = event.run?.failure;
      if (failure?.kind === "failed") {
        this.ended(event, endingOf(failure));
        continue;
      }
      if (event.phase === "flow") {
        this.#said = {
          duration: durationOf(time - event.since),
          node: event.run?.heldBy || host.words("the-flow"),
        };
        this.#heldWarning.happened();
      }
      memory.expect(event);
      event.delivery.settle("return");
    }
    host.changed();
  }

  #heldLongest(): ConsumerView["held"] {
    const { memory, settings } = this.#parts;
    const least = Math.min(TELL_HOLDER_MS, settings.deadline / 2);
    let longest: EventInHand | undefined;
    for (const event of memory.events.values()) {
      if (event.phase === "flow" && (longest === undefined || event.since < longest.since)) {
        longest = event;
      }
    }
    const age = longest === undefined ? 0 : now() - longest.since;
    if (longest === undefined || age < least) {
      return undefined;
    }
    return { minutes: Math.round(age / 60_000), by: longest.run?.heldBy ?? "" };
  }

  #stoppedNode(): string | undefined {
    const { memory, host, service, settings, system } = this.#parts;
    for (const { phase, delivery } of memory.events.values()) {
      if (phase === "stopped") {
        const decoded = select(delivery, service, settings, system);
        return host.stoppedNode(decoded?.recognised ? decoded.output : service.statuses.length);
      }
    }
    return undefined;
  }

  #found(finding: Finding): void {
    const { settings, host } = this.#parts;
    const queue = settings.queue.name;
    this.#finding = finding;
    if (finding.otherReaders > 0) {
      this.#once("shared-queue", { queue, count: finding.otherReaders });
    } else {
      this.#toldOf.delete("shared-queue");
    }
    if (finding.differs !== undefined) {
      this.#once("queue-as-it-is", { queue, argument: finding.differs });
    }
    host.changed();
  }

  #once(key: string, values: Readonly<Record<string, string | number>>): void {
    if (!this.#toldOf.has(key)) {
      this.#toldOf.add(key);
      this.#parts.host.log.warn(key, values);
    }
  }

  #changed(state: SubscriptionState): void {
    const { settings, host } = this.#parts;
    const queue = settings.queue.name;
    const fault = state.phase === "waiting" || state.phase === "unbound" ? state.fault : undefined;
    const known = this.#announced;
    // One line when it breaks; another one only when it turns out that somebody has to do something.
    if (fault !== undefined && (known === undefined || (known !== fault.code && needsSomebody(fault.code)))) {
      this.#announced = fault.code;
      if (fault.code === "exchange-missing") {
        host.log.warn("exchange-missing-cost", { exchange: fault.subject ?? "" });
      } else if (fault.code === "stream") {
        host.log.warn("stream-refused", { queue });
      } else {
        host.log.warn("waiting", { queue, detail: fault.detail });
      }
    } else if (state.phase === "consuming" && this.#announced !== undefined) {
      this.#announced = undefined;
      host.log.info("resumed", { queue });
    }
    host.changed();
  }

  #surprised(error: unknown): void {
    this.#said = { detail: reasonOf(error) };
    this.#surpriseWarning.happened();
  }
}

function endingOf(outcome: Outcome): Ending {
  switch (outcome.kind) {
    case "finished":
      return { kind: "settled", verdict: "accept" };
    case "abandoned":
      return { kind: "again" };
    case "failed":
      return { kind: "failed", reason: outcome.reason, node: outcome.node };
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** In minutes up to two hours, then in hours. */
function durationOf(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
