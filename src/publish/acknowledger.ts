/**
 * What `regards-ack-out` is at run time: checks, publishes, and says what became of each acknowledgement.
 * Enters: whatever a flow has to acknowledge. Leaves: published or refused, never silence.
 */

import type { Broker } from "../amqp/broker";
import type { NodeLog } from "../amqp/log";
import { Publisher, type PublishResult } from "../amqp/publisher";
import type { Lease } from "../amqp/shared-connection";
import {
  type Acknowledgement,
  AcknowledgementError,
  acknowledgement,
  type Keeper,
  urnsIn,
} from "../regards/acknowledgement";
import type { RegardsSystem } from "../regards/system";
import { publishCode } from "./refusal";
import type { AckOutSettings } from "./settings";
import type { PublisherView } from "./view";

/** What became of the acknowledgements of one message. */
export type Sent =
  | { readonly published: true; readonly regards: SentDetails }
  | { readonly published: false; readonly error: RefusedError; readonly regards: SentDetails };

/** `msg.regards` of what leaves the node; `urns` are those the broker has confirmed. */
export interface SentDetails {
  readonly service: Keeper | null;
  readonly exchange: string | null;
  readonly messageId: string | null;
  readonly urns: readonly string[];
  readonly recipientLabel: string;
  readonly tenant: string | null;
}

/** Why nothing, or not everything, was published. */
export class RefusedError extends Error {
  readonly code: string;
  /** The acknowledgements that were not published. */
  readonly urns: readonly string[];

  constructor(code: string, message: string, urns: readonly string[]) {
    super(message);
    this.name = "RefusedError";
    this.code = code;
    this.urns = urns;
  }
}

/** The Node-RED node, as far as an acknowledger needs it. */
export interface AcknowledgerHost {
  readonly log: NodeLog;
  /** What `view` shows has changed. */
  changed(): void;
}

const GRACE_MS = 5_000;

export class Acknowledger {
  readonly #settings: AckOutSettings;
  readonly #system: RegardsSystem;
  readonly #lease: Lease;
  readonly #publisher: Publisher;
  readonly #host: AcknowledgerHost;
  readonly #log: NodeLog;
  readonly #stopListening: () => void;
  readonly #counters = { published: 0, refused: 0 };
  #announced: string | undefined;

  constructor(settings: AckOutSettings, system: RegardsSystem, broker: Broker, host: AcknowledgerHost) {
    this.#settings = settings;
    this.#system = system;
    this.#log = host.log;
    this.#host = host;
    this.#lease = broker.lease("publish");
    const { connection } = this.#lease;
    this.#publisher = new Publisher(connection, settings.outboxLimit, () => this.#changed());
    this.#stopListening = connection.onState(() => host.changed());
  }

  /** What can be seen of it now. */
  get view(): PublisherView {
    const { state: publisher, waiting } = this.#publisher;
    return { connection: this.#lease.connection.state, publisher, waiting, counters: this.#counters };
  }

  /** Acknowledges every product found in `subject`; nothing is published unless all of them are in order. */
  async send(subject: unknown, recipientLabel: unknown): Promise<Sent> {
    let acknowledgements: Acknowledgement[];
    try {
      const { namespace, tenant, appId } = this.#system;
      const rules = { namespace, tenant, appId, target: this.#settings.target };
      acknowledgements = urnsIn(subject).map((urn) => acknowledgement(urn, recipientLabel, rules));
    } catch (error) {
      this.#counters.refused += 1;
      this.#host.changed();
      const code = error instanceof AcknowledgementError ? error.code : "REGARDS_BAD_URN";
      const message = error instanceof Error ? error.message : String(error);
      return refusal(new RefusedError(code, message, []), details([], [], recipientLabel));
    }
    const results = await Promise.all(acknowledgements.map((each) => this.#publish(each)));
    return this.#conclude(acknowledgements, results, recipientLabel);
  }

  async close(): Promise<void> {
    const unpublished = await this.#publisher.close(GRACE_MS);
    if (unpublished > 0) {
      // A Catch node of the same flow is closed by now too, and would swallow the refusals.
      this.#log.warn("closed-unpublished", { count: unpublished });
    }
    this.#stopListening();
    await this.#lease.release();
  }

  #publish({ exchange, content, properties }: Acknowledgement): Promise<PublishResult> {
    return this.#publisher.publish({ exchange, routingKey: "", content, properties });
  }

  #conclude(
    acknowledgements: readonly Acknowledgement[],
    results: readonly PublishResult[],
    recipientLabel: unknown,
  ): Sent {
    const confirmed = acknowledgements.filter((_, index) => results[index]?.confirmed === true);
    const missing = acknowledgements.filter((each) => !confirmed.includes(each));
    const refused = results.find((result) => !result.confirmed);
    this.#counters.published += confirmed.length;
    this.#counters.refused += missing.length;
    this.#host.changed();
    const regards = details(confirmed, results, recipientLabel);
    if (refused === undefined || refused.confirmed) {
      return { published: true, regards };
    }
    const urns = missing.map(({ urn }) => urn);
    return refusal(new RefusedError(publishCode(refused.code), refused.message, urns), regards);
  }

  #changed(): void {
    const { state } = this.#publisher;
    if (state.phase === "waiting" && this.#announced !== state.fault.code) {
      this.#announced = state.fault.code;
      this.#log.warn("cannot-publish", { detail: state.fault.detail });
    } else if (state.phase === "ready" && this.#announced !== undefined) {
      this.#announced = undefined;
      this.#log.info("publishing-again");
    }
    this.#host.changed();
  }
}

function refusal(error: RefusedError, regards: SentDetails): Sent {
  return { published: false, error, regards };
}

function details(
  confirmed: readonly Acknowledgement[],
  results: readonly PublishResult[],
  recipientLabel: unknown,
): SentDetails {
  const first = confirmed[0];
  const id = results.find((result) => result.confirmed);
  return {
    service: first?.keeper ?? null,
    exchange: first?.exchange ?? null,
    messageId: id?.confirmed === true ? id.messageId : null,
    urns: confirmed.map(({ urn }) => urn),
    recipientLabel: typeof recipientLabel === "string" ? recipientLabel : "",
    tenant: first?.tenant ?? null,
  };
}
