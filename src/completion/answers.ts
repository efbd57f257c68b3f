/**
 * Waits for nodes that do not tell when they are done, or tell too early, and send something then. Enters: the
 * messages such nodes have taken, and what they send. Leaves: those messages, let go when the node has sent, or has
 * sent nothing for a minute. What it reports as an error is dealt with elsewhere.
 */
import type { Timing } from "./after";
import { isMessage } from "./errors";
import { LookingIn } from "./looking-in";
import type { Origins } from "./origins";
import type { Pending } from "./run";
import type { FlowNode } from "./runtime";

export class Answers {
  readonly #origins: Origins;
  readonly #timing: Timing;
  readonly #letGo: (pending: Pending) => void;
  /** Also where nothing is wired, and Node-RED's hooks see nothing. */
  readonly #sends = new LookingIn("send", (node, [msgs], call) => {
    call();
    this.#sent(node, msgs);
  });

  constructor(origins: Origins, timing: Timing, letGo: (pending: Pending) => void) {
    this.#origins = origins;
    this.#timing = timing;
    this.#letGo = letGo;
  }

  /** What the node sends from now on is looked at. */
  expectFrom(node: FlowNode): void {
    this.#sends.on(node);
  }

  /** The node has taken the message, and is going to send something. */
  await(pending: Pending): void {
    if (pending.stopWaiting === undefined) {
      const { after, answer } = this.#timing;
      pending.stopWaiting = after(answer, () => this.#letGo(pending));
    }
  }

  #sent(node: FlowNode, msgs: unknown): void {
    // One message, one for each output, or several for each.
    for (const msg of [msgs].flat(2)) {
      const pending = isMessage(msg) ? this.#origins.meant(msg, node) : undefined;
      if (pending !== undefined) {
        this.#letGo(pending);
      }
    }
  }
}
