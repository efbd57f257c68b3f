/** What keeps a node from its queue or exchange, and what somebody should know of a queue that is read. */
import { FrameRelay } from "../../support/frame-relay";
import { type Frame, methodOf } from "../../support/frames";
import type { Cause } from "./cause";
import type { StatusWorld } from "./status-world";

const QUEUE_DECLARE_OK = "50.11";

export const OF_QUEUES: readonly Cause[] = [
  {
    keys: ["waiting-queue"],
    says: /^waiting for queue admins$/,
    make: (world) => existing(world, "admins"),
  },
  {
    keys: ["waiting-exchange"],
    says: /^waiting for exchange OrderResponseDtoEvent$/,
    make: async (world) => {
      await permit(world, { configure: "^nodered\\." });
      await world.show({}, { namespace: "young" });
    },
  },
  {
    keys: ["fault.forbidden"],
    says: /^no permission · again/,
    make: async (world) => {
      await (await world.stranger()).assertQueue("admins");
      await permit(world, { read: "^nothing$" });
      await existing(world, "admins");
    },
  },
  {
    keys: ["fault.queue-locked"],
    says: /^queue used by another · again/,
    make: async (world) => {
      await (await world.stranger()).assertQueue("theirs", { exclusive: true });
      await existing(world, "theirs");
    },
  },
  {
    keys: ["fault.queue-exclusive"],
    says: /^another one reads it alone · again/,
    make: async (world) => {
      const stranger = await world.stranger();
      await stranger.assertQueue("alone");
      await stranger.consume("alone", () => undefined, { exclusive: true });
      await existing(world, "alone");
    },
  },
  {
    keys: ["fault.queue-name"],
    says: /^queue name too long · again/,
    make: (world) => existing(world, "é".repeat(128)),
  },
  {
    keys: ["fault.stream"],
    says: /^the queue is a stream$/,
    make: async (world) => {
      const stranger = await world.stranger();
      await stranger.assertQueue("log", { arguments: { "x-queue-type": "stream" } });
      await existing(world, "log");
      await world.stage.untilReading();
      stranger.sendToQueue("log", Buffer.from("{}"));
    },
  },
  {
    keys: ["fault.cancelled"],
    says: /^queue was deleted · again/,
    make: async (world) => {
      // The wait after it is drawn by lot; a short one would be over before anybody saw it.
      await world.noLuck();
      await (await world.stranger()).assertQueue("admins");
      await existing(world, "admins");
      await world.stage.untilReading();
      await world.console.deleteQueue("admins", world.stage.vhost.vhost);
    },
  },
  {
    keys: ["fault.consumer-timeout"],
    says: /^held too long · again/,
    make: async (world) => {
      await world.console.setConsumerTimeout(1_000);
      world.after(() => world.console.setConsumerTimeout());
      await world.hold(1);
    },
  },
  {
    keys: ["fault.queue-silent"],
    says: /^queue does not answer · again/,
    make: async (world) => {
      // As a quorum queue without a majority: the broker is there, the queue is not.
      await relayed(world, (frame) => (isDeclared(frame) ? Buffer.alloc(0) : frame.bytes));
    },
  },
  {
    keys: ["shared-with-one"],
    says: /^shared with 1 other reader$/,
    make: (world) => shared(world, 1),
  },
  {
    keys: ["shared"],
    says: /^shared with 2 other readers$/,
    make: (world) => shared(world, 2),
  },
  {
    keys: ["used-as-it-is"],
    says: /^queue used as it is: x-/,
    make: async (world) => {
      await (await world.stranger()).assertQueue(world.queue);
      await world.show();
    },
  },
];

function existing(world: StatusWorld, queue: string): Promise<void> {
  return world.show({ queueMode: "existing", queue });
}

async function permit(world: StatusWorld, permissions: object): Promise<void> {
  const { user, vhost } = world.stage.vhost;
  await world.console.setPermissions(user, vhost, permissions);
  world.after(() => world.console.setPermissions(user, vhost));
}

async function shared(world: StatusWorld, readers: number): Promise<void> {
  await world.show();
  await world.stage.untilReading();
  for (let count = 0; count < readers; count += 1) {
    await (await world.stranger()).consume(world.queue, () => undefined);
  }
  // The node looks at its queue when it begins to read it.
  await world.show({ name: "again" });
}

function isDeclared(frame: Frame): boolean {
  return methodOf(frame) === QUEUE_DECLARE_OK;
}

/** Shows a node that reads an administrator's queue through a relay. */
async function relayed(world: StatusWorld, rule: (frame: Frame) => Buffer): Promise<void> {
  await (await world.stranger()).assertQueue("admins");
  const relay = await FrameRelay.start(world.stage.vhost, rule);
  world.after(() => relay.close());
  await world.show({ queueMode: "existing", queue: "admins" }, { hosts: `127.0.0.1:${relay.address.port}` });
}
