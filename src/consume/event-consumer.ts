/**
 * What all three in-nodes are at run time: a delivery comes in, is filtered, decoded, sent out of the
 * output of its status, and settled when its flow has finished (or at once, or by hand). Enters: settings
 * and a broker. Leaves: messages and a status. It never touches Node-RED itself: `ConsumerHost` does.
 */

import type { Broker } from "../amqp/broker";
import { type GivenUp, isCondemned } from "../amqp/dead-letter";
import type { Delivery } from "../amqp/delivery";
import { needsSomebody } from "../amqp/fault";
import type { NodeLog } from "../amqp/log";
import { deleteOwnQueue } from "../amqp/queue";
import type { Verdict } from "../amqp/settlements";
import type { Lease } from "../amqp/shared-connection";
import { Subscription, type SubscriptionState } from "../amqp/subscription";
import { ThrottledWarning } from "../amqp/throttled-warning";
import type { Restarts } from "../completion/restarts";
import type { Outcome, Run } from "../completion/run";
import type { CompletionTracker } from "../completion/tracker";
import type { Recognised, Unrecognised } from "../regards/event";
import type { Service } from "../regards/services";
import type { RegardsSystem } from "../regards/system";
import { Attempts } from "./attempts";
import { select } from "./filter";
import { type EventMessage, eventMessage } from "./message";
import { Stamp } from "./received-at";
import { Rejection } from "./rejection";
import type { ConsumerSettings } from "./settings";
import type { ConsumerView } from "./view";

/** The Node-RED node, as far as a consumer needs it. */
export interface ConsumerHost {
  readonly log: NodeLog;
  newMessageId(): string;
  isWired(output: number): boolean;
  send(output: number, message: EventMessage): void;
  /** What `view` shows has changed. */
  changed(): void;
  debug(words: string): void;
}

/** A delivery the flow has. */
interface Held {
  readonly id: string;
  readonly delivery: Delivery;
  readonly attempt: number;
  readonly since: number;
  run: Run | undefined;
  /** With the flow; failed and waiting for its next attempt; or on its way to the dead-letter queue. */
  phase: "flow" | "retry" | "rejecting";
  timer: NodeJS.Timeout | undefined;
}

/** Milliseconds; Node-RED gives a node 15 s to close. */
const GRACE_MS = 5_000;
const CLOSE_MS = 2_000;

export class EventConsumer {
  readonly #service: Service;
  readonly #settings: ConsumerSettings;
  readonly #system: RegardsSystem;
  /** Only where events are settled when the flow has finished. */
  readonly #tracker: CompletionTracker | undefined;
  readonly #host: ConsumerHost;
  readonly #lease: Lease;
  readonly #subscription: Subscription;
  readonly #attempts = new Attempts();
  readonly #stamp = new Stamp();
  readonly #held = new Map<string, Held>();
  readonly #watchdog: NodeJS.Timeout;
  readonly #prefix: string;
  readonly #counters = { received: 0, filtered: 0, accepted: 0, rejected: 0, retried: 0, unrecognised: 0 };
  readonly #unwiredWarning: ThrottledWarning;
  readonly #linkWarning: ThrottledWarning;
  readonly #rejection: Rejection;
  readonly #restarts: Restarts;
  readonly #stopListening: () => void;
  readonly #stopWaiting: () => void;
  #announced: string | undefined;
  /** Came while Node-RED exchanged nodes, or while this one closed; still to be offered, or to be given back. */
  readonly #aside: Delivery[] = [];
  #isClosing = false;
  #sequence = 0;
  #emptied: (() => void) | undefined;

