/**
 * What a node last received, and whether it has wanted anything so far: for its status, and for a person who looks.
 * Enters: events that the filter let through, and the conditions that others did not meet. Leaves: the last event,
 * with no more of its body than is worth showing. It never leaves the process, and knows nothing of Node-RED.
 */

import type { Delivery } from "../amqp/delivery";
import type { Recognised, Unrecognised } from "../regards/event";
import type { Condition } from "./filter";
import { addLatest } from "./latest";

/** More of a body is not kept. */
const MOST_BYTES = 65_536;

/** So many may be somebody else's before it is worth asking whether the filter is right. */
const ENOUGH_UNWANTED = 20;

/** The last event a node wanted. */
export interface LastEvent {
  /** As REGARDS spells it; blank where the event names none. */
  readonly status: string;
  /** ISO 8601, in UTC. */
  readonly receivedAt: string;
  /** On our clock. */
  readonly at: number;
  readonly correlationId: string | undefined;
  /** The body as it came; undefined where it is too long to be kept. */
  readonly body: string | undefined;
}

/** Nothing that came was wanted. */
export interface NothingWanted {
  readonly received: number;
  /** What most of them did not meet. */
  readonly condition: Condition;
}

/** What came lately, for a dialog to suggest: latest first. */
export interface SeenLately {
  /** Of whatever came, wanted or not. */
  readonly tenants: readonly string[];
  /** Of what the filter let through, or did not for its correlation id. */
  readonly correlationIds: readonly string[];
}

/** So many of each are worth suggesting, and a name longer than this is not. */
const MOST_SUGGESTED = 20;
const LONGEST_SUGGESTED = 255;

export class Seen {
  readonly #tenants = new Set<string>();
  readonly #correlationIds = new Set<string>();
  readonly #unmet = new Map<Condition, number>();
  readonly #now: () => number;
  #wanted = 0;
  #last:
    | {
        readonly content: Buffer;
        readonly event: Omit<LastEvent, "body" | "receivedAt">;
        readonly date: number;
      }
    | undefined;

  /** @param now the clock that nobody sets */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** It came, whether it is wanted or not. */
  came(tenant: string | undefined): void {
    remember(this.#tenants, tenant);
  }

  /** Its correlation id may be what somebody looks for. */
  told(correlationId: string | undefined): void {
    remember(this.#correlationIds, correlationId);
  }

  get lately(): SeenLately {
    return {
      tenants: [...this.#tenants].reverse(),
      correlationIds: [...this.#correlationIds].reverse(),
    };
  }

  /** The filter let it through. */
  wanted(
    { status = "", correlationId }: Recognised | Unrecognised,
    { content }: Pick<Delivery, "content">,
  ): void {
    this.#wanted += 1;
    this.told(correlationId);
    this.#unmet.clear();
    this.#last = {
      content: content.length > MOST_BYTES ? NOTHING : content,
      event: { status, correlationId, at: this.#now() },
      date: Date.now(),
    };
  }

  /** It does not meet this condition of the filter. */
  unwanted(condition: Condition): void {
    if (this.#wanted === 0) {
      this.#unmet.set(condition, (this.#unmet.get(condition) ?? 0) + 1);
    }
  }

  /** How many events were let through; what the broker repeats is no other event. */
  get count(): number {
    return this.#wanted;
  }

  get last(): LastEvent | undefined {
    if (this.#last === undefined) {
      return undefined;
    }
    const { content, event, date } = this.#last;
    const body = content === NOTHING ? undefined : content.toString();
    return { ...event, receivedAt: new Date(date).toISOString(), body };
  }

  /** Set once enough has come and none of it was wanted. */
  get nothingWanted(): NothingWanted | undefined {
    const [most] = [...this.#unmet].sort(([, one], [, other]) => other - one);
    const received = [...this.#unmet.values()].reduce((sum, count) => sum + count, 0);
    return most === undefined || received < ENOUGH_UNWANTED ? undefined : { received, condition: most[0] };
  }
}

const NOTHING = Buffer.alloc(0);

/** A name that is worth suggesting. */
function remember(names: Set<string>, name: string | undefined): void {
  if (name && name.length <= LONGEST_SUGGESTED) {
    addLatest(names, name, MOST_SUGGESTED);
  }
}
