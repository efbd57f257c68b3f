/** The way to REGARDS: TLS with an authority of its own, and proxies, for http and through a tunnel. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, request } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bodyOf } from "../../src/web/bodies";
import { Http, type HttpOptions } from "../../src/web/http";
import { type LoginSettings, logIn } from "../../src/web/login";
import { proxyFinder } from "../../src/web/proxy";
import { startWebSide, type WebSide } from "../simulator/web-side";
import { makeCertificates } from "../support/certificates";
import { rabbitMqServer } from "../support/rabbitmq-server";

describe("the way to REGARDS", function () {
  this.timeout(60_000);
  let directory: string;
  let ca: Buffer;
  let secure: WebSide;
  let plain: WebSide;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "regards-tls-"));
    await makeCertificates(await rabbitMqServer(() => undefined), directory);
    ca = await readFile(join(directory, "ca.pem"));
    const read = (name: string): Promise<string> => readFile(join(directory, name), "utf8");
    secure = await startWebSide({
      tls: { key: await read("server-key.pem"), cert: await read("server.pem") },
    });
    plain = await startWebSide();
  });
  after(async () => {
    await secure.stop();
    await plain.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const login = (side: WebSide, options: HttpOptions, changes: Partial<LoginSettings> = {}) =>
    logIn(
      new Http({ stall: 2_000, ...options }),
      {
        ...{
          address: side.address,
          tenant: side.tenant,
          user: side.user.login,
          password: side.user.password,
        },
        ...{ client: "client", secret: "secret", isInQuery: false },
        ...changes,
      },
      AbortSignal.timeout(10_000),
    );

  it("is encrypted, with an authority of its own", async () => {
    assert.ok((await login(secure, { tls: { ca } })).token);
  });

  it("ends at a certificate that nobody trusts, or that is another host's", async () => {
    await assert.rejects(login(secure, {}), { trouble: "certificate" });
    await assert.rejects(login(secure, { tls: { ca, servername: "elsewhere.org" } }), {
      trouble: "certificate",
    });
    assert.ok((await login(secure, { tls: { rejectUnauthorized: false } })).token);
  });

  it("shows its client certificate to the configured address only", async () => {
    const http = new Http({ tls: { ca, servername: "elsewhere.org" } });
    const url = new URL(`${secure.address}/api/v1/x`);
    const ask = { url, method: "GET", signal: AbortSignal.timeout(5_000) } as const;
    // The name in the settings is for the configured address; any other has its own.
    await assert.rejects(http.ask({ ...ask, isOurs: true }), { trouble: "certificate" });
    const answer = await http.ask({ ...ask, isOurs: false });
    await bodyOf(answer, 1_000);
    assert.equal(answer.status, 404);
  });

  describe("through a proxy", () => {
    let seen: string[];
    let address: string;
    let stop: () => void;

    beforeEach(async () => {
      seen = [];
      const sockets = new Set<Socket>();
      const allowed = `Basic ${Buffer.from("me:mine").toString("base64")}`;
      const proxy = createServer((message, response) => {
        seen.push(`${message.method} ${message.url}`);
        assert.equal(message.headers["proxy-authorization"], allowed);
        const { "proxy-authorization": _, ...headers } = message.headers;
        const onward = request(message.url ?? "", { method: message.method ?? "GET", headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
        });
        message.pipe(onward);
      });
      proxy.on("connect", ({ url = "", headers }: IncomingMessage, socket: Socket) => {
        seen.push(`CONNECT ${url}`);
        sockets.add(socket);
        if (headers["proxy-authorization"] !== allowed) {
          socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
          return;
        }
        const [host = "", port = ""] = url.split(":");
        const onward = connect(Number(port), host, () => {
          socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
          onward.pipe(socket).pipe(onward);
        });
        sockets.add(onward);
        for (const each of [socket, onward]) each.on("error", () => undefined);
      });
      proxy.listen(0, "127.0.0.1");
      await once(proxy, "listening");
      address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      stop = () => {
        proxy.close();
        proxy.closeAllConnections();
        for (const socket of sockets) socket.destroy();
      };
    });
    afterEach(() => stop());

    const through = (user: string): HttpOptions => ({
      tls: { ca },
      proxyOf: proxyFinder({ url: address, noproxy: [], user, password: "mine" }, {}),
    });

    it("goes encrypted from end to end", async () => {
      assert.ok((await login(secure, through("me"))).token);
      assert.deepEqual(seen, [`CONNECT ${new URL(secure.address).host}`]);
    });

    it("goes as the proxy wants it where nothing is encrypted", async () => {
      assert.ok((await login(plain, through("me"))).token);
      assert.match(seen[0] ?? "", new RegExp(`^POST ${plain.address}/api/v1/`));
    });

    it("says when the proxy does not let it through", async () => {
      await assert.rejects(login(secure, through("you")), { trouble: "proxy", values: { status: 407 } });
    });

    it("says when there is no proxy", async () => {
      const proxyOf = proxyFinder({ url: "http://127.0.0.1:1", noproxy: [] }, {});
      await assert.rejects(login(secure, { tls: { ca }, proxyOf }), { trouble: "proxy" });
    });

    it("leaves out what is excepted", async () => {
      const proxyOf = proxyFinder({ url: address, noproxy: ["127.0.0.1"] }, {});
      assert.ok((await login(plain, { proxyOf })).token);
      assert.deepEqual(seen, []);
    });
  });

  it("says which of client, account and tenant is wrong, and when it is not REGARDS", async () => {
    for (const [changes, trouble] of [
      [{ client: "x" }, "login-client"],
      [{ secret: "x" }, "login-client"],
      [{ user: "x" }, "login-account"],
      [{ password: "x" }, "login-account"],
      [{ tenant: "x" }, "login-tenant"],
      [{ address: `${plain.address}/x` }, "not-regards"],
    ] as const) {
      await assert.rejects(login(plain, {}, changes), { trouble });
    }
    plain.ask({ on: "token", answers: 200, html: true, text: "<html>" });
    await assert.rejects(login(plain, {}), { trouble: "not-regards" });
    plain.ask({ on: "token", redirects: "https://moved.example/login?token=x", status: 301 });
    await assert.rejects(login(plain, {}), {
      trouble: "redirected",
      values: { place: "https://moved.example" },
    });
  });
});
