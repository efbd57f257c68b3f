/** What all faults share: a broker that may be killed, frozen and starved, and a Node-RED beside it. */
import { startNodeRed, type TestNodeRed } from "../support/node-red";
import { type RabbitMq, startRabbitMq } from "../support/rabbitmq";

const STOP_LIMIT = 60_000;

/** Another Node-RED may take the place of the first. */
export interface Stage {
  readonly broker: RabbitMq;
  nodeRed: TestNodeRed;
}

let shared: Promise<Stage> | undefined;

/** Takes a while the first time: a matter for `before`. */
export function sharedStage(): Promise<Stage> {
  shared ??= Promise.all([startRabbitMq({ tls: true }), startNodeRed()]).then(([broker, nodeRed]) => {
    return { broker, nodeRed };
  });
  return shared;
}

// At the root of the suite, whichever spec loads this module first: after everything.
after("take down the stage of the faults", async function () {
  this.timeout(STOP_LIMIT);
  const stage = await shared?.catch(() => undefined);
  shared = undefined;
  await stage?.nodeRed.stop();
  await stage?.broker.stop();
});
