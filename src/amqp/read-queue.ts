/**
 * The queue that a consumer reads: how it comes to be, the binding that brings its messages, and what can be seen of
 * it from outside. Enters: a plan and a way to a channel. Leaves: its name, and findings. It never knows whether
 * anybody reads it just now.
 */
import type { Channel } from "amqplib";
import {
  type Aside,
  bindQueue,
  deadLetterName,
  declareTemporary,
  look,
  type PreparedQueue,
  prepareQueue,
  type QueuePlan,
} from "./queue";

/** What was seen of the queue from outside. */
export interface Finding {
  /** Consumers beside this one. */
  readonly otherReaders: number;
  /** Messages in the dead-letter queue of an own queue. */
  readonly deadLetters: number;
  /** The argument in which an own queue differs from what this node would declare. */
  readonly differs: string | undefined;
}

/** The binding is looked after every time; the rest is dearer. */
const LOOK_EVERY = 6;

export class ReadQueue {
  readonly #plan: QueuePlan;
  readonly #aside: Aside;
  readonly #found: (finding: Finding) => void;
  #prepared: PreparedQueue | undefined;
  #looks = 0;

  constructor(plan: QueuePlan, aside: Aside, found: (finding: Finding) => void) {
    this.#plan = plan;
    this.#aside = aside;
    this.#found = found;
  }

  /** Its name at the broker; a temporary one has a new name at each declaration. */
  get name(): string {
    return this.#prepared?.name ?? this.#plan.name;
  }

  /** True where it is a quorum queue for certain. */
  get isQuorum(): boolean {
    const isAsAsked = this.#prepared?.differs === undefined;
    return this.#plan.mode === "own" && this.#plan.type === "quorum" && isAsAsked;
  }

  /** Sees to it that it is there; a temporary one comes with the channel that reads it. */
  async prepare(): Promise<void> {
    if (this.#plan.mode !== "temporary") {
      this.#prepared = await prepareQueue(this.#aside, this.#plan);
    }
  }

  async prepareOn(channel: Channel): Promise<void> {
    if (this.#plan.mode === "temporary") {
      this.#prepared = await declareTemporary(channel, this.#plan);
    }
  }

  /**
   * Binds it, which nobody says is needed again, and now and then looks at it.
   * @param isNew it has been prepared just now
   * @throws when it is not bound
   */
  async maintain(isNew: boolean): Promise<void> {
    const plan = this.#plan;
    const isDue = this.#looks++ % LOOK_EVERY === 0;
    if (isDue && plan.mode === "own" && !isNew) {
      await this.prepare();
    }
    await bindQueue(this.#aside, plan, this.name);
    if (!isDue) {
      return;
    }
    const readers = await look(this.#aside, this.name);
    const dead = plan.mode === "own" ? await look(this.#aside, deadLetterName(plan.name)) : undefined;
    this.#found({
      otherReaders: Math.max(0, (readers?.consumers ?? 1) - 1),
      deadLetters: dead?.messages ?? 0,
      differs: this.#prepared?.differs,
    });
  }

  /** Looks at it the next time, whenever it was done last. */
  lookSoon(): void {
    this.#looks = 0;
  }
}
