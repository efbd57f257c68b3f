/**
 * Sends verdicts to the broker in as few frames as possible: acknowledging one by one is what limits a
 * consumer. As long as the turns of the event loop bring more, they are kept until there are enough; then one
 * multiple-ack covers everything before the oldest open delivery, and only what completed out of order is
 * acknowledged singly. One instance serves one channel and remembers no more than its prefetch.
 */

/** What is needed of an AMQP channel. */
export interface SettlingChannel {
  ack(message: TagHolder, allUpTo?: boolean): void;
  nack(message: TagHolder, allUpTo?: boolean, requeue?: boolean): void;
  reject(message: TagHolder, requeue?: boolean): void;
}

/** amqplib reads nothing but the tag of what it settles. */
export interface TagHolder {
  readonly fields: { readonly deliveryTag: number };
}

/**
 * How a delivery ends. `accept`: handled. `reject`: to the dead-letter exchange. `return`: not processed, give
 * it back (before RabbitMQ 4.3 a quorum queue counts that too).
 */
export type Verdict = "accept" | "reject" | "return";

/**
 * So many turns without another verdict end the wait for more. Busy flows have such gaps, for a message takes
 * a turn from node to node; to a slow flow they are microseconds.
 */
const QUIET_TURNS = 10;

export class Settlements {
  readonly #channel: SettlingChannel;
  readonly #enough: number;
  /** Deliveries without a verdict, oldest first: their tags count up from 1 on every channel. */
  readonly #open = new Set<number>();
  /** Accepted, and the broker not yet told. */
  readonly #accepted = new Set<number>();
  #scheduled = false;
  #closed = false;

  /** @param enough how many may wait for more before the broker is told; 1 tells it every turn */
  constructor(channel: SettlingChannel, enough = 1) {
    this.#channel = channel;
    this.#enough = enough;
  }

  /** A delivery has arrived; it is to be settled once. */
  opened(tag: number): void {
    this.#open.add(tag);
  }

  /** Records the verdict on an open delivery. */
  settle(tag: number, verdict: Verdict): void {
    if (this.#closed || !this.#open.delete(tag)) {
      return;
    }
    if (verdict === "accept") {
      this.#accepted.add(tag);
    } else {
      this.#send(() => refuse(this.#channel, holder(tag), verdict));
      return;
    }
    if (this.#enough > 1 && this.#accepted.size >= this.#enough) {
      // Not a turn later: the broker would stand idle while the flow works on what this turn has brought.
      this.#tell();
    }
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => this.#tellOrWait(0, QUIET_TURNS));
    }
  }

  /** Tells the broker everything now. */
  flush(): void {
    if (this.#closed) {
      return;
    }
    this.#acknowledgeRun();
    this.#acknowledgeRest();
  }

  #tellOrWait(before: number, patience: number): void {
    const { size } = this.#accepted;
    if (size === 0 || patience === 0) {
      this.#scheduled = false;
      this.flush();
      return;
    }
    if (size >= this.#enough) {
      this.#tell();
    }
    const left = size === before ? patience - 1 : QUIET_TURNS;
    setImmediate(() => this.#tellOrWait(this.#accepted.size, left));
  }

  /** A gap that will close in a moment is not worth an acknowledgement for each that is ahead of it. */
  #tell(): void {
    this.#acknowledgeRun();
    if (this.#accepted.size >= this.#enough) {
      this.#acknowledgeRest();
    }
  }

  /** Everything before the oldest open delivery, in one frame. */
  #acknowledgeRun(): void {
    const [oldest = Number.POSITIVE_INFINITY] = this.#open;
    let upTo = 0;
    for (const tag of this.#accepted) {
      if (tag < oldest) {
        this.#accepted.delete(tag);
        upTo = Math.max(upTo, tag);
      }
    }
    if (upTo > 0) {
      this.#send(() => this.#channel.ack(holder(upTo), true));
    }
  }

  #acknowledgeRest(): void {
    for (const tag of this.#accepted) {
      this.#send(() => this.#channel.ack(holder(tag), false));
    }
    this.#accepted.clear();
  }

  /** The channel is gone: the broker has requeued what it was not told about. */
  close(): void {
    this.#closed = true;
    this.#open.clear();
    this.#accepted.clear();
  }

  /** A channel that closed a moment ago throws; its deliveries are with the broker again. */
  #send(work: () => void): void {
    try {
      work();
    } catch {
      this.close();
    }
  }
}

function refuse(channel: SettlingChannel, message: TagHolder, verdict: "reject" | "return"): void {
  if (verdict === "return") {
    channel.nack(message, false, true);
  } else {
    channel.reject(message, false);
  }
}

function holder(deliveryTag: number): TagHolder {
  return { fields: { deliveryTag } };
}
