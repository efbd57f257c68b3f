/**
 * The one table of what REGARDS takes and we publish: exchanges, what the dialog asks for, builder, and whether a
 * second copy does harm. A new request is a new row here, a builder beside it and a pair in nodes/.
 */
import { ackDetails, acknowledgements, CODES, EVENT_CLASS, urnsIn } from "./acknowledgement";
import type { Body } from "./event";
import { CANCEL_CLASS, ORDER_CLASS, orderCorrelationId, orderDetails, orderRequest } from "./order-request";
import type { Asked, Publication } from "./publication";
import { REQUEST_CODES, requestCorrelationId } from "./request-fields";
import {
  EVENT_CLASS as SUBMISSION_CLASS,
  submissionCorrelationId,
  submissionDetails,
  submissionRequest,
} from "./submission-request";
import type { RegardsSystem } from "./system";
import { EVENT_CLASS as WORKER_CLASS, workerRequest, workerRequestDetails } from "./worker-request";

/** One kind of message to REGARDS. */
export interface RequestKind {
  /** As in the type of its node: `regards-<name>-out`. */
  readonly name: "order" | "submission" | "worker" | "ack";
  /** Java classes of what is published: REGARDS names the exchanges after them. */
  readonly eventClasses: readonly string[];
  /** The typed inputs of the dialog, `<name>` and `<name>Type`: value and type where an older flow has none. */
  readonly inputs: Readonly<Record<string, readonly [value: string, type: string]>>;
  /** Properties that hold one of a few words; the first is the default. */
  readonly choices: Readonly<Record<string, readonly [string, ...string[]]>>;
  /** What happens when a confirm is lost: a second acknowledgement is harmless, a second order is not. */
  readonly repeat: "until-confirmed" | "never";
  /** What a refusal of its builder is called. */
  readonly codes: readonly string[];
  /** Lines of the log, as keys of the catalogue. */
  readonly log: { readonly waiting: string; readonly again: string; readonly unpublished: string };
  /**
   * The keys of what will be published, as far as it can be told without a broker.
   * @throws RequestError
   */
  keysOf(asked: Asked): readonly string[];
  /**
   * The correlation id its answers carry; undefined for one that gets none. Not there where REGARDS never answers.
   * @throws RequestError
   */
  answeredAs?(asked: Asked): string | undefined;
  /**
   * Checks everything, and builds all of it or nothing.
   * @throws RequestError what REGARDS would drop, or worse
   */
  build(asked: Asked, system: RegardsSystem): readonly Publication[];
  /** What this kind adds to `msg.regards`; the keys are those the broker has confirmed. */
  details(asked: Asked, confirmed: readonly string[]): Body;
  /** What it adds to `msg.error`: the keys that were not published. */
  unpublished(keys: readonly string[]): Body;
  /** True when a second try of a message asks for the same: what was confirmed is not published again. */
  isSame?(asked: Asked, earlier: Asked): boolean;
}

/** What all requests say of themselves in the log. */
const REQUEST_LOG = {
  waiting: "cannot-request",
  again: "requesting-again",
  unpublished: "closed-unrequested",
};

/** What every request may have: the id its answers carry, and what they bring back as `msg.request`. */
const ASKED = { correlationId: ["", "str"], remember: ["", "str"] } as const;

/** Orders, and their cancelling (rs-order). */
export const orderRequests: RequestKind = {
  name: "order",
  eventClasses: [ORDER_CLASS, CANCEL_CLASS],
  inputs: {
    user: ["", "str"],
    dataTypes: ["", "str"],
    fileNames: ["", "str"],
    sizeLimit: ["", "str"],
    ...ASKED,
  },
  choices: { action: ["order", "cancel"], ask: ["products", "queries", "request"] },
  repeat: "never",
  codes: REQUEST_CODES,
  log: REQUEST_LOG,
  keysOf: (asked) => [orderCorrelationId(asked)],
  answeredAs: (asked) => (asked.values.action === "cancel" ? undefined : orderCorrelationId(asked)),
  build: orderRequest,
  details: orderDetails,
  unpublished: ([correlationId = null]) => ({ correlationId }),
};

/** Submissions of products (rs-lta-manager). */
export const submissionRequests: RequestKind = {
  name: "submission",
  eventClasses: [SUBMISSION_CLASS],
  inputs: { owner: ["", "str"], session: ["", "str"], appId: ["", "str"], ...ASKED },
  choices: {},
  repeat: "never",
  codes: REQUEST_CODES,
  log: REQUEST_LOG,
  keysOf: (asked) => [submissionCorrelationId(asked)],
  answeredAs: submissionCorrelationId,
  build: submissionRequest,
  details: submissionDetails,
  unpublished: ([correlationId = null]) => ({ correlationId }),
};

/** Requests to workers (rs-worker-manager). */
export const workerRequests: RequestKind = {
  name: "worker",
  eventClasses: [WORKER_CLASS],
  inputs: { owner: ["", "str"], session: ["", "str"], contentType: ["", "str"], ...ASKED },
  choices: {},
  repeat: "never",
  codes: REQUEST_CODES,
  log: REQUEST_LOG,
  keysOf: (asked) => [requestCorrelationId(asked)],
  answeredAs: requestCorrelationId,
  build: workerRequest,
  details: workerRequestDetails,
  unpublished: ([correlationId = null]) => ({ correlationId }),
};

/** Acknowledgements of disseminated products (rs-ingest, rs-fem). */
export const acknowledgement: RequestKind = {
  name: "ack",
  eventClasses: Object.values(EVENT_CLASS),
  inputs: { urn: ["payload", "msg"], recipientLabel: ["", "str"] },
  choices: { target: ["auto", "ingest", "fem"] },
  repeat: "until-confirmed",
  codes: CODES,
  log: { waiting: "cannot-publish", again: "publishing-again", unpublished: "closed-unpublished" },
  keysOf: ({ values }) => urnsIn(values.urn),
  build: acknowledgements,
  details: ackDetails,
  unpublished: (urns) => ({ urns }),
  isSame: ({ values }, earlier) => values.recipientLabel === earlier.values.recipientLabel,
};

/** All of them, in the order *Test connection* looks at their exchanges. */
export const REQUEST_KINDS: readonly RequestKind[] = [
  orderRequests,
  submissionRequests,
  workerRequests,
  acknowledgement,
];
