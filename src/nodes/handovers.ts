/**
 * The one handover of each Node-RED: what a publishing node leaves is reported when all nodes have started and
 * none has come in its place, or when the process ends. Enters: Node-RED's events. Leaves: a handover.
 */
import { type FlowEvents, restartsOf } from "../completion/restarts";
import { Handover } from "../publish/handover";

const known = new Map<FlowEvents, Handover<unknown>>();

/** The handover of publishing nodes' open work; all of them share it, each under a key of its own. */
export function handoverOf<T>(events: FlowEvents): Handover<T> {
  let handover = known.get(events);
  if (handover === undefined) {
    const made = new Handover<unknown>();
    restartsOf(events).onChange((isGoingOn) => {
      if (!isGoingOn) {
        made.reportOrphans();
      }
    });
    if (known.size === 0) {
      process.once("exit", () => {
        for (const each of known.values()) {
          each.reportAll();
        }
      });
    }
    known.set(events, made);
    handover = made;
  }
  return handover as Handover<T>;
}
