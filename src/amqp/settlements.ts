/**
 * Sends verdicts to the broker in as few frames as possible: acknowledging one by one is what limits a
 * consumer. As long as the turns of the event loop bring more, they are kept until there are enough; then one
 * multiple-ack covers the contiguous run from the oldest delivery, and only what completed out of order
 * is acknowledged singly. One instance serves one channel.
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
 * How a delivery ends. `accept`: handled. `reject`: to the dead-letter exchange. `retry`: failed, again
 * (only a reject counts as an attempt on quorum queues of RabbitMQ 4.3 and later). `return`: not
 * processed, give it back.
 */
export type Verdict = "accept" | "reject" | "retry" | "return";

/**
 * So many turns without another verdict end the wait for more. Busy flows have such gaps, for a message takes
 * a turn from node to node; to a slow flow they are microseconds.
 */
const QUIET_TURNS = 10;

export class Settlements {
  readonly #channel: SettlingChannel;
  readonly #enough: number;
  /** Accepted, and the broker not yet told. */
  readonly #accepted = new Set<number>();
  /** Settled with something older still open. */
  readonly #ahead = new Set<number>();
  /** Tags count up from 1 on every channel; all before this one are settled. */
  #oldest = 1;
  #scheduled = false;
  #closed = false;

  /** @param enough how many may wait for more before the broker is told; 1 tells it every turn */
  constructor(channel: SettlingChannel, enough = 1) {
    this.#channel = channel;
    this.#enough = enough;
  }

  /** Records one verdict; the caller guarantees one a tag. */
  settle(tag: number, verdict: Verdict): void {
    if (this.#closed) {
      return;
    }
    this.#ahead.add(tag);
    if (verdict === "accept") {
      this.#accepted.add(tag);
    } else {
      this.#send(() => refuse(this.#channel, holder(tag), verdict));
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

  #acknowledgeRun(): void {
    let upTo = 0;
    while (this.#ahead.delete(this.#oldest)) {
      if (this.#accepted.delete(this.#oldest)) {
        upTo = this.#oldest;
      }
      this.#oldest += 1;
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
    this.#accepted.clear();
    this.#ahead.clear();
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

function refuse(channel: SettlingChannel, message: TagHolder, verdict: Verdict): void {
  if (verdict === "return") {
    channel.nack(message, false, true);
  } else {
    channel.reject(message, verdict === "retry");
  }
}

function holder(deliveryTag: number): TagHolder {
  return { fields: { deliveryTag } };
}
