/**
 * Publishes copies of what an own queue has delivered to the queues that belong to it: its dead-letter queue,
 * its retry queue, itself. A copy can carry what a requeued message cannot: why, and how often. Enters: a
 * delivery and headers of ours. Leaves: whether the broker has confirmed the copy; only then may the original
 * be accepted. It knows neither attempts nor REGARDS.
 */
import type { Delivery } from "./delivery";
import { Publisher } from "./publisher";
import { deadLetterName, type OwnQueue } from "./queue";
import type { Lease } from "./shared-connection";

/** What all our headers begin with. */
const OURS = "regards-flow.";

/** The exchange a message was first published to, for the copies come back from another one. */
const EXCHANGE_HEADER = `${OURS}exchange`;

/** So long a copy may stay unconfirmed before the original is settled in another way. */
const CONFIRM_MS = 10_000;

/** A queue cannot hold more unsettled deliveries than this, so neither can the outbox of their copies. */
const OUTBOX = 65_535;

export class Copies {
  readonly #queue: OwnQueue;
  readonly #lease: () => Lease;
  readonly #changed: () => void;
  /** Opened for the first copy only. */
  #out: { readonly publisher: Publisher; readonly lease: Lease } | undefined;
  #closed = false;

  /** @param lease a share of the connection to publish by */
  constructor(queue: OwnQueue, lease: () => Lease, changed: () => void) {
    this.#queue = queue;
    this.#lease = lease;
    this.#changed = changed;
  }

  /** Why copies do not get through just now, in words. */
  get trouble(): string | undefined {
    const state = this.#out?.publisher.state;
    switch (state?.phase) {
      case "waiting":
        return state.fault.detail;
      case "blocked":
        return state.reason;
      default:
        return undefined;
    }
  }

  /**
   * @param messageId by which it is known when it comes; made by the publisher unless given
   * @param expiration how long it waits in a queue that delays, in milliseconds
   * @returns whether the broker has it for sure
   */
  async publish(
    routingKey: string,
    delivery: Delivery,
    headers: Readonly<Record<string, unknown>>,
    { messageId, expiration }: { readonly messageId?: string; readonly expiration?: number } = {},
  ): Promise<boolean> {
    if (this.#closed) {
      return false;
    }
    const result = await this.#publisher().publish({
      exchange: deadLetterName(this.#queue.name),
      routingKey,
      content: delivery.content,
      ...(messageId === undefined ? {} : { messageId }),
      repeat: "until-confirmed",
      giveUpAfter: CONFIRM_MS,
      properties: {
        ...propertiesOf(delivery),
        headers: { ...headersOf(delivery), [EXCHANGE_HEADER]: exchangeOf(delivery, this.#queue), ...headers },
        ...(expiration === undefined ? {} : { expiration: String(Math.ceil(expiration)) }),
      },
    });
    return result.confirmed;
  }

  async close(limit: number): Promise<void> {
    this.#closed = true;
    const out = this.#out;
    this.#out = undefined;
    await out?.publisher.close(limit);
    await out?.lease.release();
  }

  #publisher(): Publisher {
    if (this.#out === undefined) {
      const lease = this.#lease();
      this.#out = { publisher: new Publisher(lease.connection, OUTBOX, this.#changed), lease };
    }
    return this.#out.publisher;
  }
}

/**
 * A header of ours, on a message that came back to the queue through its own exchange. On any other message it
 * is somebody else's invention: REGARDS' exchanges take whatever a publisher writes.
 */
export function ownHeader(delivery: Delivery, queue: OwnQueue, name: string): unknown {
  return delivery.exchange === deadLetterName(queue.name) ? delivery.headers[name] : undefined;
}

/** The exchange the message was first published to. */
export function exchangeOf(delivery: Delivery, queue: OwnQueue): string {
  const first = ownHeader(delivery, queue, EXCHANGE_HEADER);
  return typeof first === "string" ? first : delivery.exchange;
}

/**
 * A copy of ours that the broker has moved by itself, once rejected or expired, and that somebody sends back, bears its
 * old message id: only that history tells it from a second copy of the same.
 */
export function copyId({ properties, headers }: Delivery): string {
  const history = headers["x-death"];
  const moves = Array.isArray(history)
    ? history.map(({ queue, reason, count }) => [queue, reason, count])
    : [];
  return JSON.stringify([properties.messageId, ...moves]);
}

/** Without the broker's history, which would make it drop what seems to go in circles, and without ours. */
function headersOf(delivery: Delivery): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(delivery.headers).filter(
      ([key]) =>
        !key.startsWith(OURS) &&
        !/^x-(?:death|first-death|last-death|delivery-count|acquired-count|opt-)/.test(key),
    ),
  );
}

function propertiesOf({ properties }: Delivery): Record<string, unknown> {
  const { contentType, contentEncoding, correlationId, timestamp, priority, appId, type } = properties;
  const known = { contentType, contentEncoding, correlationId, timestamp, priority, appId, type };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}
