/**
 * What the simulated REGARDS tells a test or the demo while it works: plain data, after the broker took it.
 */
import type { EventEmitter } from "node:events";
import type { AcknowledgedService, Headers, WireEvent } from "./wire";

/** Why REGARDS lost a message without a word to its sender. */
export type DropReason =
  | "no tenant"
  | "unknown tenant"
  | "no type"
  | "unknown type"
  | "unreadable"
  | "invalid"
  | "no request id"
  | "poison";

/** A message REGARDS threw away; "poison" is worse: it takes its whole batch to the dead-letter queue. */
export interface Drop {
  readonly event: WireEvent;
  readonly reason: DropReason;
  readonly detail: string;
}

/** An order, as its events name it. */
export interface OrderSeen {
  readonly tenant: string;
  readonly user: string;
  readonly orderId: number;
  readonly correlationId: string;
}

/** A refused order; FAILED without an order id is refused too, under another name. */
export interface OrderRefused {
  readonly tenant: string;
  readonly correlationId: string;
  readonly status: "DENIED" | "FAILED";
  readonly errorType: string;
  readonly message: string;
}

/** A sub-order whose files can be fetched. */
export interface SubOrderReady extends OrderSeen {
  readonly subOrderId: number;
  readonly totalSubOrders: number;
  readonly files: readonly string[];
}

/** The end of an order. */
export interface OrderEnded extends OrderSeen {
  readonly status: "DONE" | "FAILED";
  readonly errors: number;
  readonly downloadable: boolean;
}

/** A ZIP that left REGARDS whole. */
export interface Downloaded extends OrderSeen {
  readonly files: readonly string[];
  readonly notices: readonly string[];
}

/** A product submission and its latest status. */
export interface SubmissionSeen {
  readonly tenant: string;
  readonly correlationId: string;
  readonly productId: string | undefined;
  readonly message: string | undefined;
}

/** A worker request and the state REGARDS answered. */
export interface WorkerSeen {
  readonly tenant: string;
  readonly requestId: string;
  readonly owner: string | undefined;
  readonly contentType: string | undefined;
  readonly state: "GRANTED" | "DELAYED" | "SKIPPED" | "SUCCESS" | "INVALID_CONTENT" | "ERROR";
}

/** A dissemination notification sent to the recipient. */
export interface Disseminated {
  readonly tenant: string;
  readonly service: AcknowledgedService;
  readonly urn: string;
  readonly recipientLabel: string;
}

/** An acknowledgement REGARDS took, with everything it carried. */
export interface Acknowledgement extends Disseminated {
  /** True when it answers a dissemination of this simulator, with exactly its recipient label. */
  readonly awaited: boolean;
  readonly exchange: string;
  readonly routingKey: string;
  readonly headers: Headers;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Every happening by name. */
export interface Happenings {
  orderGranted: [OrderSeen];
  orderRefused: [OrderRefused];
  subOrderReady: [SubOrderReady];
  orderDone: [OrderEnded];
  orderFailed: [OrderEnded];
  downloaded: [Downloaded];
  /** A download answered 204. */
  nothingLeft: [OrderSeen];
  submissionGranted: [SubmissionSeen];
  submissionDenied: [SubmissionSeen];
  submissionArchived: [SubmissionSeen];
  submissionFailed: [SubmissionSeen];
  workerAnswered: [WorkerSeen];
  workerResult: [WorkerSeen];
  disseminated: [Disseminated];
  acknowledged: [Acknowledgement];
  acknowledgementDropped: [Drop];
  requestDropped: [Drop];
  /** Something the simulator could not do (a lost broker, a failed publish): never part of the story. */
  trouble: [Error];
}

/** The emitter of all of them. */
export type Events = EventEmitter<Happenings>;
