/** What the test process and its Node-RED process say to each other over IPC. */

/** A message as it arrived at a probe. */
export interface Message {
  readonly _msgid: string;
  readonly [property: string]: unknown;
}

/** A node status as Node-RED announced it; an empty one clears. */
export interface Status {
  readonly fill?: string;
  readonly shape?: string;
  readonly text?: string;
  readonly code?: string;
  /** What our nodes count, for Status nodes. */
  readonly counters?: Readonly<Record<string, number>>;
}

/** One line of Node-RED's log. `id` and `type` name the node it is about. */
export interface LogEntry {
  readonly level: "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "metric";
  readonly msg: string;
  readonly id?: string;
  readonly type?: string;
  readonly name?: string;
}

/** A runtime event, as the editor gets it. */
export interface RuntimeEvent {
  readonly id: string;
  readonly payload: unknown;
}

/** How the process starts its Node-RED. */
export interface StartOrder {
  readonly kind: "start";
  readonly package: string;
  readonly port: number;
  readonly settings: Readonly<Record<string, unknown>>;
  /** A user directory nobody else will remove when the test process is killed. */
  readonly temporaryDirectory: string | undefined;
}

/** One question to the process. */
export interface Call {
  readonly kind: "call";
  readonly id: number;
  readonly action: string;
  readonly args: readonly unknown[];
}

/** Everything the test process sends. */
export type ToNodeRed = StartOrder | Call;

/** Everything the Node-RED process sends. */
export type FromNodeRed =
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "log"; readonly entry: LogEntry }
  | { readonly kind: "status"; readonly id: string; readonly status: Status }
  | { readonly kind: "event"; readonly event: RuntimeEvent }
  | { readonly kind: "message"; readonly probe: string; readonly message: unknown }
  | { readonly kind: "answer"; readonly id: number; readonly result?: unknown; readonly error?: string };

/** What the process uses, after a garbage collection; `cpu` in milliseconds since its start. */
export interface Resources {
  readonly rss: number;
  readonly heapUsed: number;
  readonly cpu: number;
}
