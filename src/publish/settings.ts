/** How an out-node publishes, as the seam has read it from its definition. Types only. */

/** Where a value is found: what was typed, and how it is meant (`msg`, `str`, `jsonata`, …). */
export interface TypedInput {
  readonly value: string;
  readonly type: string;
}

/** The settings of an out-node. */
export interface OutSettings {
  readonly inputs: Readonly<Record<string, TypedInput>>;
  readonly choices: Readonly<Record<string, string>>;
  /** When to say that no answer came, in milliseconds; 0 for never. */
  readonly noAnswerAfter: number;
  /** The context store in which requests are remembered; undefined for the default one. */
  readonly store: string | undefined;
  /** So many messages may wait for the broker. */
  readonly outboxLimit: number;
}