  constructor(
    service: Service,
    settings: ConsumerSettings,
    system: RegardsSystem,
    broker: Broker,
    tracker: CompletionTracker | undefined,
    restarts: Restarts,
    host: ConsumerHost,
  ) {
    this.#service = service;
    this.#settings = settings;
    this.#system = system;
    this.#tracker = tracker;
    this.#host = host;
    this.#restarts = restarts;
    this.#prefix = host.newMessageId();
    const queue = settings.queue.name;
    this.#unwiredWarning = new ThrottledWarning((also) =>
      host.log.warn("unrecognised-unwired", { queue, also }),
    );
    this.#linkWarning = new ThrottledWarning((also) => host.log.warn("unusable-link", { also }));
    this.#rejection = new Rejection(settings.queue, broker, host.log);
    this.#lease = broker.lease("consume");
    this.#subscription = new Subscription(
      this.#lease.connection,
      { queue: settings.queue, prefetch: settings.maxInFlight },
      {
        delivered: (delivery) => this.#delivered(delivery),
        lost: (deliveries) => this.#lost(deliveries),
        changed: (state) => this.#changed(state),
      },
    );
    this.#stopListening = this.#lease.connection.onState(() => host.changed());
    this.#stopWaiting = restarts.onChange(() => this.#takeUp());
    const beat = Math.min(15_000, Math.max(100, settings.deadline / 20));
    this.#watchdog = setInterval(() => this.#watch(), beat);
    this.#watchdog.unref();
    tracker?.acquire();
    this.#subscription.start();
  }

  /** How many deliveries the flow has now. */
  get inFlight(): number {
    return this.#held.size;
  }

  /**
   * A verdict by hand: any message derived from an event, with `settle` = accept (the default), retry or
   * reject. Once a delivery; anything else changes nothing.
   */
  decideByHand(deliveryId: unknown, verdict: unknown): void {
    const held = typeof deliveryId === "string" ? this.#held.get(deliveryId) : undefined;
    if (held?.phase !== "flow") {
      this.#host.debug(`No open delivery has the id ${String(deliveryId)}; the verdict changes nothing.`);
      return;
    }
    const node = this.#service.name;
    switch (verdict ?? "accept") {
      case "accept":
        this.#settle(held, "accept");
        return;
      case "retry":
        this.#failed(held, "the flow asked for another attempt", node);
        return;
      case "reject":
        this.#giveUp(held, { reason: "rejected by the flow", node, attempts: held.attempt });
        return;
      default:
        this.#host.debug(`msg.settle is ${String(verdict)}; it must be accept, retry or reject.`);
    }
  }

  /** Stops taking deliveries, lets the flow finish for a moment, and gives the rest back to the broker. */
  async close(removed: boolean): Promise<void> {
    // The nodes behind this one are closed already: what comes now goes back, untouched, with the channel.
    this.#isClosing = true;
    this.#stopWaiting();
    await this.#subscription.cancel(CLOSE_MS);
    for (const held of [...this.#held.values()].filter(({ phase }) => phase === "retry")) {
      this.#settle(held, "retry");
    }
    await this.#drain();
    clearInterval(this.#watchdog);
    for (const held of [...this.#held.values()]) {
      this.#settle(held, "return");
    }
    await this.#subscription.close(CLOSE_MS);
    this.#tracker?.release();
    this.#stopListening();
    await this.#rejection.close(CLOSE_MS);
    if (removed) {
      await this.#removeQueue();
    }
    await this.#lease.release();
  }

  /** A person who decides by hand will not do so within seconds. */
  async #drain(): Promise<void> {
    if (this.#held.size === 0 || this.#settings.settle === "manual") {
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, GRACE_MS);
      this.#emptied = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #removeQueue(): Promise<void> {
    const { queue } = this.#settings;
    if (queue.mode !== "own" || !this.#lease.connection.isUp) {
      return;
    }
    try {
      const waiting = await this.#lease.connection.aside((channel) => deleteOwnQueue(channel, queue));
      if (waiting > 0) {
        this.#host.log.info("queue-kept", { queue: queue.name, waiting });
      }
    } catch {
      // Gone already, used by somebody else, or out of reach: it expires by itself.
    }
  }

  /** The flows run again. */
  #takeUp(): void {
    for (const delivery of this.#aside.splice(0)) {
      if (delivery.isOpen) {
        this.#delivered(delivery);
      }
    }
  }

  #delivered(delivery: Delivery): void {
    if (this.#isClosing || this.#restarts.isGoingOn) {
      this.#aside.push(delivery);
      return;
    }
    this.#counters.received += 1;
    this.#host.changed();
    const { queue } = this.#settings;
    if (queue.mode === "own" && isCondemned(delivery, queue.name)) {
      this.#counters.rejected += 1;
      delivery.settle("reject");
      return;
    }
    const decoded = select(delivery, this.#service, this.#settings, this.#system);
    if (decoded === undefined) {
      this.#counters.filtered += 1;
      delivery.settle("accept");
      return;
    }
    const attempt = this.#attempts.of(delivery);
    const held: Held = {
      id: `${this.#prefix}.${++this.#sequence}`,
      delivery,
      attempt,
      since: Date.now(),
      run: undefined,
      phase: "flow",
      timer: undefined,
    };
    this.#held.set(held.id, held);
    if (decoded.recognised) {
      this.#offer(held, decoded, decoded.output);
    } else {
      this.#counters.unrecognised += 1;
      this.#offer(held, decoded, this.#service.statuses.length);
    }
    this.#host.changed();
  }

  #offer(held: Held, decoded: Recognised | Unrecognised, output: number): void {
    if (!this.#host.isWired(output)) {
      if (decoded.recognised) {
        this.#settle(held, "accept");
      } else {
        this.#unwiredWarning.happened();
        const reason = `${decoded.code}: ${decoded.message}`;
        this.#giveUp(held, { reason, node: this.#service.name, attempts: held.attempt });
      }
      return;
    }
    if (decoded.recognised && decoded.unusableLink) {
      this.#linkWarning.happened();
    }
    const message = eventMessage(decoded, held.delivery, {
      messageId: held.id,
      receivedAt: this.#stamp.now(),
      service: this.#service.name,
      queue: this.#settings.queue.name,
      attempt: held.attempt,
      deliveryId: held.id,
    });
    const send = (): void => this.#host.send(output, message);
    if (this.#tracker !== undefined) {
      held.run = this.#tracker.track(message, send, (outcome) => this.#ended(held, outcome));
      return;
    }
    send();
    if (this.#settings.settle === "handed") {
      this.#settle(held, "accept");
    }
  }

  #ended(held: Held, outcome: Outcome): void {
    held.run = undefined;
    if (!held.delivery.isOpen) {
      this.#host.debug(`The flow finished with ${held.id} after the broker had taken it back.`);
      return;
    }
    switch (outcome.kind) {
      case "finished":
        this.#settle(held, "accept");
        return;
      case "abandoned":
        this.#attempts.remember(held.delivery, held.attempt - 1);
        this.#settle(held, "return");
        return;
      case "failed":
        this.#failed(held, outcome.reason, outcome.node);
    }
  }

  #failed(held: Held, reason: string, node: string): void {
    if (held.attempt >= this.#settings.attempts) {
      this.#giveUp(held, { reason, node, attempts: held.attempt });
      return;
    }
    this.#counters.retried += 1;
    this.#attempts.remember(held.delivery, held.attempt);
    held.phase = "retry";
    held.timer = setTimeout(() => this.#settle(held, "retry"), this.#settings.retryDelay);
  }

  #giveUp(held: Held, sentence: GivenUp): void {
    held.phase = "rejecting";
    this.#counters.rejected += 1;
    this.#rejection.prepare(held.delivery, sentence).then(
      (verdict) => this.#settle(held, verdict),
      () => this.#settle(held, "reject"),
    );
  }

  #settle(held: Held, verdict: Verdict): void {
    clearTimeout(held.timer);
    this.#held.delete(held.id);
    if (held.delivery.settle(verdict)) {
      if (verdict === "accept" || verdict === "reject") {
        this.#attempts.forget(held.delivery);
      }
      if (verdict === "accept") {
        this.#counters.accepted += 1;
      }
    }
    if (held.run !== undefined) {
      this.#tracker?.forget(held.run);
      held.run = undefined;
    }
    if (this.#held.size === 0) {
      this.#emptied?.();
    }
    this.#host.changed();
  }

  /** The broker has them again and will send them again; the flow's copies go on and settle nothing. */
  #lost(deliveries: readonly Delivery[]): void {
    const gone = new Set(deliveries);
    for (const held of [...this.#held.values()]) {
      if (gone.has(held.delivery)) {
        this.#attempts.remember(held.delivery, held.phase === "retry" ? held.attempt : held.attempt - 1);
        clearTimeout(held.timer);
        this.#held.delete(held.id);
      }
    }
    if (this.#held.size === 0) {
      this.#emptied?.();
    }
    this.#host.changed();
  }

  /** Gives back what is held too long, before the broker closes the channel for it (30 min by default). */
  #watch(): void {
    const now = Date.now();
    for (const held of [...this.#held.values()]) {
      const age = now - held.since;
      if (age >= this.#settings.deadline && held.phase === "flow") {
        const minutes = Math.round(age / 60_000);
        this.#host.log.warn("held-too-long", { minutes, node: this.#holderOf(held) });
        this.#attempts.remember(held.delivery, held.attempt - 1);
        this.#settle(held, "return");
      }
    }
    this.#host.changed();
  }

  #holderOf(held: Held): string {
    return held.run?.heldBy ?? "";
  }

  #changed(state: SubscriptionState): void {
    const fault = state.phase === "waiting" || state.phase === "unbound" ? state.fault : undefined;
    const known = this.#announced;
    // One line when it breaks; another one only when it turns out that somebody has to do something.
    if (fault !== undefined && (known === undefined || (known !== fault.code && needsSomebody(fault.code)))) {
      this.#announced = fault.code;
      this.#host.log.warn("waiting", { queue: this.#settings.queue.name, detail: fault.detail });
    } else if (state.phase === "consuming" && this.#announced !== undefined) {
      this.#announced = undefined;
      this.#host.log.info("resumed", { queue: this.#settings.queue.name });
    }
    this.#host.changed();
  }

  /** What can be seen of it now. */
  get view(): ConsumerView {
    const now = Date.now();
    const { maxInFlight, deadline } = this.#settings;
    let held: { readonly minutes: number; readonly by: string } | undefined;
    for (const each of this.#held.values()) {
      if (each.phase === "flow" && now - each.since >= deadline / 2) {
        held = { minutes: Math.round((now - each.since) / 60_000), by: this.#holderOf(each) };
      }
      break;
    }
    return {
      connection: this.#lease.connection.state,
      subscription: this.#subscription.state,
      inFlight: this.#held.size,
      maxInFlight,
      counters: this.#counters,
      ...(held === undefined ? {} : { held }),
    };
  }
}
