/** An administrator deletes what we use, takes away rights and gives them back. */

import type { Fault } from "../fault";
import { EVENTS } from "../flow";
import { either } from "../form";
import type { Scene } from "../scene";
import { ORDERS } from "../stream";

/** What waits in a queue dies with it; that is not what these faults are about. */
async function afterTheLastEvent(scene: Scene, work: () => Promise<unknown>): Promise<void> {
  await scene.stream.pause();
  await scene.untilEmpty();
  await work();
}

const makeQueue = ({ stream }: Scene): Promise<void> =>
  stream.administer(async (channel) => {
    await channel.assertQueue(EVENTS, { durable: true });
    await channel.bindQueue(EVENTS, ORDERS, "");
  });

const kickOut = ({ broker, user }: Scene): Promise<number> =>
  broker.console.closeConnections("closed by a test", (connection) => connection.user === user);

export const queueFaults: readonly Fault[] = [
  {
    title: "own queue deleted",
    alone: true,
    isQuick: true,
    lasts: 0,
    inject: (scene) => afterTheLastEvent(scene, () => scene.broker.console.deleteQueue(EVENTS, scene.vhost)),
    mend: ({ stream }) => stream.flow(),
    within: 10,
  },
  {
    title: "existing queue deleted, and made again",
    alone: true,
    lasts: either(1, 10),
    flow: { in: { queueMode: "existing" } },
    prepare: makeQueue,
    async inject(scene) {
      await afterTheLastEvent(scene, () => scene.broker.console.deleteQueue(EVENTS, scene.vhost));
      scene.stream.flow();
    },
    mend: makeQueue,
    shows: { in: /^waiting for queue events$/ },
    within: 15,
  },
  {
    // Nobody tells a consumer: the binding is looked after every ten seconds.
    title: "exchange of the events deleted, and made again",
    alone: true,
    lasts: 1,
    inject: (scene) =>
      afterTheLastEvent(scene, () => scene.broker.console.deleteExchange(ORDERS, scene.vhost)),
    async mend({ stream }) {
      await stream.administer((channel) => channel.assertExchange(ORDERS, "fanout", { durable: true }));
      stream.flow();
    },
    lines: { broken: 0, mended: 0, perhaps: 1 },
    within: 15,
  },
  {
    title: "vhost deleted, and made again",
    alone: true,
    lasts: either(2, 10),
    inject: (scene) =>
      afterTheLastEvent(scene, async () => {
        await scene.collectAcks();
        await scene.broker.console.deleteVhost(scene.vhost);
      }),
    async mend(scene) {
      await scene.furnish();
      await scene.stream.restart();
      await scene.openSink();
      scene.stream.flow();
    },
    shows: { in: /vhost unknown or forbidden/ },
    lines: { broken: 1, mended: 1, perhaps: 2 },
    within: 40,
  },
  {
    title: "permission withdrawn, and given back",
    isQuick: true,
    lasts: either(2, 10),
    async inject(scene) {
      const nothing = { configure: "", write: "", read: "" };
      await scene.broker.console.setPermissions(scene.user, scene.vhost, nothing);
      await kickOut(scene);
    },
    mend: ({ broker, user, vhost }) => broker.console.setPermissions(user, vhost),
    shows: { in: /no permission/ },
    lines: { broken: 2, mended: 2, perhaps: 1 },
    within: 15,
  },
  {
    title: "password changed, and changed back",
    lasts: either(2, 10),
    async inject(scene) {
      await scene.broker.console.changePassword(scene.user, "another");
      await kickOut(scene);
    },
    mend: ({ broker, user, password }) => broker.console.changePassword(user, password),
    shows: { in: /login refused/, ack: /login refused/ },
    lines: { broken: 1, mended: 1, perhaps: 1 },
    within: 40,
  },
];
