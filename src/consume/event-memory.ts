/**
 * What a node's process knows of the events it has had, whatever connection they came by: so that a delivery
 * the broker repeats is known again. It belongs to a node's queue rather than to one life of the node, and goes
 * from a node to its successor of the same id. Enters: events, and what became uncertain when a channel was
 * lost. Leaves: the event that a repeated delivery belongs to. It is bounded, and knows neither channels nor
 * Node-RED.
 */
import { now } from "../amqp/clock";
import type { Delivery } from "../amqp/delivery";
import type { Verdict } from "../amqp/settlements";
import type { Told } from "../amqp/told";
import type { EventInHand } from "./event-in-hand";
import { addLatest } from "./latest";

/** What is known about a delivery that may come again. */
export type Expected =
  /** The event has it, or has had it and ended meanwhile. */
  | { readonly event: EventInHand; readonly at: number }
  /** The broker was told this verdict, but may not have heard it. */
  | { readonly verdict: Verdict; readonly at: number };

/**
 * Beyond this number the oldest are forgotten; those the flow still has are not. Of what has ended no body is kept,
 * so each is a few hundred bytes.
 */
const MOST_EXPECTED = 20_000;

/** No redelivery takes longer: an own queue without a reader is gone by then. */
const FORGET_MS = 7 * 24 * 60 * 60 * 1000;

/** Copies of ours seen lately, for one whose confirm was lost is published twice. */
const MOST_COPIES = 1_000;

export class EventMemory {
  /** Events that occupy a place: the flow has them, or they wait for something. */
  readonly events = new Map<string, EventInHand>();
  readonly #expected = new Map<string, Expected[]>();
  readonly #expectedEvents = new Set<EventInHand>();
  readonly #copies = new Set<string>();
  readonly #disowned = new Set<string>();
  #size = 0;
  #withoutRuns: (() => void) | undefined;
  #roomMade: () => void = () => undefined;

  /** How many deliveries are expected to come again. */
  get expecting(): number {
    return this.#size;
  }

  /** True while the broker has, or may have, events of ours that we have not settled. */
  get isOwed(): boolean {
    return this.events.size > 0 || this.#expectedEvents.size > 0;
  }

  /** The consumer of now is told of every free place, also where an earlier life of its node was in charge of it. */
  onRoom(made: () => void): void {
    this.#roomMade = made;
  }

  /** The broker may give this event's delivery out again. Saying so twice changes nothing. */
  expect(event: EventInHand): void {
    if (!this.#expectedEvents.has(event)) {
      this.#expectedEvents.add(event);
      this.#add(event.delivery.fingerprint, { event, at: now() });
    }
  }

  /** The broker may not have heard these verdicts. */
  expectTold(told: readonly Told[]): void {
    for (const { fingerprint, verdict } of told) {
      if (verdict !== undefined) {
        this.#add(fingerprint, { verdict, at: now() });
      }
    }
  }

  /** An event has ended, or is left to the broker: it no longer occupies a place. */
  remove(event: EventInHand): void {
    clearTimeout(event.timer);
    this.events.delete(event.id);
    if (event.phase === "ended" && this.#expectedEvents.has(event)) {
      // Its next delivery brings its body with it.
      event.delivery.release();
    }
    this.#lookForRuns();
    this.#roomMade();
  }

  /**
   * What is known of a delivery that the broker marks as repeated; it is then known no more. Two equal events of
   * the same second are counted: one whose flow goes on is found first, then one that the flow is to get once more,
   * for that one must not be taken for one that has ended.
   */
  recognise(delivery: Delivery): Expected | undefined {
    if (this.#expected.size === 0) {
      return undefined;
    }
    const { fingerprint } = delivery;
    const list = this.#expected.get(fingerprint);
    if (list === undefined) {
      return undefined;
    }
    const goingOn = list.findIndex(isGoingOn);
    const place = Math.max(0, goingOn < 0 ? list.findIndex(isToComeAgain) : goingOn);
    const [found] = list.splice(place, 1);
    if (list.length === 0) {
      this.#expected.delete(fingerprint);
    }
    if (found !== undefined) {
      this.#drop(found);
    }
    return found;
  }

  /** True when a copy of ours with this id has come before, and says that it has. */
  isRepeatedCopy(id: string): boolean {
    if (this.#copies.has(id)) {
      return true;
    }
    addLatest(this.#copies, id, MOST_COPIES);
    return false;
  }

  /** A copy of ours that the broker did not confirm: its event goes on without it, whether it comes or not. */
  disown(messageId: string): void {
    addLatest(this.#disowned, messageId, MOST_COPIES);
  }

  isDisowned(messageId: string): boolean {
    return this.#disowned.has(messageId);
  }

  /** Calls back once, when no event has a run that goes on: at once if that is so already. */
  afterRuns(done: () => void): void {
    const before = this.#withoutRuns;
    this.#withoutRuns = () => {
      before?.();
      done();
    };
    this.#lookForRuns();
  }

  #lookForRuns(): void {
    const done = this.#withoutRuns;
    if (done === undefined) {
      return;
    }
    for (const { run } of this.events.values()) {
      if (run !== undefined) {
        return;
      }
    }
    this.#withoutRuns = undefined;
    done();
  }

  #add(fingerprint: string, expected: Expected): void {
    const list = this.#expected.get(fingerprint);
    if (list === undefined) {
      this.#expected.set(fingerprint, [expected]);
    } else {
      list.push(expected);
    }
    this.#size += 1;
    this.#forgetOld();
  }

  #drop(expected: Expected): void {
    this.#size -= 1;
    if ("event" in expected) {
      this.#expectedEvents.delete(expected.event);
    }
  }

  /** Those expected longest come first. */
  #forgetOld(): void {
    const before = now() - FORGET_MS;
    for (const [fingerprint, list] of this.#expected) {
      const oldest = list[0]?.at ?? 0;
      if (this.#size <= MOST_EXPECTED && oldest > before) {
        return;
      }
      const kept = list.filter(isGoingOn);
      for (const each of list.filter((one) => !isGoingOn(one))) {
        this.#drop(each);
      }
      if (kept.length === 0) {
        this.#expected.delete(fingerprint);
      } else {
        this.#expected.set(fingerprint, kept);
      }
    }
  }
}

function isToComeAgain(expected: Expected): boolean {
  return "event" in expected && expected.event.ending?.kind === "again";
}

function isGoingOn(expected: Expected): boolean {
  return "event" in expected && expected.event.ending === undefined;
}
