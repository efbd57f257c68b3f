/** What keeps a node from the broker: host, login, vhost, TLS, and connections that are lost. */
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { makeExpiredCertificate } from "../../faults/expired-certificate";
import { makeCertificates } from "../../support/certificates";
import { connectionClose, FakeBroker } from "../../support/fake-broker";
import { freePort } from "../../support/free-port";
import { rabbitMqServer, wantedVersion } from "../../support/rabbitmq-server";
import type { Cause } from "./cause";
import type { StatusWorld } from "./status-world";

export const OF_CONNECTIONS: readonly Cause[] = [
  {
    keys: ["not-configured"],
    says: /^not configured$/,
    make: (world) => world.show({ broker: "" }),
  },
  {
    keys: ["bad-setting"],
    says: /^check the setting: maxInFlight$/,
    make: (world) => world.show({ maxInFlight: "many" }),
  },
  { keys: ["connected"], says: /^connected$/, make: (world) => world.show() },
  {
    keys: ["connecting", "retry", "fault.timeout"],
    says: /^host does not answer · again in \d+ s$/,
    make: async (world) => {
      await silent(world);
      await world.status("in", /^connecting$/);
    },
  },
  {
    keys: ["fault.host-unknown"],
    says: /^host not found · again/,
    make: (world) => world.show({}, { hosts: "rabbit.invalid" }),
  },
  {
    keys: ["fault.refused"],
    says: /^connection refused · again/,
    make: async (world) => world.show({}, { hosts: `127.0.0.1:${await freePort()}` }),
  },
  {
    keys: ["fault.login"],
    says: /^login refused · again/,
    make: (world) => world.show({}, { credentials: { user: "nobody", password: "no" } }),
  },
  {
    keys: ["fault.vhost"],
    says: /^vhost unknown or forbidden · again/,
    make: (world) => world.show({}, { vhost: "nowhere" }),
  },
  {
    keys: ["fault.connection-limit"],
    says: /^too many connections · again/,
    make: async (world) => {
      const words = "NOT_ALLOWED - connection refused for user 'u': user connection limit (1) is reached";
      await refusedAtLogin(world, 530, words);
    },
  },
  {
    keys: ["fault.frame"],
    says: /^not an AMQP server · again/,
    make: async (world) => {
      const server = createHttpServer((_request, response) => response.end("a web page"));
      await show(world, server);
    },
  },
  {
    keys: ["fault.lost"],
    says: /^connection lost · again/,
    make: async (world) => {
      await show(
        world,
        createServer((socket) => socket.end()),
      );
    },
  },
  {
    keys: ["fault.unexpected"],
    says: /^unexpected error · again/,
    make: async (world) => {
      await refusedAtLogin(world, 541, "INTERNAL_ERROR");
    },
  },
  {
    keys: ["fault.tls"],
    says: /^TLS: no agreement · again/,
    make: (world) => showTls(world, { hosts: `127.0.0.1:${world.stage.vhost.port}` }),
  },
  {
    keys: ["fault.tls-untrusted"],
    says: /^TLS: unknown authority · again/,
    make: async (world) => showTls(world, { hosts: (await tlsServers(world)).good }),
  },
  {
    keys: ["fault.tls-host"],
    says: /^TLS: other host name · again/,
    make: async (world) => {
      const { good, ca } = await tlsServers(world);
      await showTls(world, { hosts: good }, { ca, servername: "rabbit.example.org" });
    },
  },
  {
    keys: ["fault.tls-expired"],
    says: /^TLS: certificate expired · again/,
    make: async (world) => {
      const { expired, ca } = await tlsServers(world);
      await showTls(world, { hosts: expired }, { ca });
    },
  },
];

/** A broker that ends the login with these words: what no test can bring a real one to say. */
async function refusedAtLogin(world: StatusWorld, code: number, words: string): Promise<void> {
  const broker = await FakeBroker.refusingLogin(connectionClose(code, words));
  world.after(() => broker.close());
  await world.show({}, { hosts: `127.0.0.1:${broker.port}` });
}

/** A host that accepts connections and says nothing. */
async function silent(world: StatusWorld): Promise<void> {
  await show(world, createServer());
}

async function show(world: StatusWorld, server: Server): Promise<void> {
  await world.show({}, { hosts: await listening(world, server) });
}

async function listening(world: StatusWorld, server: Server): Promise<string> {
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  world.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function showTls(world: StatusWorld, broker: object, tls: object = {}): Promise<void> {
  const config = { type: "tls-config", verifyservercert: true, cert: "", key: "", ca: "", ...tls };
  await world.show({}, { tls: "tls", ...broker }, [{ id: "tls", ...config }]);
}

/** Servers that speak TLS as far as a certificate goes, and whom to trust for both. */
async function tlsServers(world: StatusWorld): Promise<{ good: string; expired: string; ca: string }> {
  const directory = await mkdtemp(join(tmpdir(), "regards-status-"));
  world.after(() => rm(directory, { recursive: true, force: true }));
  const old = await makeExpiredCertificate(directory);
  const { ca } = await makeCertificates(await rabbitMqServer(console.error, wantedVersion()), directory);
  const serve = async (cert: string, key: string): Promise<string> =>
    listening(world, createTlsServer({ cert: await readFile(cert), key: await readFile(key) }));
  const both = (await Promise.all([readFile(ca, "utf8"), readFile(old.ca, "utf8")])).join("\n");
  const trusted = join(directory, "trusted.pem");
  await writeFile(trusted, both);
  return {
    good: await serve(join(directory, "server.pem"), join(directory, "server-key.pem")),
    expired: await serve(old.certificate, old.key),
    ca: trusted,
  };
}
