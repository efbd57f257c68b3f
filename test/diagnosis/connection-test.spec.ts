/** "Test connection" as the server answers it: what it finds, who may ask, what it leaves behind. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import amqplib from "amqplib";
import type { Line } from "../../src/diagnosis/connection-report";
import { REQUEST_KINDS } from "../../src/regards/requests";
import { broadcastExchange } from "../../src/regards/services";
import { type Stage, setStage } from "../simulator/stage";
import { notificationExchange } from "../simulator/wire";
import { startNodeRed, type TestNodeRed } from "../support/node-red";
import { type RabbitMq, startRabbitMq } from "../support/rabbitmq";
import { type FreshVhost, freshVhost, needsPrivateBroker } from "../support/shared-rabbitmq";
import { ADMIN_AUTH, fetchAs, logInWriter } from "./admin-auth";

const PRIORITIES = { "x-max-priority": 255, "x-dead-letter-exchange": "regards.DLX" };

/** The findings, one a line, as they would be read: the mark, the name, the key of what is said. */
const read = (lines: readonly Line[]): string[] =>
  lines.map(({ ok, name, text }) => {
    const about = name.slice(name.lastIndexOf(".modules.") + 1).replace(/^modules\./, "");
    return `${ok === null ? "?" : ok ? "+" : "-"} ${about} ${text}`;
  });

