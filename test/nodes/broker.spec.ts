/** The config node: how many connections there are, what each mistake looks like, and how it mends. */
import assert from "node:assert/strict";
import { type ConfirmChannel, connect } from "amqplib";
import { broadcastExchange, order } from "../../src/regards/services";
import { FakeBroker, NO_VHOST } from "../support/fake-broker";
import { freePort } from "../support/free-port";
import type { Status } from "../support/node-red-wire";
import { sharedNodeRed } from "../support/shared-node-red";
import { type FreshVhost, freshVhost, needsPrivateBroker } from "../support/shared-rabbitmq";
import { TcpProxy } from "../support/tcp-proxy";
import type { FlowNode, TestNodeRed } from "../support/test-node-red";
import { untilValue } from "../support/until";
import { brokerNode, tab } from "./flows";

const EXCHANGE = broadcastExchange("regards", order.eventClass);
const EVENT = Buffer.from('{"status":"GRANTED","orderId":1}');

describe("regards-broker", function () {
  this.timeout(60_000);
  let vhost: FreshVhost;
  let nodeRed: TestNodeRed;
  let channel: ConfirmChannel;

  beforeEach(async () => {
    vhost = await freshVhost();
    nodeRed = await sharedNodeRed();
    channel = await (await connect(vhost.url)).createConfirmChannel();
    await channel.assertExchange(EXCHANGE, "fanout", { durable: true });
  });

  afterEach(async () => {
    await nodeRed.deploy([]);
    await vhost.drop();
  });

  it("serves twenty nodes with two connections, as many after fifty redeploys, and none after the last node", async () => {
    const flow = [
      tab,
      brokerNode(vhost),
      ...Array.from({ length: 15 }, (_, index) => inNode(`in-${index}`)),
      ...Array.from({ length: 5 }, (_, index) => ackNode(`ack-${index}`)),
    ];
    await nodeRed.deploy(flow);
    await Promise.all(flow.slice(2).map(({ id }) => connected(id)));

    assert.equal((await ours()).length, 2);
    for (let round = 0; round < 50; round += 1) {
      await nodeRed.deploy(flow);
    }
    await Promise.all(flow.slice(2).map(({ id }) => connected(id)));
    await untilValue(ours, ({ length }) => length === 2, { what: "two connections" });
    const consumers = await vhost.broker.console.consumers(vhost.vhost);
    assert.equal(consumers.length, 15);

    await nodeRed.deploy([]);
    await untilValue(ours, ({ length }) => length === 0, { what: "no connection" });
  });

  it("opens no connection for a broker node nobody uses", async () => {
    await nodeRed.deploy([tab, brokerNode(vhost)]);

    assert.equal((await ours()).length, 0);
  });

  it("says in one log line that it is connected for the first time, however many connections that takes", async () => {
    await nodeRed.deploy([tab, brokerNode(vhost), inNode("in"), ackNode("ack")]);
    await Promise.all(["in", "ack"].map((id) => connected(id)));

    const lines = nodeRed.logs.filter(({ id, level }) => id === "broker" && level !== "debug");
    assert.deepEqual(
      lines.map(({ msg }) => msg),
      [`Connected to RabbitMQ (${vhost.host}:${vhost.port}).`],
    );
  });

  const mistakes: readonly {
    readonly title: string;
    readonly properties: () => Promise<Readonly<Record<string, unknown>>>;
    readonly cause: RegExp;
    /** The broker's own, which the log keeps. */
    readonly words?: RegExp;
  }[] = [
    {
      title: "a wrong password",
      properties: async () => ({ credentials: { user: vhost.user, password: "wrong" } }),
      cause: /login refused/,
    },
    {
      title: "an unknown host",
      properties: async () => ({ hosts: "nowhere.invalid" }),
      cause: /host not found/,
    },
    {
      title: "a closed port",
      properties: async () => ({ hosts: `127.0.0.1:${await freePort()}` }),
      cause: /connection refused/,
    },
    {
      title: "an unknown vhost",
      properties: async () => ({ vhost: "nowhere" }),
      cause: /vhost unknown or forbidden/,
      words: /NOT_ALLOWED - vhost nowhere not found/,
    },
    {
      title: "a forbidden vhost",
      properties: async () => ({ vhost: "/" }),
      cause: /vhost unknown or forbidden/,
      words: /NOT_ALLOWED - access to vhost '\/' refused for user/,
    },
  ];

  for (const { title, properties, cause, words = /./ } of mistakes) {
    it(`says ${title} in its users' status and in one log line, keeps trying, and recovers when it is mended`, async () => {
      await nodeRed.deploy([tab, brokerNode(vhost, await properties()), inNode("in"), ackNode("ack")]);

      for (const id of ["in", "ack"]) {
        const status = await nodeRed.untilStatus(id, ({ text = "" }) => cause.test(text));
        assert.match(status.text ?? "", /again in \d+ s/);
        assert.equal(status.fill, "yellow");
      }
      const lines = nodeRed.logs.filter(({ level, id }) => level === "warn" && id === "broker");
      assert.equal(lines.length, 1, JSON.stringify(lines));
      assert.match(lines[0]?.msg ?? "", new RegExp(`^${cause.source}`, "i"));
      assert.match(lines[0]?.msg ?? "", words);
      assert.ok(!JSON.stringify(nodeRed.logs).includes(vhost.password), "no secret in the log");

      await nodeRed.deploy([tab, brokerNode(vhost), inNode("in"), ackNode("ack")]);
      await Promise.all(["in", "ack"].map((id) => connected(id)));
    });
  }

  it("says so when the vhost has all the connections it may have, and connects when there is room", async function () {
    needsPrivateBroker(this);
    const { console } = vhost.broker;
    await console.limitConnections(vhost.vhost, 0);
    await nodeRed.deploy([tab, brokerNode(vhost), inNode("in")]);
    await nodeRed.untilStatus("in", ({ text = "" }) => /^too many connections · again in/.test(text));
    await nodeRed.untilLog(
      ({ level, msg }) => level === "warn" && /connection limit \(0\) is reached/.test(msg),
    );

    await console.limitConnections(vhost.vhost, -1);

    await connected("in", 40_000);
  });

  it("connects by itself once a wrong password has become the right one", async () => {
    const node = brokerNode(vhost, { credentials: { user: vhost.user, password: "new-secret" } });
    await nodeRed.deploy([tab, node, inNode("in")]);
    await nodeRed.untilStatus("in", ({ text = "" }) => /login refused/.test(text));

    await vhost.broker.console.changePassword(vhost.user, "new-secret");

    await connected("in", 40_000);
  });

  it("walks its host list", async () => {
    const hosts = `127.0.0.1:${await freePort()}, nowhere.invalid, ${vhost.host}:${vhost.port}`;

    await nodeRed.deploy([tab, brokerNode(vhost, { hosts }), inNode("in")]);

    await connected("in");
  });

  it("walks past a member whose vhost is not up yet, as in a cluster that has just lost one, without a word", async () => {
    const proxy = await TcpProxy.start(vhost);
    const failingOver = await FakeBroker.refusing(NO_VHOST);
    try {
      const [first, next] = [`127.0.0.1:${proxy.port}`, `127.0.0.1:${failingOver.port}`];
      const hosts = `${first}, ${next}, ${vhost.host}:${vhost.port}`;
      await nodeRed.deploy([tab, brokerNode(vhost, { hosts }), inNode("in")]);
      await connected("in");
      nodeRed.forget();

      proxy.refuse();
      proxy.cut();
      await nodeRed.untilLog(
        ({ level, id, msg }) => level === "info" && id === "broker" && /again/.test(msg),
      );

      assert.equal(failingOver.accepted, 1);
      assert.equal(nodeRed.logs.filter(({ level }) => level === "warn").length, 1);
      assert.ok(!nodeRed.statuses("in").some(({ text = "" }) => /again in ([2-9]|\d\d) s/.test(text)));
    } finally {
      await failingOver.close();
      await proxy.close();
    }
  });

  for (const [title, properties, sentence] of [
    ["no hosts", { hosts: "" }, /"hosts" is empty/],
    ["a host with a path", { hosts: "amqp://host/x" }, /is not a host/],
    ["an address that is no web address", { address: "ftp://x" }, /absolute http or https address/],
    [
      "an environment variable that is not set",
      { tenant: ["$", "{NOT_SET_ANYWHERE}"].join("") },
      /tenant: \$\{NOT_SET_ANYWHERE\} not set/,
    ],
    ["a heartbeat of 70000", { heartbeat: 70_000 }, /number from 0 to 65535/],
  ] as const) {
    it(`refuses ${title} with a sentence, and its users stay not configured`, async () => {
      await nodeRed.deploy([tab, brokerNode(vhost, properties), inNode("in")]);

      await nodeRed.untilStatus("in", ({ text }) => text === "not configured");
      const line = await nodeRed.untilLog(({ level, id }) => level === "error" && id === "broker");
      assert.match(line.msg, sentence);
    });
  }

  it("lets a user say so when it is missing", async () => {
    await nodeRed.deploy([tab, { ...inNode("in"), broker: "" }, { ...ackNode("ack"), broker: "gone" }]);

    for (const id of ["in", "ack"]) {
      const status = await nodeRed.untilStatus(id, ({ text }) => text === "not configured");
      assert.deepEqual([status.fill, status.shape, status.code], ["grey", "ring", "not-configured"]);
    }
  });

  for (const [title, properties, sentence] of [
    ["maxInFlight 0", { maxInFlight: 0 }, /"maxInFlight" is "0".*from 1 to 65535/],
    ["maxInFlight 70000", { maxInFlight: "70000" }, /from 1 to 65535/],
    ["maxInFlight abc", { maxInFlight: "abc" }, /"abc"/],
    ["a bad regular expression", { correlationType: "regex", correlation: "(" }, /not a regular expression/],
    ["an existing queue without a name", { queueMode: "existing" }, /"queue" is empty/],
    ["an unknown way to settle", { settle: "perhaps" }, /must be one of: finished, handed, manual/],
  ] as const) {
    it(`an in-node with ${title} has a red status and one sentence in the log`, async () => {
      await nodeRed.deploy([tab, brokerNode(vhost), { ...inNode("in"), ...properties }]);

      const status = await nodeRed.untilStatus("in", ({ fill }) => fill === "red");
      assert.match(status.text ?? "", /check the setting/);
      assert.equal(status.code, "bad-setting");
      const lines = nodeRed.logs.filter(({ level, id }) => level === "error" && id === "in");
      assert.equal(lines.length, 1);
      assert.match(lines[0]?.msg ?? "", sentence);
    });
  }

  it("declares REGARDS' exchange where it may, so that the first event of a fresh platform is not lost", async () => {
    await channel.deleteExchange(EXCHANGE);
    await nodeRed.deploy([tab, brokerNode(vhost), inNode("in", "probe"), probe("probe")]);
    await connected("in", 20_000);

    await channel.assertExchange(EXCHANGE, "fanout", { durable: true });
    channel.publish(EXCHANGE, "", EVENT);

    await nodeRed.nextMessage("probe");
  });

  it("waits for an exchange it may not declare, says once what that costs, and receives what comes after", async () => {
    await channel.deleteExchange(EXCHANGE);
    await vhost.broker.console.setPermissions(vhost.user, vhost.vhost, {
      ...{ configure: "^nodered\\.", write: "^nodered\\.", read: ".*" },
    });
    await nodeRed.deploy([tab, brokerNode(vhost), inNode("in", "probe"), probe("probe")]);
    await nodeRed.untilStatus("in", says(/waiting for exchange OrderResponseDtoEvent/));
    await nodeRed.untilLog(
      ({ level, msg }) => level === "warn" && /configure on .*OrderResponseDtoEvent.*first event/.test(msg),
    );
    await vhost.broker.console.setPermissions(vhost.user, vhost.vhost);

    await channel.assertExchange(EXCHANGE, "fanout", { durable: true });

    await connected("in", 20_000);
    channel.publish(EXCHANGE, "", EVENT);
    await nodeRed.nextMessage("probe");
  });

  it("waits for an existing queue that is not there yet", async () => {
    const node = { ...inNode("in", "probe"), queueMode: "existing", queue: "admins" };
    await nodeRed.deploy([tab, brokerNode(vhost), node, probe("probe")]);
    await nodeRed.untilStatus("in", says(/waiting for queue admins/));

    await channel.assertQueue("admins", { durable: true, arguments: { "x-max-priority": 255 } });
    channel.sendToQueue("admins", EVENT);

    await nodeRed.nextMessage("probe", { timeout: 20_000 });
  });

  it("uses a queue that was declared with other arguments as it is, and says so once", async () => {
    await channel.assertQueue("mine", { durable: true, maxPriority: 10 });
    await nodeRed.deploy([tab, brokerNode(vhost), { ...inNode("in"), queue: "mine" }]);
    await nodeRed.untilStatus("in", says(/used as it is: x-/));
    const lines = nodeRed.logs.filter(({ level, id }) => level === "warn" && id === "in");
    assert.equal(lines.length, 1);
    assert.match(lines[0]?.msg ?? "", /Queue mine exists with another x-/);

    channel.sendToQueue("mine", EVENT);

    await nodeRed.untilStatus("in", (status) => JSON.stringify(status).includes('"accepted":1'));
  });

  it("names a missing permission, and recovers when it is given", async () => {
    await vhost.broker.console.setPermissions(vhost.user, vhost.vhost, {
      configure: "",
      write: "",
      read: "",
    });
    await nodeRed.deploy([tab, brokerNode(vhost), inNode("in")]);
    const status = await nodeRed.untilStatus("in", says(/no permission/));
    assert.equal(status.fill, "red");

    await vhost.broker.console.setPermissions(vhost.user, vhost.vhost);

    await connected("in", 20_000);
  });

  function ours() {
    return vhost.broker.console
      .connections(vhost.vhost)
      .then((connections) => connections.filter(({ name }) => name?.startsWith("Node-RED")));
  }

  function connected(id: string, timeout = 10_000): Promise<Status> {
    return nodeRed.untilStatus(id, ({ code }) => code === "connected", { timeout });
  }
});

function says(words: RegExp): (status: Status) => boolean {
  return ({ text = "" }) => words.test(text);
}

function inNode(id: string, target?: string): FlowNode {
  const wires = [target === undefined ? [] : [target], [], [], [], [], []];
  return { id, type: "regards-order-in", z: "tab", broker: "broker", queueType: "classic", wires };
}

function ackNode(id: string): FlowNode {
  return { id, type: "regards-ack-out", z: "tab", broker: "broker", recipientLabel: "me", wires: [[], []] };
}

function probe(id: string): FlowNode {
  return { id, type: "test-probe", z: "tab", wires: [] };
}
