import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { TcpProxy } from "./tcp-proxy";
import { until } from "./until";

/** Unlike `once`, this takes a reset for an end like any other. */
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => socket.once("close", () => resolve()));

/** Long enough for a loopback to have carried anything it was going to carry. */
const SILENCE = 150;

describe("the TCP proxy", () => {
  let echo: Server;
  let proxy: TcpProxy;
  let served: Socket[];
  let clients: Socket[];

  beforeEach(async () => {
    served = [];
    clients = [];
    echo = createServer((socket) => {
      served.push(socket);
      socket.on("error", () => undefined);
      socket.on("data", (bytes) => socket.write(bytes));
    }).listen(0, "127.0.0.1");
    await once(echo, "listening");
    proxy = await TcpProxy.start({ host: "127.0.0.1", port: (echo.address() as AddressInfo).port });
  });

  afterEach(async () => {
    for (const client of clients) client.destroy();
    await proxy.close();
    for (const socket of served) socket.destroy();
    echo.close();
  });

  async function client(): Promise<Socket> {
    const socket = connect(proxy.port, proxy.host);
    socket.on("error", () => undefined);
    clients.push(socket);
    await once(socket, "connect");
    await until(() => served.length > 0, { what: "the target to be connected" });
    return socket;
  }

  async function echoed(socket: Socket, text: string): Promise<string> {
    socket.write(text);
    let received = "";
    while (received.length < text.length) received += String((await once(socket, "data"))[0]);
    return received;
  }

  it("carries bytes both ways and counts its connections", async () => {
    const socket = await client();

    assert.equal(await echoed(socket, "hello"), "hello");
    assert.equal(proxy.connections, 1);
  });

  it("lets nothing through while frozen, not even a goodbye, and everything afterwards", async () => {
    const socket = await client();
    const target = served[0];
    assert.ok(target);
    let said = "";
    let isOver = false;
    target.on("data", (bytes) => {
      said += String(bytes);
    });
    target.on("close", () => {
      isOver = true;
    });

    proxy.freeze();
    socket.end("last words");
    await pause(SILENCE);
    const whileFrozen = { said, isOver, connections: proxy.connections };
    proxy.thaw();
    await closed(target);

    assert.deepEqual(whileFrozen, { said: "", isOver: false, connections: 1 });
    assert.equal(said, "last words");
  });

  it("breaks every connection when cut and takes new ones at once", async () => {
    const socket = await client();

    proxy.cut();
    await closed(socket);

    assert.equal(await echoed(await client(), "again"), "again");
  });

  it("leaves the client alone with a dead connection when half open", async () => {
    const socket = await client();
    const target = served[0];
    assert.ok(target);

    proxy.halfOpen();
    await closed(target);
    socket.write("is anybody there?");
    await pause(SILENCE);

    assert.equal(socket.destroyed, false);
    assert.equal(socket.bytesRead, 0);
  });

  it("delays what it carries", async () => {
    const socket = await client();
    proxy.latency(100);

    const from = performance.now();
    await echoed(socket, "slow");

    assert.ok(performance.now() - from >= 190, "twice the latency, there and back");
  });

  it("lets through no more than the throttle allows", async () => {
    const socket = await client();
    proxy.throttle(10_000);

    const from = performance.now();
    await echoed(socket, "x".repeat(5_000));

    assert.ok(performance.now() - from >= 400, "5 kB at 10 kB/s");
  });

  it("refuses new connections while the open ones stay", async () => {
    const socket = await client();

    proxy.refuse();
    const refused = connect(proxy.port, proxy.host);
    const [error] = await once(refused, "error");

    assert.equal((error as NodeJS.ErrnoException).code, "ECONNREFUSED");
    assert.equal(await echoed(socket, "still here"), "still here");
    await proxy.accept();
    assert.equal(await echoed(await client(), "back"), "back");
  });
});
