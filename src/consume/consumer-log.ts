/**
 * What a consumer says in the log: one line when something breaks, one when it is mended, and one for many events
 * that have the same trouble. Enters: what happened. Leaves: lines; it decides nothing else.
 */
import { type FaultCode, needsSomebody } from "../amqp/fault";
import type { Finding, SubscriptionState } from "../amqp/subscription";
import { ThrottledWarning } from "../amqp/throttled-warning";
import type { PauseCause } from "./flows-state";
import type { ConsumerHost } from "./parts";

const DAY_MS = 24 * 60 * 60 * 1000;

export class ConsumerLog {
  readonly #host: ConsumerHost;
  readonly #queue: string;
  readonly #unwired: ThrottledWarning;
  readonly #link: ThrottledWarning;
  readonly #held: ThrottledWarning;
  readonly #verdict: ThrottledWarning;
  readonly #surprise: ThrottledWarning;
  /** What a throttled warning fills in when it speaks. */
  #values: Readonly<Record<string, string | number>> = {};
  #broken: FaultCode | undefined;
  readonly #said = new Set<string>();

  constructor(host: ConsumerHost, queue: string) {
    this.#host = host;
    this.#queue = queue;
    const { log } = host;
    const counted = (key: string, values: Readonly<Record<string, string>>): ThrottledWarning =>
      new ThrottledWarning((also) => log.warn(key, { ...values, also }));
    this.#unwired = new ThrottledWarning((also) =>
      log.warn("unrecognised-unwired", { queue, also, ...this.#values }),
    );
    this.#link = counted("unusable-link", {});
    this.#held = new ThrottledWarning(() => log.warn("held-day", this.#values), DAY_MS);
    this.#verdict = new ThrottledWarning(() => log.warn("unknown-verdict"));
    this.#surprise = new ThrottledWarning(() => log.warn("surprise", this.#values));
  }

  /** One line when it breaks; another one only when it turns out that somebody has to do something. */
  changed(state: SubscriptionState): void {
    const fault = state.phase === "waiting" || state.phase === "unbound" ? state.fault : undefined;
    const { log } = this.#host;
    const queue = this.#queue;
    const isNews =
      fault !== undefined &&
      (this.#broken === undefined || (this.#broken !== fault.code && needsSomebody(fault.code)));
    if (isNews) {
      this.#broken = fault.code;
      if (fault.code === "exchange-missing") {
        log.warn("exchange-missing-cost", { exchange: fault.subject ?? "" });
      } else if (fault.code === "stream") {
        log.warn("stream-refused", { queue });
      } else {
        log.warn("waiting", { queue, fault: fault.code, detail: fault.detail });
      }
    } else if (state.phase === "consuming" && this.#broken !== undefined) {
      this.#broken = undefined;
      log.info("resumed", { queue });
    }
  }

  found({ otherReaders, differs }: Finding): void {
    const queue = this.#queue;
    if (otherReaders === 0) {
      this.#said.delete("shared-queue");
    } else {
      this.#once("shared-queue", { queue, count: otherReaders });
    }
    if (differs !== undefined) {
      this.#once("queue-as-it-is", { queue, argument: differs });
    }
  }

  paused(cause: PauseCause): void {
    this.#host.log.warn("paused", { cause });
  }

  resumed(): void {
    this.#host.log.info("resumed-flows");
  }

  unrecognisedUnwired(reason: string): void {
    this.#values = { reason };
    this.#unwired.happened();
  }

  unusableLink(): void {
    this.#link.happened();
  }

  /** @param age in milliseconds */
  heldTooLong(age: number, holder: string): void {
    this.#values = { duration: durationOf(age), node: holder || this.#host.statusWord("the-flow") };
    this.#held.happened();
  }

  /** A message was wired back that comes from no event. */
  unknownVerdict(): void {
    this.#verdict.happened();
  }

  badVerdict(verdict: unknown): void {
    this.#host.log.warn("bad-verdict", { value: String(verdict).slice(0, 100) });
  }

  temporaryLost(): void {
    this.#host.log.warn("temporary-lost");
  }

  processDeaths(deaths: number): void {
    this.#host.log.warn("process-deaths", { deaths });
  }

  queueKept(waiting: number): void {
    this.#host.log.info("queue-kept", { queue: this.#queue, waiting });
  }

  /** Something threw where nothing should. */
  surprised(error: unknown): void {
    this.#values = { detail: error instanceof Error ? error.message : String(error) };
    this.#surprise.happened();
  }

  #once(key: string, values: Readonly<Record<string, string | number>>): void {
    if (!this.#said.has(key)) {
      this.#said.add(key);
      this.#host.log.warn(key, values);
    }
  }
}

/** In minutes up to two hours, then in hours. */
function durationOf(milliseconds: number): string {
  const minutes = Math.max(1, Math.round(milliseconds / 60_000));
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
