/** The permission that an in-node's dialog names is enough, and no more is needed: tried on a real RabbitMQ. */
import amqplib from "amqplib";
import { type Stage, setStage } from "../simulator/stage";
import { sharedNodeRed } from "../support/shared-node-red";
import { needsPrivateBroker } from "../support/shared-rabbitmq";

const EXCHANGE = "^regards\\.broadcast\\..*\\.OrderResponseDtoEvent$";
const OWN = "^nodered\\.all\\.order\\.[0-9a-f]{8}\\.modest(?:\\.dead|\\.retry)?$";
const TEMPORARY = "^nodered\\.all\\.order\\.[0-9a-f]{8}\\.modest\\.\\w+$";
const NOTHING = "^$";

const NEEDED = {
  own: { configure: OWN, write: OWN, read: `${OWN}|${EXCHANGE}` },
  existing: { configure: NOTHING, write: NOTHING, read: "^made\\.by\\.the\\.administrator$" },
  temporary: { configure: TEMPORARY, write: TEMPORARY, read: `${TEMPORARY}|${EXCHANGE}` },
} as const;

describe("the permission a dialog names", function () {
  this.timeout(60_000);
  let stage: Stage;

  before(async function () {
    needsPrivateBroker(this);
    stage = await setStage();
  });

  after(async () => {
    await (await sharedNodeRed()).deploy([]);
    await stage?.strike();
  });

  for (const [queueMode, permissions] of Object.entries(NEEDED)) {
    it(`is all that a queue of the kind "${queueMode}" needs`, async () => {
      const { vhost } = stage;
      const { host, port, user, password } = vhost;
      const queue = queueMode === "existing" ? "made.by.the.administrator" : "";
      if (queue !== "") {
        await vhost.broker.console.setPermissions(user, vhost.vhost);
        await declare(vhost.url, queue);
      }
      await vhost.broker.console.setPermissions(user, vhost.vhost, permissions);

      const nodeRed = await sharedNodeRed();
      await nodeRed.deploy([
        { id: "tab", type: "tab" },
        {
          ...{ id: "broker", type: "regards-broker", hosts: `${host}:${port}`, vhost: vhost.vhost },
          credentials: { user, password },
        },
        { id: "modest", type: "regards-order-in", z: "tab", broker: "broker", queueMode, queue, wires: [] },
      ]);

      await nodeRed.untilStatus("modest", ({ fill }) => fill === "green");
    });
  }
});

/** What an administrator would do in the management pages. */
async function declare(url: string, queue: string): Promise<void> {
  const connection = await amqplib.connect(url);
  connection.on("error", () => undefined);
  const channel = await connection.createChannel();
  await channel.assertQueue(queue);
  await connection.close();
}
