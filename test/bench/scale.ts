/** How much is measured: enough to be trusted, or just enough to see that the bench works. */

export interface Scale {
  readonly rounds: number;
  readonly warmUps: number;
  /** How long a run waits at most for the broker to rest after a queue was filled. */
  readonly restSeconds: number;
  readonly memoryRounds: number;
  readonly events: number;
  /** A queue with 255 priorities is so slow that fewer must do. */
  readonly priorityEvents: number;
  readonly prefetches: readonly number[];
  readonly latencySeconds: number;
  readonly acknowledgements: number;
  /** How much waits while memory is looked at. */
  readonly waiting: readonly number[];
  readonly outageSeconds: number;
  readonly idleNodes: number;
  readonly idleSeconds: number;
  readonly starts: number;
  readonly foreignMessages: number;
  readonly foreignProcesses: number;
  readonly nodes: readonly number[];
  readonly bodies: readonly { readonly bytes: number; readonly events: number }[];
  readonly tenants: readonly number[];
  readonly downloadRounds: number;
  readonly downloadFiles: number;
  readonly downloadBytes: number;
}

export const FULL: Scale = {
  rounds: 5,
  warmUps: 1,
  restSeconds: 30,
  memoryRounds: 3,
  events: 100_000,
  priorityEvents: 2_000,
  prefetches: [10, 100, 1_000],
  latencySeconds: 10,
  acknowledgements: 50_000,
  waiting: [20_000, 200_000],
  outageSeconds: 60,
  idleNodes: 50,
  idleSeconds: 60,
  starts: 9,
  foreignMessages: 100_000,
  foreignProcesses: 3,
  nodes: [1, 10, 50],
  bodies: [
    { bytes: 300, events: 30_000 },
    { bytes: 10_000, events: 10_000 },
    { bytes: 1_000_000, events: 200 },
  ],
  tenants: [1, 5, 50],
  downloadRounds: 3,
  downloadFiles: 8,
  downloadBytes: 1_280 * 1024 * 1024,
};

export const SHORT: Scale = {
  rounds: 1,
  warmUps: 0,
  restSeconds: 0,
  memoryRounds: 1,
  events: 200,
  priorityEvents: 50,
  prefetches: [10],
  latencySeconds: 0.2,
  acknowledgements: 100,
  waiting: [200],
  outageSeconds: 1,
  idleNodes: 5,
  idleSeconds: 0.5,
  starts: 1,
  foreignMessages: 500,
  foreignProcesses: 1,
  nodes: [1, 3],
  bodies: [{ bytes: 10_000, events: 50 }],
  tenants: [5],
  downloadRounds: 1,
  downloadFiles: 2,
  downloadBytes: 1024 * 1024,
};
