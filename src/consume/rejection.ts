/**
 * The end of an event that is given up: from our own queue it goes to the dead-letter queue together with
 * the reason; what an existing queue does with it is its administrator's choice, and is said beforehand.
 */

import type { Broker } from "../amqp/broker";
import { condemnedCopy, type GivenUp, REASON_HEADER } from "../amqp/dead-letter";
import type { Delivery } from "../amqp/delivery";
import type { NodeLog } from "../amqp/log";
import { Publisher } from "../amqp/publisher";
import { prepareQueue, type QueuePlan } from "../amqp/queue";
import type { Lease } from "../amqp/shared-connection";
import { ThrottledWarning } from "../amqp/throttled-warning";

const CONFIRM_MS = 10_000;
/** So long the dead-letter queue counts as being there. */
const TRUST_MS = 1_000;
/** A queue cannot hold more unsettled deliveries than this, so neither can the outbox of their copies. */
const OUTBOX = 65_535;

export class Rejection {
  readonly #queue: QueuePlan;
  readonly #broker: Broker;
  readonly #log: NodeLog;
  readonly #warning: ThrottledWarning;
  #sentence: GivenUp = { reason: "", node: "", attempts: 0 };
  #warnedOfLoss = false;
  #grave: { readonly since: number; readonly prepared: Promise<void> } | undefined;
  /** Opened for the first rejection only. */
  #out: { readonly publisher: Publisher; readonly lease: Lease } | undefined;

  constructor(queue: QueuePlan, broker: Broker, log: NodeLog) {
    this.#queue = queue;
    this.#broker = broker;
    this.#log = log;
    this.#warning = new ThrottledWarning((also) =>
      log.warn("rejected", { queue: queue.name, also, ...this.#sentence }),
    );
  }

  /** Does what must come first, and says how the delivery is then to be settled. */
  async prepare(delivery: Delivery, sentence: GivenUp): Promise<"accept" | "reject"> {
    const { mode, name } = this.#queue;
    const isLetter = delivery.headers[REASON_HEADER] !== undefined;
    if (mode !== "own" && !isLetter && !this.#warnedOfLoss) {
      this.#warnedOfLoss = true;
      this.#log.warn(`rejects-${mode}`, { queue: name });
    }
    this.#sentence = sentence;
    // What leaves the dead-letter queue by hand is no incident: it goes back to its own queue.
    if (!isLetter) {
      this.#warning.happened();
    }
    if (mode !== "own") {
      return "reject";
    }
    await this.#prepareGrave();
    const copied = await this.#publisher().publish(condemnedCopy(delivery, name, sentence));
    return copied.confirmed ? "accept" : "reject";
  }

  async close(limit: number): Promise<void> {
    const out = this.#out;
    this.#out = undefined;
    await out?.publisher.close(limit);
    await out?.lease.release();
  }

  /** RabbitMQ drops what is rejected towards a dead-letter queue that somebody has deleted: it is made again first. */
  #prepareGrave(): Promise<void> {
    if (this.#grave === undefined || Date.now() > this.#grave.since + TRUST_MS) {
      // The delivery came by this connection, so it is up; the one to publish may yet have to be opened.
      const { connection, release } = this.#broker.lease("consume");
      const prepared = connection
        .aside((channel) => prepareQueue(channel, this.#queue), "the dead-letter queue's answer")
        // Away or forbidden: it may be there all the same.
        .catch(() => undefined)
        .then(release);
      this.#grave = { since: Date.now(), prepared };
    }
    return this.#grave.prepared;
  }

  #publisher(): Publisher {
    if (this.#out === undefined) {
      const lease = this.#broker.lease("publish");
      const publisher = new Publisher(lease.connection, OUTBOX, () => undefined, { confirm: CONFIRM_MS });
      this.#out = { publisher, lease };
    }
    return this.#out.publisher;
  }
}
