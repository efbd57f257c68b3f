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
  /** So many messages may wait for the broker. */
  readonly outboxLimit: number;
}
