/** Where requests come in: one queue per request exchange, and a count of what REGARDS never answers. */
import type { ConsumeMessage } from "amqplib";
import type { Bus } from "./bus";
import type { Drop, Events } from "./happenings";
import { type Demands, Dropped, dropOf, type Incoming, read } from "./intake";
import type { Orders } from "./orders";
import type { Submissions } from "./submissions";
import { exchangeOf, type WireEvent } from "./wire";
import type { Workers } from "./workers";

/** The services requests are for. */
export interface DeskSurroundings {
  readonly tenants: readonly string[];
  readonly events: Events;
  readonly orders: Orders;
  readonly submissions: Submissions;
  readonly workers: Workers;
}

/** The desk. */
export class RequestDesk {
  readonly dropped: Drop[] = [];
  readonly #around: DeskSurroundings;

  constructor(around: DeskSurroundings) {
    this.#around = around;
  }

  /** Listens on every request exchange. */
  async open(bus: Bus, prefix: string): Promise<void> {
    const { orders, submissions, workers } = this.#around;
    const listen = (
      event: WireEvent,
      handle: (incoming: Incoming) => void,
      demands?: Demands,
    ): Promise<void> =>
      bus.listen(exchangeOf(prefix, event), (message) => this.#take(event, message, handle, demands));
    await listen("orderRequest", (incoming) => orders.request(incoming));
    await listen("orderCancel", (incoming) => orders.cancel(incoming));
    await listen("submissionRequest", (incoming) => submissions.request(incoming), {
      needsJsonContentType: true,
    });
    await listen("workerRequest", (incoming) => workers.request(incoming));
  }

  #take(
    event: WireEvent,
    message: ConsumeMessage,
    handle: (incoming: Incoming) => void,
    demands: Demands | undefined,
  ): void {
    try {
      handle(read(event, message, this.#around.tenants, demands));
    } catch (error) {
      if (!(error instanceof Dropped)) throw error;
      const drop = dropOf(event, error);
      this.dropped.push(drop);
      this.#around.events.emit("requestDropped", drop);
    }
  }
}
