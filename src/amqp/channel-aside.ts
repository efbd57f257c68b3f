/**
 * A channel for questions that the broker may refuse, and a refusal closes the channel it comes by. One that has
 * answered is kept for the next question: every node looks after its queue now and then, on somebody else's cluster.
 * Enters: a way to open a channel, and what is to be done on one. Leaves: its answer. It knows nothing of the link.
 */
import type { Channel } from "amqplib";
import { withDeadline } from "./deadline";
import { closeQuietly } from "./link";

/** A channel, and the number of the link it lives on. */
export interface OpenChannel<C extends Channel = Channel> {
  readonly channel: C;
  readonly generation: number;
}

export class ChannelAside {
  readonly #open: () => Promise<OpenChannel>;
  readonly #isUsable: (open: OpenChannel) => boolean;
  readonly #closeLimit: number;
  /** It has answered and waits for the next question. */
  #spare: OpenChannel | undefined;

  /** @param isUsable whether the link a channel lives on is still there */
  constructor(
    open: () => Promise<OpenChannel>,
    isUsable: (open: OpenChannel) => boolean,
    closeLimit: number,
  ) {
    this.#open = open;
    this.#isUsable = isUsable;
    this.#closeLimit = closeLimit;
  }

  /** @throws what the broker has against it, or when it does not answer in time */
  async run<T>(work: (channel: Channel) => Promise<T>, limit: number, what: string): Promise<T> {
    const open = this.#take() ?? (await this.#openOne());
    try {
      const answer = await withDeadline(work(open.channel), limit, what);
      this.#keep(open);
      return answer;
    } catch (error) {
      closeQuietly(open.channel, this.#closeLimit);
      throw error;
    }
  }

  #take(): OpenChannel | undefined {
    const spare = this.#spare;
    this.#spare = undefined;
    return spare !== undefined && this.#isUsable(spare) ? spare : undefined;
  }

  #keep(open: OpenChannel): void {
    if (this.#spare !== undefined || !this.#isUsable(open)) {
      closeQuietly(open.channel, this.#closeLimit);
      return;
    }
    this.#spare = open;
  }

  /** It is listened to once, however often it is asked by. */
  async #openOne(): Promise<OpenChannel> {
    const open = await this.#open();
    open.channel.once("close", () => {
      if (this.#spare?.channel === open.channel) {
        this.#spare = undefined;
      }
    });
    return open;
  }
}
