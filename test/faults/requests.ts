/**
 * Requests beside the acknowledgements: what became of each order the flow has asked for, as the flow was told and as
 * the other end has it.
 */
import assert from "node:assert/strict";
import type { GetMessage } from "amqplib";
import { ORDER_CLASS } from "../../src/regards/order-request";
import { broadcastExchange } from "../../src/regards/services";
import type { FlowNode } from "../support/test-node-red";

/** Where the orders go, and the queue that keeps them: rs-order's place. */
export const ORDER_REQUESTS = broadcastExchange("regards", ORDER_CLASS);
export const REQUEST_SINK = "requests";

/** What the flow was told of one order. */
export interface Verdict {
  readonly number: number;
  /** Undefined for one that the broker has confirmed. */
  readonly code: string | undefined;
}

/** What became of all orders; every list in it has to be empty. */
export interface RequestBalance {
  readonly asked: number;
  readonly uncertain: number;
  readonly refused: number;
  /** Numbers that the other end has more than once. */
  readonly twice: readonly number[];
  /** Numbers that were asked for and have no verdict, or more than one. */
  readonly untold: readonly number[];
  /** Numbers that were confirmed, and that the other end has not. */
  readonly lost: readonly number[];
  /** Numbers that were refused with certainty, and that the other end has. */
  readonly refusedAndThere: readonly number[];
}

const ASK = `
  msg.number = msg.payload.orderId;
  msg.payload = "PRODUCT_" + msg.number;
  msg.id = "order-" + msg.number;
  return msg;`;

/** ask → order → asked, or not asked; every event of the stream is to be sent to `ask`. */
export function requestNodes(properties: Readonly<Record<string, unknown>>): FlowNode[] {
  const code = { func: ASK, outputs: 1, noerr: 0, initialize: "", finalize: "", libs: [] };
  const order = { broker: "broker", user: "faults", correlationId: "id", correlationIdType: "msg" };
  const wires = [["asked"], ["not-asked"], ["missed"]];
  return [
    { id: "ask", type: "function", z: "tab", ...code, wires: [["order"]] },
    { id: "order", type: "regards-order-out", z: "tab", ...order, ...properties, wires },
    ...["asked", "not-asked", "missed"].map((id) => ({ id, type: "test-probe", z: "tab", wires: [] })),
  ];
}

/**
 * Compares.
 * @param received numbers the flow has asked for, each once
 * @param there what the other end has
 */
export function requestBalance(
  received: readonly number[],
  verdicts: readonly Verdict[],
  there: readonly GetMessage[],
): RequestBalance {
  const numbers = there.map(({ content }) => {
    const { correlationId } = JSON.parse(content.toString()) as { readonly correlationId: string };
    return Number(correlationId.slice("order-".length));
  });
  const isThere = new Set(numbers);
  const told = new Map<number, number>();
  for (const { number } of verdicts) told.set(number, (told.get(number) ?? 0) + 1);
  const withCode = (isWanted: (code: string | undefined) => boolean) =>
    verdicts.filter(({ code }) => isWanted(code)).map(({ number }) => number);
  const refused = withCode((code) => code !== undefined && code !== "REGARDS_UNCERTAIN");
  return {
    asked: received.length,
    uncertain: withCode((code) => code === "REGARDS_UNCERTAIN").length,
    refused: refused.length,
    twice: numbers.filter((number, place) => numbers.indexOf(number) !== place),
    untold: received.filter((number) => told.get(number) !== 1),
    lost: withCode((code) => code === undefined).filter((number) => !isThere.has(number)),
    refusedAndThere: refused.filter((number) => isThere.has(number)),
  };
}

/**
 * Each order is confirmed, refused or uncertain, as it is at the other end, and never twice there.
 * @param expected what some of them must have been, beside confirmed
 */
export function assertAskedOnce(
  balance: RequestBalance,
  { uncertain = "perhaps", refused = false }: ExpectedVerdicts,
): void {
  assert.ok(balance.asked > 0, "no orders");
  assert.deepEqual(balance.twice, [], "orders that came twice");
  assert.deepEqual(balance.untold, [], "orders without a verdict, or with two");
  assert.deepEqual(balance.lost, [], "orders that were confirmed and are nowhere");
  assert.deepEqual(balance.refusedAndThere, [], "orders that were refused and are there");
  if (uncertain !== "perhaps") assert.equal(balance.uncertain > 0, uncertain, "uncertain orders");
  assert.equal(balance.refused > 0, refused, "refused orders");
}

/** Which verdicts a fault brings. */
export interface ExpectedVerdicts {
  /** Depends on the moment unless it is said. */
  readonly uncertain?: boolean | "perhaps";
  readonly refused?: boolean;
}
