/**
 * What every spec about the simulated REGARDS begins with: a vhost of its own, a simulator on it, a wiretap.
 */
import { type FreshVhost, freshVhost } from "../support/shared-rabbitmq";
import type { AmqpAddress } from "./bus";
import { type Simulator, type SimulatorOptions, startSimulator } from "./simulator";
import { exchangeOf, type WireEvent } from "./wire";
import { tap, type Wiretap } from "./wiretap";

/** A simulated REGARDS with somebody listening to it. */
export interface Stage {
  readonly amqp: AmqpAddress;
  readonly vhost: FreshVhost;
  readonly regards: Simulator;
  readonly wire: Wiretap;
  strike(): Promise<void>;
}

const RESPONSES: readonly WireEvent[] = ["order", "submission", "worker"];

/** Sets the stage; a step of REGARDS' work takes 5 ms on it. */
export async function setStage(options: Partial<SimulatorOptions> = {}): Promise<Stage> {
  const vhost = await freshVhost();
  const amqp = amqpOf(vhost);
  const regards = await startSimulator({ amqp, pace: 5, ...options });
  const exchanges = RESPONSES.map((event) => exchangeOf(regards.prefix, event));
  const wire = await tap(amqp, ...exchanges);
  return {
    amqp,
    vhost,
    regards,
    wire,
    async strike() {
      await wire.stop();
      await regards.stop();
      await vhost.drop();
    },
  };
}

/** The address of a broker in the words of amqplib. */
export function amqpOf({
  host,
  port,
  user,
  password,
  vhost,
}: Omit<FreshVhost, "broker" | "drop">): AmqpAddress {
  return { hostname: host, port, username: user, password, vhost };
}
