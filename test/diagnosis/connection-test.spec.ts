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

/** What the verdict stands on. */
const findings = (lines: readonly Line[]): Line[] =>
  lines.filter(({ text }) => !text.startsWith("test.verdict."));

/** The findings, one a line, as they would be read: the mark, the name, the key of what is said. */
const read = (lines: readonly Line[]): string[] =>
  findings(lines).map(({ ok, name, text }) => {
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
      "+ order.amqp.output.OrderResponseDtoEvent test.readable",
      "+ ltamanager.amqp.output.SubmissionResponseDtoEvent test.readable",
      "+ workermanager.amqp.events.out.ResponseEvent test.readable",
      "+ order.amqp.input.OrderRequestDtoEvent test.writable",
      "+ order.amqp.input.OrderCancelRequestDtoEvent test.writable",
      "+ ltamanager.amqp.input.SubmissionRequestDtoEvent test.writable",
      "+ workermanager.amqp.events.in.RequestEvent test.writable",
      "+ ingest.dto.request.event.DisseminationAckEvent test.writable",
      "+ feature.dto.event.in.DisseminationAckEvent test.writable",
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

  it("says that the vhost has all the connections it may have, which is nothing that the account could change", async () => {
    const { user, vhost, broker } = stage.vhost;
    await broker.console.limitConnections(vhost, 0);
    try {
      const lines = read(await ask(form(stage.vhost)));

      assert.deepEqual(lines.slice(1), [`+ ${user} test.login`, `- ${vhost} status.fault.connection-limit`]);
    } finally {
      await broker.console.limitConnections(vhost, -1);
    }
  });

  it("looks at every host of the list, and goes on with one that works", async () => {
    const { host, port } = stage.vhost;
    const lines = read(await ask(form(stage.vhost, { hosts: `127.0.0.1:1, ${host}:${port}` })));
    assert.deepEqual(lines.slice(0, 2), [
      "- 127.0.0.1:1 status.fault.refused",
      `+ ${host}:${port} test.reached`,
    ]);
    assert.equal(lines.at(-1), "+ feature.dto.event.in.DisseminationAckEvent test.writable");
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
      findings(absent)
        .slice(3)
        .map(({ ok, next }) => [ok, next]),
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
      findings(lines)
        .slice(3)
        .map(({ ok, values }) => ok || values?.permission),
      [true, "read", "read", ...Array(4).fill("write"), true, "write"],
    );
    assert.deepEqual(
      findings(untold)
        .slice(3)
        .map(({ ok, next }) => [ok, next]),
      [
        ...Array.from({ length: 3 }, () => [null, "test.next.untold"]),
        ...Array.from({ length: 6 }, () => [false, "test.next.forbidden"]),
      ],
    );
  });

  it("begins with a verdict: all, what is allowed and what is not, or that REGARDS has never spoken there", async () => {
    const { user, vhost, broker } = stage.vhost;
    const verdict = async (of: FreshVhost): Promise<Line | undefined> => (await ask(form(of)))[0];
    const withRights = async (write: string, read: string): Promise<Line | undefined> => {
      await broker.console.setPermissions(user, vhost, { configure: write, write, read });
      const found = await verdict(stage.vhost);
      await broker.console.setPermissions(user, vhost);
      return found;
    };
    const sent = ["order-out", "order-out-2", "submission-out", "worker-out", "ack-out", "ack-out-2"];
    const subjects = (names: readonly string[]): string[] => names.map((name) => `test.subject.${name}`);

    assert.deepEqual(await verdict(stage.vhost), { ok: true, name: "", text: "test.verdict.all" });
    assert.deepEqual(await verdict(empty), { ok: null, name: "", text: "test.verdict.silent" });
    assert.deepEqual(await withRights("^nodered\\..*", "^nodered\\..*|.*OrderResponseDtoEvent$"), {
      ...{ ok: null, name: "", text: "test.verdict.some" },
      listed: {
        can: subjects(["order-in"]),
        cannot: subjects(["submission-in", "worker-in", ...sent]),
      },
    });
    assert.deepEqual(await withRights("^$", ".*"), {
      ...{ ok: null, name: "", text: "test.verdict.given-only" },
      listed: { can: ["test.verdict.nothing"], cannot: subjects(sent) },
    });
    const [failed] = await ask(form(stage.vhost, { password: "wrong" }));
    assert.deepEqual(
      [failed?.text, failed?.listed],
      ["test.verdict.failed", { cause: ["status.fault.login"] }],
    );
  });

  it("names for each exchange what it carries", async () => {
    const lines = await ask(form(stage.vhost));
    const named = lines.filter(({ subject }) => subject !== undefined);
    const subjects = named.map(({ subject, name }) => [
      subject?.replace("test.subject.", ""),
      name.split(".").at(-1),
    ]);
    assert.deepEqual(subjects.slice(0, 4), [
      ["order-in", "OrderResponseDtoEvent"],
      ["submission-in", "SubmissionResponseDtoEvent"],
      ["worker-in", "ResponseEvent"],
      ["order-out", "OrderRequestDtoEvent"],
    ]);
  });

  it("says of a tenant whether anything of it has come, and which others have", async () => {
    const { user, password, host, port, vhost, url } = stage.vhost;
    await nodeRed.deploy([
      { id: "tab", type: "tab" },
      {
        ...{ id: "hears", type: "regards-broker", hosts: `${host}:${port}`, vhost, tenant: "project1" },
        credentials: { user, password },
      },
      { id: "in", type: "regards-order-in", z: "tab", broker: "hears", wires: [[], [], [], [], [], []] },
    ]);
    await nodeRed.untilStatus("in", ({ fill }) => fill === "green");
    const last = async (tenant: string): Promise<(string | undefined)[]> => {
      const line = (await ask(form(stage.vhost, { tenant }), "hears")).at(-1);
      return [line?.name, line?.text, line?.next, line?.values?.tenants?.toString()];
    };
    assert.deepEqual(await last("project2"), [
      ...["project2", "test.tenant-unseen", "test.next.tenant-unknown"],
      undefined,
    ]);

    const connection = await amqplib.connect(url);
    const channel = await connection.createConfirmChannel();
    const exchange = "regards.broadcast.fr.cnes.regards.modules.order.amqp.output.OrderResponseDtoEvent";
    channel.publish(exchange, "", Buffer.from('{"status":"GRANTED","orderId":1}'), {
      headers: { "regards.tenant": "project1" },
    });
    await channel.waitForConfirms();
    await connection.close();
    await nodeRed.untilStatus("in", ({ text }) => text?.includes("GRANTED") === true);

    assert.deepEqual(await last("project1"), ["project1", "test.tenant-seen", undefined, undefined]);
    assert.deepEqual(await last("project2"), [
      ...["project2", "test.tenant-unseen", "test.next.tenant-others", "project1"],
    ]);
  });

  describe("for an out-node", () => {
    for (const { name, eventClasses } of REQUEST_KINDS) {
      for (const eventClass of eventClasses) {
        const exchange = broadcastExchange("regards", eventClass);
        const publish = [eventClass];

        it(`looks at nothing but ${eventClass.replace(/^.*modules\./, "")}, which ${name} out writes to`, async () => {
          const lines = findings(await ask(form(stage.vhost, { publish })));

          assert.deepEqual(
            lines.slice(3).map((line) => [line.ok, line.name, line.text]),
            [[true, exchange, "test.writable"]],
          );
        });

        it(`asks for write on ${eventClass.replace(/^.*\./, "")}, and for nothing else, where ${name} out may not`, async () => {
          const { user, vhost, broker } = stage.vhost;
          const others = `^(?!${exchange.replaceAll(".", "\\.")}$).*`;
          await broker.console.setPermissions(user, vhost, { configure: ".*", write: others, read: ".*" });
          const [line] = findings(await ask(form(stage.vhost, { publish }))).slice(3);
          const only = `^${exchange.replaceAll(".", "\\.")}$`;
          await broker.console.setPermissions(user, vhost, { configure: "^$", write: only, read: "^$" });
          const [granted] = findings(await ask(form(stage.vhost, { publish }))).slice(3);
          await broker.console.setPermissions(user, vhost);

          const { subject, ...said } = line ?? {};
          assert.ok(subject?.startsWith(`test.subject.${name}-out`));
          assert.deepEqual(said, {
            ...{ ok: false, name: exchange, text: "status.fault.forbidden", next: "test.next.forbidden" },
            values: { permission: "write", name: exchange },
          });
          assert.equal(granted?.ok, true, "it is all that is needed");
        });

        it(`says who makes the exchange of ${name} out where it is not there`, async () => {
          const [line] = findings(await ask(form(empty, { publish }))).slice(3);

          assert.deepEqual(
            [line?.ok, line?.name, line?.text, line?.next],
            [null, exchange, "test.absent", "test.next.absent-request"],
          );
        });
      }
    }

    it("looks at the exchanges of the namespace that the broker node names, and at none that is no request's", async () => {
      const [first = ""] = REQUEST_KINDS.flatMap(({ eventClasses }) => eventClasses);
      const publish = [first, "java.lang.Object"];
      const lines = findings(await ask(form(stage.vhost, { namespace: "other", publish })));

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

      const lines = findings(await ask(form(stage.vhost, { exchange: ` ${exchange} ` })));

      assert.deepEqual(
        lines.slice(3).map((line) => [line.ok, line.name, line.subject, line.text]),
        [[true, exchange, "test.subject.dissemination-in", "test.readable"]],
      );
    });

    it("asks for read on it where the account has not that, and says that its first event makes it", async () => {
      const { user, vhost, broker } = stage.vhost;
      const exchange = notificationExchange("regards");
      const own = "^nodered\\..*";
      await broker.console.setPermissions(user, vhost, { configure: own, write: own, read: own });
      const [line] = findings(await ask(form(stage.vhost, { exchange }))).slice(3);
      await broker.console.setPermissions(user, vhost);
      const [absent] = findings(await ask(form(stage.vhost, { exchange: "not.there.yet" }))).slice(3);

      assert.deepEqual(
        [line?.ok, line?.text, line?.next, line?.values],
        [false, "status.fault.forbidden", "test.next.forbidden", { permission: "read", name: exchange }],
      );
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
    assert.deepEqual([lines[3]?.name, lines[3]?.ok], ["from-the-environment", true]);

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
      const lines = findings(await look("slow")).slice(3);
      assert.deepEqual(read(lines), [
        "+ slow test.queue",
        "+ classic · x-max-priority 255 ",
        "- x-max-priority 255 test.priority",
        "?  test.binding",
      ]);
      assert.deepEqual(lines[0]?.values, { messages: 1, consumers: 0 });
      const told = async (queue: string): Promise<string | undefined> => findings(await look(queue))[4]?.name;
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
      assert.equal(findings(await look("single"))[4]?.name, "quorum");
    });

    it("says what a delivery limit means, and that a stream cannot be read", async () => {
      await channel.assertQueue("patient", {
        arguments: { "x-queue-type": "quorum", "x-delivery-limit": 1_000_000 },
      });
      await channel.assertQueue("stream", { arguments: { "x-queue-type": "stream" } });

      const limited = findings(await look("quick")).slice(3);
      const patient = findings(await look("patient")).slice(3);
      const stream = findings(await look("stream")).slice(3);

      assert.deepEqual(read(limited).slice(2), ["? x-delivery-limit test.delivery-limit", "?  test.binding"]);
      assert.deepEqual(read(patient).slice(1), ["+ quorum · x-delivery-limit 1000000 ", "?  test.binding"]);
      assert.deepEqual(read(stream).slice(2), ["- stream test.stream", "?  test.binding"]);
    });

    it("leaves it as it is, and makes none that is missing", async () => {
      const { console } = stage.vhost.broker;
      const before = await console.queues(stage.vhost.vhost);

      const lines = await look("missing");

      assert.deepEqual(read(lines).slice(3), ["- missing status.fault.queue-missing"]);
      assert.deepEqual(await console.queues(stage.vhost.vhost), before);
    });

    it("says what is not told to a user who may only read it", async () => {
      const { user, vhost, broker } = stage.vhost;
      await broker.console.setPermissions(user, vhost, { configure: "^$", write: "^$", read: "^slow$" });
      const lines = await look("slow");
      await broker.console.setPermissions(user, vhost);
      assert.deepEqual(read(lines).slice(3), [
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
