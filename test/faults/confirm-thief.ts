/** A relay in front of the broker that can keep its confirms to itself: published, taken, and never said so. */

import { FrameRelay } from "../support/frame-relay";
import { type Frame, methodOf } from "../support/frames";
import type { Target } from "../support/tcp-proxy";

/** From a broker to a client `basic.ack` means one thing only: the confirm of a publishing. */
const CONFIRM = "60.80";
const NOTHING = Buffer.alloc(0);

export class ConfirmThief {
  /** While it is true, no confirm gets through. */
  steals = false;
  #stolen = 0;
  readonly #channels = new Set<number>();
  #relay: FrameRelay | undefined;

  static async start(target: Target): Promise<ConfirmThief> {
    const thief = new ConfirmThief();
    thief.#relay = await FrameRelay.start(target, (frame) => thief.#pass(frame));
    return thief;
  }

  get address(): Target {
    if (this.#relay === undefined) throw new Error("the thief has not started");
    return this.#relay.address;
  }

  /** How many confirms it has kept. */
  get stolen(): number {
    return this.#stolen;
  }

  /** On how many channels it has kept one; of one connection, each exchange has a channel of its own. */
  get channels(): number {
    return this.#channels.size;
  }

  /** Breaks every connection. */
  cut(): void {
    this.#relay?.cut();
  }

  async close(): Promise<void> {
    await this.#relay?.close();
  }

  #pass(frame: Frame): Buffer {
    if (!this.steals || methodOf(frame) !== CONFIRM) return frame.bytes;
    this.#stolen += 1;
    this.#channels.add(frame.channel);
    return NOTHING;
  }
}
