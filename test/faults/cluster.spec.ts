/** A cluster of three: the node we are connected to dies, then the next; with a majority back, all is well. */
import { startNodeRed } from "../support/node-red";
import { needsPrivateBroker } from "../support/shared-rabbitmq";
import { Cluster, type ClusterNode } from "./cluster";
import type { Fault } from "./fault";
import { either, isWhole } from "./form";
import type { Stage } from "./stage";
import { suffer } from "./suffer";

// Three brokers at once are too much for `npm test`.
if (isWhole) {
  describe("a cluster of three", function () {
    this.timeout(600_000);
    let cluster: Cluster;
    let stage: Stage;

    before(async function () {
      needsPrivateBroker(this);
      const [made, nodeRed] = await Promise.all([Cluster.start(3), startNodeRed()]);
      cluster = made;
      // The stream and the consoles stay with the last one, which nobody kills.
      stage = { broker: node(2), nodeRed };
    });

    after(async () => {
      await stage?.nodeRed.stop();
      await cluster?.stop();
    });

    // What depends on the cluster is asked for when it is there.
    const all: readonly Fault[] = [
      {
        title: "cluster of three: our node is killed",
        lasts: 0,
        rounds: 1,
        get flow() {
          return { broker: { hosts: cluster.hosts } };
        },
        inject: () => node(0).kill(),
        mend: () => undefined,
        restore: () => node(0).start(),
        within: 10,
      },
      {
        title: "cluster of three: our node is killed, then the next; a minority is left",
        lasts: either(12, 40),
        rounds: 1,
        get flow() {
          return { broker: { hosts: cluster.hosts } };
        },
        async inject(scene) {
          await node(0).kill();
          await scene.nodeRed.untilLog(({ msg }) => /^Connected to RabbitMQ again/.test(msg));
          await scene.untilConnected();
          await node(1).kill();
        },
        mend: () => node(1).start(),
        restore: () => node(0).start(),
        shows: { in: /^queue does not answer · again in \d+ s$/ },
        lines: { broken: 3, mended: 3, perhaps: 1 },
      },
      {
        title: "cluster of three: the two others are killed",
        lasts: either(12, 40),
        rounds: 1,
        get flow() {
          return { broker: { hosts: `${node(2).host}:${node(2).port}, ${cluster.hosts}` } };
        },
        async inject() {
          await Promise.all([node(0).kill(), node(1).kill()]);
        },
        mend: () => node(1).start(),
        restore: () => node(0).start(),
        // Our connection stays, and AMQP has no word for a queue without a leader: only its silence tells.
        lines: { broken: 0, mended: 0, perhaps: 1 },
      },
    ];

    for (const fault of all) {
      it(fault.title, () => suffer(fault, stage));
    }

    function node(index: number): ClusterNode {
      const found = cluster.nodes[index];
      if (found === undefined) throw new Error(`there is no node ${index}`);
      return found;
    }
  });
}
