/**
 * What an out-node is as long as it has a broker: checks, publishes, and says what became of each request. Enters:
 * whatever a flow asks for. Leaves: published or refused; or, when it is closed first, nothing: then the request
 * says how far it came, and somebody else goes on with it. It does not know what kind of request it is.
 */
import type { Broker } from "../amqp/broker";
import type { NodeLog } from "../amqp/log";
import { type Outgoing, Publisher, type PublishResult } from "../amqp/publisher";
import type { Lease } from "../amqp/shared-connection";
import type { Body } from "../regards/event";
import { type Publication, RequestError } from "../regards/publication";
import type { RequestKind } from "../regards/requests";
import type { RegardsSystem } from "../regards/system";
import { publishCode, RefusedError } from "./refusal";
import type { Request } from "./request";
import type { PublisherView } from "./view";

/** What became of the request of one message. */
export type Sent =
  | { readonly published: true; readonly regards: SentDetails }
  | { readonly published: false; readonly error: RefusedError; readonly regards: SentDetails };

/** `msg.regards` of what leaves the node, about what the broker has confirmed; the kind adds its own. */
export interface SentDetails extends Body {
  readonly service: string | null;
  readonly exchange: string | null;
  readonly messageId: string | null;
  readonly tenant: string | null;
}

/** The Node-RED node, as far as a requester needs it. */
export interface RequesterHost {
  readonly log: NodeLog;
  /** What `view` shows has changed. */
  changed(): void;
}

const GRACE_MS = 5_000;

export class Requester {
  readonly #kind: RequestKind;
  readonly #system: RegardsSystem;
  readonly #lease: Lease;
  readonly #publisher: Publisher;
  readonly #host: RequesterHost;
  readonly #stopListening: () => void;
  readonly #counters = { published: 0, refused: 0, uncertain: 0 };
  #announced: string | undefined;
  #isClosed = false;

  /** @param outboxLimit so many messages may wait for their verdict */
  constructor(
    kind: RequestKind,
    outboxLimit: number,
    system: RegardsSystem,
    broker: Broker,
    host: RequesterHost,
  ) {
    this.#kind = kind;
    this.#system = system;
    this.#host = host;
    this.#lease = broker.lease("publish");
    const { connection } = this.#lease;
    this.#publisher = new Publisher(connection, outboxLimit, () => this.#changed());
    this.#stopListening = connection.onState(() => host.changed());
  }

  /** What can be seen of it now. */
  get view(): PublisherView {
    const { state: publisher, waiting } = this.#publisher;
    return { connection: this.#lease.connection.state, publisher, waiting, counters: this.#counters };
  }

  /**
   * Publishes everything the request asks for that the broker has not confirmed yet; nothing is published unless
   * all of it is in order.
   * @returns undefined when it was closed before there was a verdict for each
   */
  async send(request: Request): Promise<Sent | undefined> {
    let all: readonly Publication[];
    try {
      all = this.#kind.build(request.asked, this.#system);
    } catch (error) {
      if (!(error instanceof RequestError)) {
        throw error;
      }
      this.#counters.refused += 1;
      this.#host.changed();
      return this.#refusal(error.code, error.message, [], this.#details([], request));
    }
    const missing = all.filter(({ key }) => request.confirmedAs(key) === undefined);
    const outgoing = missing.map((each) => this.#outgoing(each, request));
    const results = await this.#publisher.publishAll(outgoing, request.wasTaken);
    request.wasTaken = !results.some((result) => !result.confirmed && result.code === "OUTBOX_FULL");
    for (const [index, result] of results.entries()) {
      const key = missing[index]?.key;
      if (result.confirmed && key !== undefined) {
        request.confirm(key, result.messageId);
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
    all: readonly Publication[],
    results: readonly PublishResult[],
    request: Request,
  ): Sent | undefined {
    const confirmed = all.filter(({ key }) => request.confirmedAs(key) !== undefined);
    this.#counters.published += results.filter((result) => result.confirmed).length;
    const refusals = results.filter((result) => !result.confirmed);
    if (refusals.some(({ code }) => code === "CLOSED")) {
      return undefined;
    }
    this.#counters.refused += refusals.length;
    this.#counters.uncertain += refusals.filter(({ code }) => code === "UNCERTAIN").length;
    this.#host.changed();
    const regards = this.#details(confirmed, request);
    const [first] = refusals;
    if (first === undefined) {
      return { published: true, regards };
    }
    const keys = all.filter((each) => !confirmed.includes(each)).map(({ key }) => key);
    return this.#refusal(publishCode(first.code), first.message, keys, regards);
  }

  #outgoing({ exchange, content, properties, key }: Publication, request: Request): Outgoing {
    const { repeat } = this.#kind;
    return { exchange, routingKey: "", content, properties, messageId: request.idOf(key), repeat };
  }

  #refusal(code: string, message: string, keys: readonly string[], regards: SentDetails): Sent {
    // Only REGARDS' answers, or their absence, tell what became of it: they are found by this name.
    const named = code === "REGARDS_UNCERTAIN" ? `${message} It is ${keys.join(", ")}.` : message;
    return { published: false, error: new RefusedError(code, named, this.#kind.unpublished(keys)), regards };
  }

  #details(confirmed: readonly Publication[], request: Request): SentDetails {
    const [first] = confirmed;
    return {
      service: first?.service ?? null,
      exchange: first?.exchange ?? null,
      messageId: (first && request.confirmedAs(first.key)) ?? null,
      tenant: first?.tenant ?? null,
      ...this.#kind.details(
        request.asked,
        confirmed.map(({ key }) => key),
      ),
    };
  }

  #changed(): void {
    if (this.#isClosed) {
      return;
    }
    const { state } = this.#publisher;
    const { log } = this.#host;
    // A lost connection is the broker node's to announce.
    const isUp = this.#lease.connection.state.phase === "connected";
    if (isUp && state.phase === "waiting" && this.#announced !== state.fault.code) {
      this.#announced = state.fault.code;
      log.warn(this.#kind.log.waiting, { fault: state.fault.code, detail: state.fault.detail });
    } else if (state.phase === "ready" && this.#announced !== undefined) {
      this.#announced = undefined;
      log.info(this.#kind.log.again);
    }
    this.#host.changed();
  }
}
