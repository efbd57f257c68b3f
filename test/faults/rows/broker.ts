/** The broker goes, comes back, hangs, or runs out of memory. */
import { startNodeRed } from "../../support/node-red";
import { until } from "../../support/until";
import type { Fault } from "../fault";
import { either, HEARTBEAT, OUTAGE } from "../form";
import type { Scene } from "../scene";

/** Several times the heartbeat: after two to three of them a silent link counts as dead. */
const SILENCE = 5 * HEARTBEAT;
const BACKLOG = 400;

export const brokerFaults: readonly Fault[] = [
  {
    title: `broker stopped for ${either(2, OUTAGE)} s`,
    lasts: either(2, OUTAGE),
    inject: ({ broker }) => broker.shutdown(),
    mend: ({ broker }) => broker.start(),
    shows: { in: /^connection .* · again in \d+ s$/, ack: /^connection .* · again in \d+ s$/ },
    within: 10,
  },
  {
    title: "broker killed (SIGKILL)",
    isQuick: true,
    lasts: either(0, 10),
    inject: ({ broker }) => broker.kill(),
    mend: ({ broker }) => broker.start(),
    shows: { in: /^connection .* · again in \d+ s$/ },
    within: 10,
  },
  {
    title: "broker not there when Node-RED starts",
    lasts: either(1, 10),
    async inject(scene) {
      await scene.stream.pause();
      await scene.untilEmpty();
      await scene.broker.shutdown();
      await scene.nodeRed.stop();
      scene.nodeReds.push(await startNodeRed());
      await scene.deploy();
    },
    async mend({ broker, stream }) {
      await broker.start();
      stream.flow();
    },
    shows: { in: /^connection .* · again in \d+ s$/, ack: /^connection .* · again in \d+ s$/ },
    // Two outages are seen: by the Node-RED that is stopped in the first, and by the one that takes its place.
    lines: { broken: 2, mended: 1 },
    within: 10,
  },
  {
    title: `broker frozen (SIGSTOP) for ${SILENCE} s, heartbeat ${HEARTBEAT} s`,
    lasts: SILENCE,
    inject: ({ broker }) => broker.freeze(),
    mend: ({ broker }) => broker.thaw(),
    shows: { in: /^host does not answer · again in \d+ s$|^connecting$/ },
  },
  {
    title: "memory alarm: publishers are blocked",
    isQuick: true,
    lasts: either(2, 15),
    flow: { in: { settle: "handed" }, ack: { outboxLimit: 10_000 } },
    async inject(scene) {
      // What arrives during the alarm has to be there before it: RabbitMQ blocks the stream as well.
      await scene.stream.pause();
      scene.nodeRed.freeze();
      await scene.stream.burst(BACKLOG);
      await scene.broker.console.setMemoryAlarm(true);
      scene.nodeRed.thaw();
      await untilAllReceived(scene);
      scene.stream.flow();
    },
    mend: ({ broker }) => broker.console.setMemoryAlarm(false),
    shows: { in: /^connected$| · GRANTED just now$/, ack: /^blocked by the broker$/ },
    lines: { broken: 0, mended: 0 },
    restore: ({ broker }) => broker.console.setMemoryAlarm(false),
  },
];

/** Consuming goes on while publishing is blocked. */
async function untilAllReceived(scene: Scene): Promise<void> {
  const missing = () => {
    const received = new Set(scene.received().map(({ number }) => number));
    return [...scene.stream.taken.keys()].filter((number) => !received.has(number)).length;
  };
  await until(() => missing() === 0, {
    what: "the backlog, although publishing is blocked",
    timeout: 15_000,
  });
}
