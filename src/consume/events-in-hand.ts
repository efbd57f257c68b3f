/**
 * The events that one life of a node is in charge of, all at once: taken over from the life before, given back to the
 * broker, lost with a channel, waited for. Enters: what happened to the node or its channel. Leaves: endings, which
 * whoever is in charge carries out. It knows no queue.
 */
import type { Delivery } from "../amqp/delivery";
import { onLeaving } from "../completion/leaving";
import type { EventInHand, InCharge } from "./event-in-hand";
import type { ConsumerParts } from "./parts";

export class EventsInHand {
  readonly #parts: Pick<ConsumerParts, "settings" | "memory" | "flows">;
  readonly #inCharge: InCharge;
  #emptied: (() => void) | undefined;

  constructor(parts: Pick<ConsumerParts, "settings" | "memory" | "flows">, inCharge: InCharge) {
    this.#parts = parts;
    this.#inCharge = inCharge;
  }

  get all(): EventInHand[] {
    return [...this.#parts.memory.events.values()].filter(({ inCharge }) => inCharge === this.#inCharge);
  }

  /** What was to be decided by hand nobody can decide any more once the node has no input. */
  takeOver(): void {
    const { memory, settings } = this.#parts;
    for (const event of settings.settle === "manual" ? [] : [...memory.events.values()]) {
      if (event.run?.endsByVerdict === true) {
        event.inCharge = this.#inCharge;
        this.#inCharge.ended(event, { kind: "again" });
      }
    }
  }

  /**
   * Waits a moment for them to come to an end. A person who decides by hand will not do so within seconds, nor is an
   * attempt due; and what the nodes behind this one pass on cannot end before this node has closed.
   */
  async drained(limit: number): Promise<void> {
    const isByHand = this.#parts.settings.settle === "manual";
    const isOver = (): boolean =>
      this.all.every(({ phase, run }) => {
        const isUndecided = isByHand && run?.isIdle === true;
        const isAtWork = run !== undefined && !run.isPassedOn && !isUndecided;
        return phase !== "ending" && (phase !== "flow" || !isAtWork);
      });
    if (isOver()) {
      return;
    }
    // The nodes behind this one may be closed after it.
    const stopListening = onLeaving(() => this.#emptied?.());
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limit);
      this.#emptied = () => {
        if (isOver()) {
          clearTimeout(timer);
          resolve();
        }
      };
    });
    this.#emptied = undefined;
    stopListening();
  }

  /** One of them occupies no place any more. */
  left(): void {
    this.#emptied?.();
  }

  /** What the flow still has is expected to come again: to the node's next life, if nodes behind it go on. */
  giveBack(removed: boolean): void {
    const { memory, flows, settings } = this.#parts;
    this.giveBackUntouched();
    const isUndecidable = settings.settle === "manual" && (flows.isFullStop || removed);
    for (const event of this.all) {
      memory.expect(event);
      event.delivery.settle("return");
      if (event.phase === "flow" && isUndecidable) {
        this.#inCharge.ended(event, { kind: "again" });
      } else if (event.ending !== undefined) {
        // A copy on its way comes to its end by itself; what could not be given up is the successor's to try.
        event.phase = event.phase === "stuck" ? "ended" : event.phase;
        memory.remove(event);
      }
    }
  }

  /** What the flow has not seen yet: other readers may have it. */
  giveBackUntouched(): void {
    for (const event of this.all) {
      if (event.phase === "queued" || event.phase === "stopped") {
        this.#inCharge.ended(event, { kind: "again" });
      }
    }
  }

  /** The broker has their deliveries again and gives them out again; what the flow has of them goes on. */
  lost(deliveries: readonly Delivery[]): void {
    const { memory, settings } = this.#parts;
    const gone = new Set(deliveries);
    const isTemporary = settings.queue.mode === "temporary";
    for (const event of this.all) {
      if (!gone.has(event.delivery)) {
        continue;
      }
      if (!isTemporary) {
        memory.expect(event);
      }
      if (isTemporary || event.phase === "queued" || event.phase === "stopped") {
        this.#inCharge.ended(event, { kind: "again" });
      }
    }
  }
}
