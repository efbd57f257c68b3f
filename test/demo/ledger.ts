/** What the simulated REGARDS has seen and done for the demo's own requests, counted outside Node-RED. */
import type { OrderSeen } from "../simulator/happenings";
import type { Simulator } from "../simulator/simulator";
import { CORRELATION_PREFIX, FLOWS_PREFIX } from "./flows";

/** The counts, which go on while the demo runs. */
export interface Ledger {
  readonly granted: number;
  readonly subOrdersReady: number;
  /** The file names REGARDS prepared, by order. */
  readonly prepared: ReadonlyMap<number, readonly string[]>;
  readonly archived: number;
  readonly refusedSubmissions: number;
}

/** True for what the demo asked for itself, as a client or by its flows. */
export function isOwn({ correlationId }: Pick<OrderSeen, "correlationId">): boolean {
  return [CORRELATION_PREFIX, FLOWS_PREFIX].some((prefix) => correlationId.startsWith(prefix));
}

/** Starts to count. */
export function openLedger({ events }: Simulator): Ledger {
  const prepared = new Map<number, readonly string[]>();
  const ledger = {
    granted: 0,
    subOrdersReady: 0,
    prepared,
    archived: 0,
    refusedSubmissions: 0,
  };
  type Count = Exclude<keyof typeof ledger, "prepared">;
  const count = (...names: readonly Count[]) => {
    return (happening: Pick<OrderSeen, "correlationId">): void => {
      if (isOwn(happening)) for (const name of names) ledger[name] += 1;
    };
  };
  events.on("orderGranted", count("granted"));
  events.on("subOrderReady", count("subOrdersReady"));
  events.on("subOrderReady", (order) => {
    if (isOwn(order)) prepared.set(order.orderId, [...(prepared.get(order.orderId) ?? []), ...order.files]);
  });
  events.on("submissionArchived", count("archived"));
  events.on("submissionDenied", count("refusedSubmissions"));
  return ledger;
}