describe("Test connection", function () {
  this.timeout(60_000);
  let nodeRed: TestNodeRed;
  let stage: Stage;
  let empty: FreshVhost;

  before(async function () {
    needsPrivateBroker(this);
    [nodeRed, stage, empty] = await Promise.all([
      startNodeRed({ settings: { adminAuth: ADMIN_AUTH }, env: { TEST_VHOST: "from-the-environment" } }),
      setStage(),
      freshVhost(),
    ]);
    await logInWriter(nodeRed);
  });

  after(async () => {
    await nodeRed?.stop();
    await stage?.strike();
    await empty?.drop();
  });

  const form = ({ host, port, vhost, user, password }: FreshVhost, more = {}): object => ({
    ...{ hosts: `${host}:${port}`, vhost, user, password, heartbeat: 30, namespace: "regards" },
    ...more,
  });

  async function ask(body: object, id = "unsaved"): Promise<Line[]> {
    const from = Date.now();
    const response = await nodeRed.fetch(`regards-broker/${id}/test`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.ok(Date.now() - from < 5_000);
    assert.equal(response.status, 200);
    const text = await response.text();
    assert.ok(!text.includes(stage.vhost.password), text);
    assert.deepEqual(
      nodeRed.logs.filter(({ msg }) => msg.includes(stage.vhost.password)),
      [],
    );
    return JSON.parse(text).lines;
  }

  it("is refused to whoever may not change flows", async () => {
    const path = "regards-broker/unsaved/test";
    const body = JSON.stringify({ hosts: "" });
    const request = { method: "POST", headers: { "content-type": "application/json" }, body };

    assert.equal((await fetchAs(undefined, nodeRed, path, request)).status, 401);
    assert.equal((await fetchAs("reader", nodeRed, path, request)).status, 401);
    assert.equal((await nodeRed.fetch(path, request)).status, 200);
  });

  it("goes through host, login, vhost and every exchange, and leaves no trace on the broker", async () => {
    const { console } = stage.vhost.broker;
    const { vhost, host, port, user } = stage.vhost;
    const state = async (): Promise<unknown> =>
      Promise.all([console.queues(vhost), console.exchanges(vhost), console.bindings(vhost)]);
    const before = await state();

    const lines = read(await ask(form(stage.vhost)));

    assert.deepEqual(lines, [
      `+ ${host}:${port} test.reached`,
      `+ ${user} test.login`,
      `+ ${vhost} test.vhost`,
      "+ order.amqp.output.OrderResponseDtoEvent test.there",
      "+ ltamanager.amqp.output.SubmissionResponseDtoEvent test.there",
      "+ workermanager.amqp.events.out.ResponseEvent test.there",
      "+ order.amqp.input.OrderRequestDtoEvent test.there",
      "+ order.amqp.input.OrderCancelRequestDtoEvent test.there",
      "+ ltamanager.amqp.input.SubmissionRequestDtoEvent test.there",
      "+ workermanager.amqp.events.in.RequestEvent test.there",
      "+ ingest.dto.request.event.DisseminationAckEvent test.there",
      "+ feature.dto.event.in.DisseminationAckEvent test.there",
    ]);
    assert.deepEqual(await state(), before);
    const connections = await console.connections(vhost);
    assert.deepEqual(
      connections.filter(({ name }) => name?.includes("(test)")),
      [],
    );
  });

  it("stops where it is refused: at the login, at the vhost, at the host", async () => {
    const { host, port, user } = stage.vhost;
    const reached = `+ ${host}:${port} test.reached`;
    assert.deepEqual(read(await ask(form(stage.vhost, { password: "wrong" }))), [
      reached,
      `- ${user} status.fault.login`,
    ]);
    assert.deepEqual(read(await ask(form(stage.vhost, { vhost: "nowhere" }))), [
      reached,
      `+ ${user} test.login`,
      "- nowhere status.fault.vhost",
    ]);
    assert.deepEqual(read(await ask(form(stage.vhost, { hosts: "127.0.0.1:1" }))), [
      "- 127.0.0.1:1 status.fault.refused",
    ]);
  });

  it("looks at every host of the list, and goes on with one that works", async () => {
    const { host, port } = stage.vhost;
    const lines = read(await ask(form(stage.vhost, { hosts: `127.0.0.1:1, ${host}:${port}` })));
    assert.deepEqual(lines.slice(0, 2), [
      "- 127.0.0.1:1 status.fault.refused",
      `+ ${host}:${port} test.reached`,
    ]);
    assert.equal(lines.at(-1), "+ feature.dto.event.in.DisseminationAckEvent test.there");
  });

  it("answers in time when the host accepts and then says nothing", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const address = silent.address();
    assert.ok(typeof address === "object" && address !== null);

    const lines = await ask(form(stage.vhost, { hosts: `127.0.0.1:${address.port}` }));

    silent.close();
    assert.deepEqual(read(lines), [`- 127.0.0.1:${address.port} status.fault.timeout`]);
  });

  it("tells an exchange that is not there yet from one that is not allowed", async () => {
    const absent = await ask(form(empty));
    assert.deepEqual(
      absent.slice(3).map(({ ok, next }) => [ok, next]),
      [
        ...Array.from({ length: 3 }, () => [null, "test.next.absent"]),
        ...Array.from({ length: 6 }, () => [null, "test.next.absent-request"]),
      ],
    );

    const { user, vhost, broker } = stage.vhost;
    const own = "^nodered\\..*";
    const orders = ".*OrderResponseDtoEvent$";
    await broker.console.setPermissions(user, vhost, {
      ...{ configure: own, write: `${own}|.*ingest.*AckEvent$`, read: `${own}|${orders}` },
    });
    const lines = await ask(form(stage.vhost));
    await broker.console.setPermissions(user, vhost, { configure: "^$", write: "^$", read: orders });
    const untold = await ask(form(stage.vhost));
    await broker.console.setPermissions(user, vhost);

    assert.deepEqual(
      lines.slice(3).map(({ ok, values }) => ok || values?.permission),
      [true, "read", "read", ...Array(4).fill("write"), true, "write"],
    );
    assert.deepEqual(
      untold.slice(3).map(({ ok, next }) => [ok, next]),
      [
        ...Array.from({ length: 3 }, () => [null, "test.next.untold"]),
        ...Array.from({ length: 6 }, () => [false, "test.next.forbidden"]),
      ],
    );
  });

  describe("for an out-node", () => {
    for (const { name, eventClasses } of REQUEST_KINDS) {
      for (const eventClass of eventClasses) {
        const exchange = broadcastExchange("regards", eventClass);
        const publish = [eventClass];

        it(`looks at nothing but ${eventClass.replace(/^.*modules\./, "")}, which ${name} out writes to`, async () => {
          const lines = await ask(form(stage.vhost, { publish }));

          assert.deepEqual(
            lines.slice(3).map((line) => [line.ok, line.name, line.text]),
            [[true, exchange, "test.there"]],
          );
        });

        it(`asks for write on ${eventClass.replace(/^.*\./, "")}, and for nothing else, where ${name} out may not`, async () => {
          const { user, vhost, broker } = stage.vhost;
          const others = `^(?!${exchange.replaceAll(".", "\\.")}$).*`;
          await broker.console.setPermissions(user, vhost, { configure: ".*", write: others, read: ".*" });
          const [line] = (await ask(form(stage.vhost, { publish }))).slice(3);
          const only = `^${exchange.replaceAll(".", "\\.")}$`;
          await broker.console.setPermissions(user, vhost, { configure: "^$", write: only, read: "^$" });
          const [granted] = (await ask(form(stage.vhost, { publish }))).slice(3);
          await broker.console.setPermissions(user, vhost);

          assert.deepEqual(line, {
            ...{ ok: false, name: exchange, text: "status.fault.forbidden", next: "test.next.forbidden" },
            values: { permission: "write", name: exchange },
          });
          assert.equal(granted?.ok, true, "it is all that is needed");
        });

        it(`says who makes the exchange of ${name} out where it is not there`, async () => {
          const [line] = (await ask(form(empty, { publish }))).slice(3);

          assert.deepEqual(line, {
            ...{ ok: null, name: exchange, text: "test.absent", next: "test.next.absent-request" },
          });
        });
      }
    }

    it("looks at the exchanges of the namespace that the broker node names, and at none that is no request's", async () => {
      const [first = ""] = REQUEST_KINDS.flatMap(({ eventClasses }) => eventClasses);
      const publish = [first, "java.lang.Object"];
      const lines = await ask(form(stage.vhost, { namespace: "other", publish }));

      assert.deepEqual(
        lines.slice(3).map(({ name }) => name),
        [broadcastExchange("other", first)],
      );
    });
  });

  describe("for dissemination in", () => {
    it("looks at the exchange that the administrator has named, and at nothing else", async () => {
      const exchange = notificationExchange("regards");
      const connection = await amqplib.connect(stage.vhost.url);
      const channel = await connection.createChannel();
      await channel.assertExchange(exchange, "fanout", { durable: true });
      await connection.close();

      const lines = await ask(form(stage.vhost, { exchange: ` ${exchange} ` }));

      assert.deepEqual(
        lines.slice(3).map((line) => [line.ok, line.name, line.text]),
        [[true, exchange, "test.there"]],
      );
    });

    it("asks for read on it where the account has not that, and says that its first event makes it", async () => {
      const { user, vhost, broker } = stage.vhost;
      const exchange = notificationExchange("regards");
      const own = "^nodered\\..*";
      await broker.console.setPermissions(user, vhost, { configure: own, write: own, read: own });
      const [line] = (await ask(form(stage.vhost, { exchange }))).slice(3);
      await broker.console.setPermissions(user, vhost);
      const [absent] = (await ask(form(stage.vhost, { exchange: "not.there.yet" }))).slice(3);

      assert.deepEqual(line, {
        ...{ ok: false, name: exchange, text: "status.fault.forbidden", next: "test.next.forbidden" },
        values: { permission: "read", name: exchange },
      });
      assert.deepEqual([absent?.ok, absent?.next], [null, "test.next.absent"]);
    });

    it("wants it to be named", async () => {
      const [line] = await ask(form(stage.vhost, { exchange: " " }));

      assert.deepEqual([line?.text, line?.values?.property], ["runtime.setting.required", "exchange"]);
    });
  });

  it("uses the stored password where the form shows dots, and the environment of the server", async () => {
    const { user, password, host, port, vhost, broker } = stage.vhost;
    await nodeRed.deploy([
      { id: "stored", type: "regards-broker", hosts: `${host}:${port}`, credentials: { user, password } },
    ]);
    assert.equal((await ask(form(stage.vhost, { password: "__PWRD__" }), "stored")).at(-1)?.ok, true);
    assert.equal((await ask({ hosts: `${host}:${port}`, vhost }, "stored")).at(-1)?.ok, true);

    const variable = (name: string): string => ["$", `{${name}}`].join("");
    await broker.console.addVhost("from-the-environment");
    await broker.console.setPermissions(user, "from-the-environment");
    const lines = await ask(form(stage.vhost, { vhost: variable("TEST_VHOST") }));
    await broker.console.deleteVhost("from-the-environment");
    assert.deepEqual([lines[2]?.name, lines[2]?.ok], ["from-the-environment", true]);

    const [unset] = await ask(form(stage.vhost, { vhost: variable("NOT_SET") }));
    assert.deepEqual([unset?.text, unset?.values?.property], ["runtime.setting.unset", "vhost"]);
  });

  describe("with a stored password", () => {
    const retype = ["-  test.retype"];

    /** Deploys a broker node and another type's node, both with secrets of their own. */
    async function deploy(): Promise<{ hosts: string; user: string; vhost: string }> {
      const { user, password, host, port, vhost } = stage.vhost;
      const hosts = `${host}:${port}`;
      await nodeRed.deploy([
        { id: "tls", type: "tls-config", servername: "", verifyservercert: true },
        { id: "stored", type: "regards-broker", hosts, credentials: { user, password } },
        {
          id: "other",
          type: "http proxy",
          hosts,
          url: "http://p",
          credentials: { username: user, password },
        },
      ]);
      return { hosts, user, vhost };
    }

    for (const [title, more] of [
      ["to another host", { hosts: "127.0.0.1:1" }],
      ["to another host beside the right one", { hosts: "127.0.0.1:1, 127.0.0.1:2" }],
      ["with other TLS settings", { tls: "tls" }],
    ] as const) {
      it(`asks for it again before it is sent ${title}, typed as dots or not at all`, async () => {
        const { hosts, user, vhost } = await deploy();

        for (const typed of [{ user, password: "__PWRD__" }, {}]) {
          assert.deepEqual(read(await ask({ hosts, vhost, ...typed, ...more }, "stored")), retype);
        }
      });
    }

    it("never uses what is stored for a node of another type", async () => {
      const { hosts, user, vhost } = await deploy();

      assert.deepEqual(read(await ask({ hosts, vhost, user, password: "__PWRD__" }, "other")), retype);
    });

    it("takes one that is typed, wherever it goes", async () => {
      await deploy();

      const lines = await ask(form(stage.vhost, { hosts: "127.0.0.1:1", password: "typed" }), "stored");

      assert.deepEqual(read(lines), ["- 127.0.0.1:1 status.fault.refused"]);
    });
  });

  it("does not repeat a login that was pasted into the hosts", async () => {
    const { host, user, password } = stage.vhost;

    // What comes back is searched for the password by `ask`.
    const lines = await ask(form(stage.vhost, { hosts: `amqp://${user}:${password}@${host}` }));

    assert.deepEqual(read(lines), ["-  runtime.setting.hosts-login"]);
  });

  it("names a setting that cannot be used, and TLS settings that are not deployed", async () => {
    assert.deepEqual(read(await ask({ hosts: "" })), ["-  runtime.setting.required"]);
    const [undeployed] = await ask(form(stage.vhost, { tls: "nowhere" }));
    assert.equal(undeployed?.text, "runtime.setting.undeployed");
  });

  describe("of an existing queue", () => {
    let channel: amqplib.Channel;
    let connection: amqplib.ChannelModel;

    before(async () => {
      connection = await amqplib.connect(stage.vhost.url);
      channel = await connection.createChannel();
      await channel.assertQueue("slow", { arguments: PRIORITIES });
      await channel.assertQueue("quick", { arguments: { "x-queue-type": "quorum", "x-max-length": 1000 } });
      await channel.assertQueue("fleeting", { durable: false, autoDelete: true });
      channel.sendToQueue("slow", Buffer.from("{}"), { persistent: true });
    });

    after(() => connection?.close());

    const look = (queue: string): Promise<Line[]> => ask(form(stage.vhost, { queue }));

    it("tells its depth, its type, and what priorities cost", async () => {
      await stage.vhost.broker.console.queue("slow", stage.vhost.vhost);
      const lines = (await look("slow")).slice(3);
      assert.deepEqual(read(lines), [
        "+ slow test.queue",
        "+ classic · x-max-priority 255 ",
        "- x-max-priority 255 test.priority",
        "?  test.binding",
      ]);
      assert.deepEqual(lines[0]?.values, { messages: 1, consumers: 0 });
      const told = async (queue: string): Promise<string | undefined> => (await look(queue))[4]?.name;
      assert.equal(await told("quick"), "quorum");
      assert.equal(await told("fleeting"), "classic");
    });

    it("is told of it whatever else it was declared with, text that looks like a number too", async () => {
      await channel.assertQueue("busy", {
        arguments: { ...PRIORITIES, "x-dead-letter-routing-key": "42", "x-message-ttl": 60_000 },
      });
      await channel.assertQueue("single", {
        arguments: { "x-queue-type": "quorum", "x-single-active-consumer": true },
      });

      assert.deepEqual(read(await look("busy")).slice(4, 6), [
        "+ classic · x-max-priority 255 ",
        "- x-max-priority 255 test.priority",
      ]);
      assert.equal((await look("single"))[4]?.name, "quorum");
    });

    it("says what a delivery limit means, and that a stream cannot be read", async () => {
      await channel.assertQueue("patient", {
        arguments: { "x-queue-type": "quorum", "x-delivery-limit": 1_000_000 },
      });
      await channel.assertQueue("stream", { arguments: { "x-queue-type": "stream" } });

      const limited = (await look("quick")).slice(3);
      const patient = (await look("patient")).slice(3);
      const stream = (await look("stream")).slice(3);

      assert.deepEqual(read(limited).slice(2), ["? x-delivery-limit test.delivery-limit", "?  test.binding"]);
      assert.deepEqual(read(patient).slice(1), ["+ quorum · x-delivery-limit 1000000 ", "?  test.binding"]);
      assert.deepEqual(read(stream).slice(2), ["- stream test.stream", "?  test.binding"]);
    });

    it("leaves it as it is, and makes none that is missing", async () => {
      const { console } = stage.vhost.broker;
      const before = await console.queues(stage.vhost.vhost);

      const lines = await look("missing");

      assert.deepEqual(read(lines.slice(3)), ["- missing status.fault.queue-missing"]);
      assert.deepEqual(await console.queues(stage.vhost.vhost), before);
    });

    it("says what is not told to a user who may only read it", async () => {
      const { user, vhost, broker } = stage.vhost;
      await broker.console.setPermissions(user, vhost, { configure: "^$", write: "^$", read: "^slow$" });
      const lines = await look("slow");
      await broker.console.setPermissions(user, vhost);
      assert.deepEqual(read(lines.slice(3)), [
        "+ slow test.queue",
        "?  test.arguments-untold",
        "?  test.binding",
      ]);
    });
  });

  describe("over TLS", () => {
    let broker: RabbitMq;

    before(async function () {
      this.timeout(180_000);
      broker = await startRabbitMq({ tls: true });
      const { ca, clientCertificate: cert, clientKey: key } = broker.certificates ?? {};
      const tls = { type: "tls-config", servername: "", verifyservercert: true };
      await nodeRed.deploy([
        { ...tls, id: "trusting", ca },
        { ...tls, id: "ignorant" },
        { ...tls, id: "certified", ca, cert, key },
      ]);
    });

    after(() => broker?.stop());

    const look = async (more: object): Promise<string[]> => {
      const { tlsPort, vhost, user, password } = broker;
      return read(await ask({ hosts: `localhost:${tlsPort}`, vhost, user, password, ...more }));
    };

    it("tells an authority it does not know, and a port that speaks no TLS", async () => {
      const { user, port } = broker;
      assert.deepEqual((await look({ tls: "trusting" })).slice(1, 3), [
        "+ TLS test.tls",
        `+ ${user} test.login`,
      ]);
      assert.equal((await look({ tls: "ignorant" })).at(-1), "- TLS status.fault.tls-untrusted");
      assert.equal(
        (await look({ tls: "trusting", hosts: `localhost:${port}` })).at(-1),
        "- TLS status.fault.tls",
      );
      const certified = await look({ tls: "certified", user: "", password: "" });
      assert.equal(certified[2], "+ SASL EXTERNAL test.login");
    });

    it("answers in time when the broker hangs", async () => {
      broker.freeze();
      const lines = await look({ tls: "trusting" });
      broker.thaw();
      assert.match(lines.join(), /^- localhost:\d+ status\.fault\.timeout$/);
    });
  });
});
