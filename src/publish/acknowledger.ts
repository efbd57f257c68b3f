/**
 * What `regards-ack-out` is as long as it has a broker: checks, publishes, and says what became of each
 * acknowledgement. Enters: whatever a flow has to acknowledge. Leaves: published or refused; or, when it is
 * closed first, nothing: then the request says how far it came, and somebody else goes on with it.
 */

import type { Broker } from "../amqp/broker";
import type { NodeLog } from "../amqp/log";
import { type Outgoing, Publisher, type PublishResult } from "../amqp/publisher";
import type { Lease } from "../amqp/shared-connection";
import {
  type Acknowledgement,
  AcknowledgementError,
  acknowledgement,
  urnsIn,
} from "../regards/acknowledgement";
import type { Keeper } from "../regards/product";
import type { RegardsSystem } from "../regards/system";
import { publishCode } from "./refusal";
import type { AckRequest } from "./request";
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
  #isClosed = false;

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

  /**
   * Acknowledges every product of the request that the broker has not confirmed yet; nothing is published
   * unless all of them are in order.
   * @returns undefined when it was closed before there was a verdict for each
   */
  async send(request: AckRequest): Promise<Sent | undefined> {
    const { recipientLabel } = request;
    let all: Acknowledgement[];
    try {
      const { namespace, tenant, appId } = this.#system;
      const rules = { namespace, tenant, appId, target: this.#settings.target };
      all = urnsIn(request.subject).map((urn) => acknowledgement(urn, recipientLabel, rules));
    } catch (error) {
      this.#counters.refused += 1;
      this.#host.changed();
      const code = error instanceof AcknowledgementError ? error.code : "REGARDS_BAD_URN";
      const message = error instanceof Error ? error.message : String(error);
      return refusal(new RefusedError(code, message, []), details([], request));
    }
    const missing = all.filter(({ urn }) => request.confirmedAs(urn) === undefined);
    const outgoing = missing.map((each) => outgoingOf(each, request));
    const results = await this.#publisher.publishAll(outgoing, request.wasTaken);
    request.wasTaken = !results.some((result) => !result.confirmed && result.code === "OUTBOX_FULL");
    for (const [index, result] of results.entries()) {
      const urn = missing[index]?.urn;
      if (result.confirmed && urn !== undefined) {
        request.confirm(urn, result.messageId);
      }
    }
    return this.#conclude(all, results, request);
  }

  /** Waits a little for the confirms still missing, and lets go of the broker. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#publisher.close(GRACE_MS);
    this.#stopListening();
    await this.#lease.release();
  }

  #conclude(
    all: readonly Acknowledgement[],
    results: readonly PublishResult[],
    request: AckRequest,
  ): Sent | undefined {
    const confirmed = all.filter(({ urn }) => request.confirmedAs(urn) !== undefined);
    this.#counters.published += results.filter((result) => result.confirmed).length;
    const refusals = results.filter((result) => !result.confirmed);
    if (refusals.some(({ code }) => code === "CLOSED")) {
      return undefined;
    }
    this.#counters.refused += refusals.length;
    this.#host.changed();
    const regards = details(confirmed, request);
    const [first] = refusals;
    if (first === undefined) {
      return { published: true, regards };
    }
    const urns = all.filter((each) => !confirmed.includes(each)).map(({ urn }) => urn);
    return refusal(new RefusedError(publishCode(first.code), first.message, urns), regards);
  }

  #changed(): void {
    if (this.#isClosed) {
      return;
    }
    const { state } = this.#publisher;
    // A lost connection is the broker node's to announce.
    const isUp = this.#lease.connection.state.phase === "connected";
    if (isUp && state.phase === "waiting" && this.#announced !== state.fault.code) {
      this.#announced = state.fault.code;
      this.#log.warn("cannot-publish", { detail: state.fault.detail });
    } else if (state.phase === "ready" && this.#announced !== undefined) {
      this.#announced = undefined;
      this.#log.info("publishing-again");
    }
    this.#host.changed();
  }
}

function outgoingOf({ exchange, content, properties, urn }: Acknowledgement, request: AckRequest): Outgoing {
  return { exchange, routingKey: "", content, properties, messageId: request.idOf(urn) };
}

function refusal(error: RefusedError, regards: SentDetails): Sent {
  return { published: false, error, regards };
}

function details(confirmed: readonly Acknowledgement[], request: AckRequest): SentDetails {
  const [first] = confirmed;
  const { recipientLabel } = request;
  return {
    service: first?.keeper ?? null,
    exchange: first?.exchange ?? null,
    messageId: (first && request.confirmedAs(first.urn)) ?? null,
    urns: confirmed.map(({ urn }) => urn),
    recipientLabel: typeof recipientLabel === "string" ? recipientLabel : "",
    tenant: first?.tenant ?? null,
  };
}
