/** What broker nodes, in-nodes and out-nodes tell for health and metrics, made of what their statuses are made of. */
import type { Broker } from "../amqp/broker";
import { now } from "../amqp/clock";
import type { ConsumerView } from "../consume/view";
import type { PublisherView } from "../publish/view";
import { consumerStatus, publisherNodeStatus } from "./status";
import type { Told } from "./telling";

/** A node that has no broker node it could use, or is wrongly set. */
function notRunning(uses: string): Told {
  return { state: "not-running", isHealthy: false, uses, counters: {} };
}

export function toldByConsumer(view: ConsumerView | undefined, uses: string): Told {
  if (view === undefined) {
    return notRunning(uses);
  }
  const { connection, subscription, paused, givingUp, heldSeconds } = view;
  const isReading = connection.phase === "connected" && subscription.phase === "consuming";
  const { code, counters = {} } = consumerStatus(view, now(), (key) => key);
  return {
    state: code,
    isHealthy: isReading && paused === undefined && givingUp === undefined,
    uses,
    counters: { ...counters, heldSeconds },
  };
}

export function toldByPublisher(view: PublisherView | undefined, uses: string): Told {
  if (view === undefined) {
    return notRunning(uses);
  }
  const { connection, publisher } = view;
  const { code, counters = {} } = publisherNodeStatus(view, now(), (key) => key);
  const isHealthy = connection.phase === "connected" && publisher.phase !== "waiting";
  return { state: code, isHealthy, uses, counters };
}

/** A broker node whose connections nobody needs is well. */
export function toldByBroker(broker: Broker | undefined): Told {
  if (broker === undefined) {
    return { state: "bad-setting", isHealthy: false, counters: {} };
  }
  const states = broker.states;
  const trouble = states.find(({ phase }) => phase !== "connected" && phase !== "idle");
  const isUsed = states.some(({ phase }) => phase === "connected");
  const wellState = isUsed ? "connected" : "idle";
  const state = trouble?.phase === "reconnecting" ? trouble.fault.code : (trouble?.phase ?? wellState);
  return { state, isHealthy: trouble === undefined, counters: {} };
}
