/**
 * Has what one out-node asks remembered until it is answered. Enters: its requests, before they are published and when
 * they are refused. Leaves: what the memory of its broker node keeps. It knows neither where that is nor what comes in.
 */
import type { RequestKind } from "../regards/requests";
import type { AskedRequests } from "./asked-requests";
import type { Request } from "./request";
import type { Sent } from "./requester";
import type { OutSettings } from "./settings";

export class RequestMemory {
  readonly #kind: RequestKind;
  readonly #asked: Pick<AskedRequests, "remember" | "sent" | "forget">;
  readonly #settings: Pick<OutSettings, "noAnswerAfter" | "store">;
  readonly #nodeId: string;

  constructor(
    kind: RequestKind,
    asked: Pick<AskedRequests, "remember" | "sent" | "forget">,
    settings: Pick<OutSettings, "noAnswerAfter" | "store">,
    nodeId: string,
  ) {
    this.#kind = kind;
    this.#asked = asked;
    this.#settings = settings;
    this.#nodeId = nodeId;
  }

  /**
   * To be called before it is published, for its answer may be faster than the broker's confirm; does it once. What
   * its node was to ask through another broker node is no longer waited for there.
   */
  async remember(request: Request): Promise<void> {
    const correlationId = this.#answeredAs(request);
    if (correlationId === undefined || request.rememberedBy === this.#asked) {
      return;
    }
    request.rememberedBy?.forget(correlationId);
    request.rememberedBy = this.#asked;
    const asked = { correlationId, service: this.#kind.name, nodeId: this.#nodeId };
    const { remember } = request.asked.values;
    const value = remember === "" ? undefined : remember;
    await this.#asked.remember(asked, value, this.#settings.noAnswerAfter, this.#settings.store);
  }

  /** What was refused is never answered; what is uncertain may be. */
  ended(request: Request, sent: Sent): void {
    const correlationId = this.#answeredAs(request);
    if (correlationId === undefined) {
      return;
    }
    if (sent.published || sent.error.code === "REGARDS_UNCERTAIN") {
      this.#asked.sent(correlationId);
    } else {
      this.#asked.forget(correlationId);
    }
  }

  /** The id its answers carry; undefined also where the request is so wrong that this cannot be told. */
  #answeredAs({ asked }: Request): string | undefined {
    try {
      return this.#kind.answeredAs?.(asked);
    } catch {
      return undefined;
    }
  }
}
