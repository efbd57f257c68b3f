import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, rmdir } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ChannelModel, connect, type Options } from "amqplib";
import { type RabbitMq, startRabbitMq } from "./rabbitmq";
import { type FreshVhost, freshVhost, needsPrivateBroker } from "./shared-rabbitmq";
import { until, untilValue } from "./until";

async function open(url: string | Options.Connect, socket: object = {}): Promise<ChannelModel> {
  const connection = await connect(url, socket);
  connection.on("error", () => undefined);
  return connection;
}

/** Unlike `once`, this does not take the error that comes before for a failure of ours. */
const closed = (connection: ChannelModel): Promise<unknown> =>
  new Promise((resolve) => connection.once("close", resolve));

/** What the broker has said of itself. */
interface Greeted {
  readonly serverProperties: { readonly version: string };
}

describe("the shared RabbitMQ", function () {
  this.timeout(120_000);

  let vhost: FreshVhost;
  let connection: ChannelModel;

  before(async function () {
    needsPrivateBroker(this);
    vhost = await freshVhost();
    connection = await open(vhost.url, { clientProperties: { connection_name: "Node-RED · été" } });
  });

  after(() => vhost?.drop());

  it("shows a connection under the name it gave itself", async () => {
    const [seen, ...others] = await vhost.broker.console.connections(vhost.vhost);

    assert.deepEqual(others, []);
    assert.equal(seen?.name, "Node-RED · été");
    assert.equal(seen?.user, vhost.user);
  });

  it("shows the connections that are there while somebody knocks who has not said who it is", async () => {
    const socket = connectTcp(vhost.port, vhost.host);
    try {
      socket.write(Buffer.from([...Buffer.from("AMQP"), 0, 0, 9, 1]));
      await once(socket, "data");

      assert.equal((await vhost.broker.console.connections(vhost.vhost)).length, 1);
    } finally {
      socket.destroy();
    }
  });

  for (const type of ["classic", "quorum"] as const) {
    it(`counts what is ready and unacknowledged in a ${type} queue at the moment of asking`, async () => {
      const channel = await connection.createConfirmChannel();
      await channel.assertQueue(type, { durable: true, arguments: { "x-queue-type": type } });
      for (let count = 0; count < 5; count++)
        channel.sendToQueue(type, Buffer.from("x"), { persistent: true });
      await channel.waitForConfirms();
      await channel.prefetch(2);
      await channel.consume(type, () => undefined);

      const counted = await untilValue(
        () => vhost.broker.console.queue(type, vhost.vhost),
        (queue) => queue?.unacked === 2,
        { what: "two deliveries", timeout: 1_000 },
      );

      assert.deepEqual(counted, {
        name: type,
        type,
        ready: 3,
        unacked: 2,
        consumers: 1,
        arguments: { "x-queue-type": type },
      });
      await channel.close();
    });
  }

  it("knows no queue that is not there", async () => {
    assert.equal(await vhost.broker.console.queue("none", vhost.vhost), undefined);
  });

  it("blocks publishers while its memory alarm is on", async () => {
    const blocked = once(connection, "blocked");
    const channel = await connection.createChannel();

    await vhost.broker.console.setMemoryAlarm(true);
    // Only who publishes after the alarm has reached the connection is told.
    const publishing = setInterval(() => channel.publish("", "nowhere", Buffer.from("x")), 50);
    await blocked.finally(() => clearInterval(publishing));
    const unblocked = once(connection, "unblocked");
    await vhost.broker.console.setMemoryAlarm(false);
    await unblocked;
  });

  it("says why it could not do what was asked", async () => {
    await assert.rejects(vhost.broker.console.changePassword("nobody", "x"), /no_such_user/);
  });

  it("closes connections as an operator does", async () => {
    const isClosed = closed(connection);

    const count = await vhost.broker.console.closeConnections(
      "enough",
      ({ vhost: name }) => name === vhost.vhost,
    );
    const error = await isClosed;

    assert.equal(count, 1);
    assert.match(String(error), /CONNECTION.FORCED.*enough/);
  });
});

describe("a RabbitMQ of one's own", function () {
  this.timeout(120_000);

  let broker: RabbitMq;

  before(async function () {
    needsPrivateBroker(this);
    broker = await startRabbitMq({ tls: true, config: "channel_max = 2" });
  });

  after(() => broker?.stop());

  it("is the version it says it is, and the one this run asks for", async () => {
    const connection = await open(broker.url);
    const { version } = (connection.connection as unknown as Greeted).serverProperties;
    await connection.close();

    assert.equal(version.replace(/\.\d+$/, ""), broker.version);
    assert.equal(broker.version, process.env.REGARDS_RABBITMQ ?? broker.version);
  });

  it("has the vhosts of REGARDS", async () => {
    assert.deepEqual((await broker.console.vhosts()).sort(), [
      "/",
      "regards.instance.manager",
      "regards.multitenant.manager",
    ]);
  });

  it("lets a client in that shows its certificate and no password", async () => {
    const { certificates, tlsPort, vhost, host } = broker;
    assert.ok(certificates && tlsPort);
    const connection = await open(
      { protocol: "amqps", hostname: host, port: tlsPort, vhost },
      {
        ca: readFileSync(certificates.ca),
        cert: readFileSync(certificates.clientCertificate),
        key: readFileSync(certificates.clientKey),
        credentials: { mechanism: "EXTERNAL", response: () => Buffer.alloc(0) },
      },
    );

    const [seen] = await broker.console.connections();

    assert.equal(seen?.user, certificates.clientUser);
    await connection.close();
  });

  it("takes more configuration", async () => {
    const connection = await open(broker.url);
    await connection.createChannel();
    await connection.createChannel();

    await assert.rejects(connection.createChannel(), /No channels left/);

    await connection.close();
  });

  it("keeps its port and its durable messages when killed and started again", async () => {
    const connection = await open(broker.url);
    const channel = await connection.createConfirmChannel();
    channel.on("error", () => undefined);
    await channel.assertQueue("kept", { arguments: { "x-queue-type": "quorum" } });
    channel.sendToQueue("kept", Buffer.from("x"), { persistent: true });
    await channel.waitForConfirms();
    const isClosed = closed(connection);

    await broker.kill();
    await isClosed;
    await assert.rejects(open(broker.url), /ECONNRE/);
    await broker.start();

    assert.equal((await broker.console.queue("kept"))?.ready, 1);
  });

  it("answers nobody while frozen", async () => {
    broker.freeze();
    const answer = open(broker.url).then((connection) => connection.close());
    const first = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 300, "silence"))]);
    broker.thaw();
    await answer;

    assert.equal(first, "silence");
  });

  it("does not outlive the process that started it", async () => {
    const directory = await mkdtemp(join(tmpdir(), "regards-orphan-"));
    const program = `require("./rabbitmq").startRabbitMq().then(({ port }) => console.log(port))`;
    const parent = spawn(process.execPath, ["-e", program], {
      cwd: __dirname,
      env: { ...process.env, TMPDIR: directory },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [port] = await once(parent.stdout.setEncoding("utf8"), "data");

    parent.kill("SIGKILL");

    const isEmpty = async () => (await readdir(directory)).length === 0;
    await until(isEmpty, { what: "the broker's directory to be gone", timeout: 10_000 });
    const isRefused = () =>
      open(`amqp://127.0.0.1:${Number(port)}`).catch(({ code }) => code === "ECONNREFUSED");
    await until(isRefused, { what: "the broker to be gone" });
    await rmdir(directory);
  });
});
