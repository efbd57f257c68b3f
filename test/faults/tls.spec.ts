/** TLS: what is right connects, and each mistake has its own status and its own line in the log. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";
import { brokerNode, tab } from "../nodes/flows";
import type { Certificates, RabbitMq } from "../support/rabbitmq";
import { needsPrivateBroker } from "../support/shared-rabbitmq";
import type { FlowNode, TestNodeRed } from "../support/test-node-red";
import { makeExpiredCertificate } from "./expired-certificate";
import { sharedStage } from "./stage";
import { NumberedStream } from "./stream";

describe("TLS", function () {
  this.timeout(60_000);
  let broker: RabbitMq;
  let certificates: Certificates;
  let nodeRed: TestNodeRed;
  let directory: string;
  let expired: { readonly server: Server; readonly ca: string };

  before(async function () {
    this.timeout(180_000);
    needsPrivateBroker(this);
    directory = await mkdtemp(join(tmpdir(), "regards-tls-"));
    const files = await makeExpiredCertificate(directory);
    const [cert, key] = await Promise.all([readFile(files.certificate), readFile(files.key)]);
    const server = createServer({ cert, key }).listen(0, "127.0.0.1");
    await once(server, "listening");
    expired = { server, ca: files.ca };
    ({ broker, nodeRed } = await sharedStage());
    assert.ok(broker.certificates);
    certificates = broker.certificates;
    const stream = new NumberedStream(broker.url);
    await stream.start();
    await stream.stop();
  });

  afterEach(async () => {
    await nodeRed.deploy([]);
    nodeRed.forget();
  });

  after(async () => {
    expired?.server.close();
    if (directory) await rm(directory, { recursive: true, force: true });
  });

  it("connects with the broker's own authority", async () => {
    await deploy({ ca: certificates.ca });

    await untilConnected();
    assert.equal(await user(), broker.user);
  });

  it("connects with a client certificate instead of a password (SASL EXTERNAL)", async () => {
    const { ca, clientCertificate: cert, clientKey: key } = certificates;
    await deploy({ ca, cert, key }, { credentials: { user: "", password: "" } });

    await untilConnected();
    assert.equal(await user(), certificates.clientUser);
  });

  const mistakes: readonly {
    readonly title: string;
    readonly tls: () => object;
    readonly broker?: () => object;
    readonly cause: string;
  }[] = [
    { title: "an unknown authority", tls: () => ({}), cause: "TLS: unknown authority" },
    { title: "another authority", tls: () => ({ ca: expired.ca }), cause: "TLS: unknown authority" },
    {
      title: "a certificate for another host",
      tls: () => ({ ca: certificates.ca, servername: "rabbit.example.org" }),
      cause: "TLS: other host name",
    },
    {
      title: "an expired certificate",
      tls: () => ({ ca: expired.ca }),
      broker: () => ({ hosts: `127.0.0.1:${(expired.server.address() as AddressInfo).port}` }),
      cause: "TLS: certificate expired",
    },
    {
      title: "a port that does not speak TLS",
      tls: () => ({ ca: certificates.ca }),
      broker: () => ({ hosts: `127.0.0.1:${broker.port}` }),
      cause: "TLS: no agreement",
    },
    {
      title: "neither a user nor a client certificate",
      tls: () => ({ ca: certificates.ca }),
      broker: () => ({ credentials: { user: "", password: "" } }),
      cause: "login refused",
    },
  ];

  for (const { title, tls, broker: properties = () => ({}), cause } of mistakes) {
    it(`names ${title}, once, and connects when it is mended`, async () => {
      await deploy(tls(), properties());

      const status = await nodeRed.untilStatus("in", ({ text = "" }) => text.startsWith(cause));
      assert.match(status.text ?? "", / · again in \d+ s$/);
      const lines = nodeRed.logs.filter(({ level, id }) => level === "warn" && id === "broker");
      assert.equal(lines.length, 1, JSON.stringify(lines));
      assert.deepEqual(nodeRed.errors(), []);

      await deploy({ ca: certificates.ca });
      await untilConnected();
    });
  }

  /** Who is logged in. */
  async function user(): Promise<string | undefined> {
    const connections = await broker.console.connections(broker.vhost);
    return connections.find(({ name }) => name?.startsWith("Node-RED"))?.user;
  }

  async function untilConnected(): Promise<void> {
    await nodeRed.untilStatus("in", ({ code }) => code === "connected", { timeout: 20_000 });
  }

  async function deploy(tls: object, properties: object = {}): Promise<void> {
    const address = { ...broker, port: broker.tlsPort ?? 0 };
    const flow: FlowNode[] = [
      tab,
      { id: "tls", type: "tls-config", verifyservercert: true, cert: "", key: "", ca: "", ...tls },
      brokerNode(address, { tls: "tls", ...properties }),
      { id: "in", type: "regards-order-in", z: "tab", broker: "broker", queueMode: "temporary", wires: [] },
    ];
    await nodeRed.deploy(flow);
  }
});
