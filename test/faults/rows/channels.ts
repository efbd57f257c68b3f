/** The broker closes one channel (404, 406, 403); what else uses the same connection notices nothing. */
import assert from "node:assert/strict";
import type { ConnectionState } from "../../support/broker-console";
import type { Fault } from "../fault";
import { ACKS } from "../flow";
import { either } from "../form";
import type { Scene } from "../scene";

/** After so many seconds the broker takes back what is held. */
const TIMEOUT = either(2, 20);

/** Nodes beside the usual ones, on the same two connections. */
const NEIGHBOURS = [
  {
    id: "next-in",
    type: "regards-order-in",
    z: "tab",
    broker: "broker",
    queue: "next",
    wires: [["next-seen"], [], [], [], [], []],
  },
  { id: "next-seen", type: "test-probe", z: "tab", countOnly: true, wires: [] },
];

const before = new WeakMap<Scene, readonly string[]>();

/** Every consumer of the neighbour and the channel it is on. */
async function neighbours({ broker, vhost }: Scene): Promise<readonly string[]> {
  return (await broker.console.consumers(vhost))
    .filter(({ queue_name: name }) => name === "next")
    .map(({ channel_pid: channel, consumer_tag: tag }) => `${channel} ${tag}`);
}

async function remember(scene: Scene): Promise<void> {
  before.set(scene, await neighbours(scene));
}

async function assertUndisturbed(scene: Scene): Promise<void> {
  const consumers = await neighbours(scene);
  assert.equal(consumers.length, 1);
  assert.deepEqual(consumers, before.get(scene), "a neighbour has lost its channel");
}

export const channelFaults: readonly Fault[] = [
  {
    title: "channel closed by 404: exchange of the acknowledgements deleted, and made again",
    isQuick: true,
    lasts: either(2, 10),
    flow: { more: NEIGHBOURS },
    async inject(scene) {
      await remember(scene);
      await scene.broker.console.deleteExchange(ACKS, scene.vhost);
    },
    async mend(scene) {
      await assertUndisturbed(scene);
      await scene.openSink();
    },
    shows: { ack: /^waiting for exchange DisseminationAckEvent$/ },
    within: 15,
  },
  {
    title: "channel closed by 403: write permission withdrawn, and given back",
    lasts: either(2, 10),
    flow: { more: NEIGHBOURS },
    async inject(scene) {
      await remember(scene);
      await scene.broker.console.setPermissions(scene.user, scene.vhost, { write: "^(?!regards)" });
      // RabbitMQ remembers a channel's permissions: only a new channel is refused.
      const isPublishing = ({ user, name }: ConnectionState) =>
        user === scene.user && name?.endsWith("(publish)") === true;
      await scene.broker.console.closeConnections("closed by a test", isPublishing);
    },
    async mend(scene) {
      await assertUndisturbed(scene);
      await scene.broker.console.setPermissions(scene.user, scene.vhost);
    },
    shows: { ack: /no permission/ },
    lines: { broken: 2, mended: 2 },
    within: 15,
  },
  {
    title: `channel closed by 406: an event held longer than the broker's ${TIMEOUT} s`,
    lasts: TIMEOUT + 3,
    flow: { more: NEIGHBOURS },
    prepare: ({ broker }) => broker.console.setConsumerTimeout(TIMEOUT * 1_000),
    async inject(scene) {
      await remember(scene);
      await scene.stream.burst(1, { hold: (TIMEOUT + 5) * 1_000 });
    },
    mend: assertUndisturbed,
    // The flow goes on with the event, so the broker's patience may end more than once.
    lines: { broken: 1, mended: 1, perhaps: 2 },
    restore: ({ broker }) => broker.console.setConsumerTimeout(),
    within: 10,
  },
];
