/** An order on its way to the disk: which files, under which names, told to whom, and found again. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, rm, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { PLAN } from "../../src/web/plan";
import { downloadProduct, type Product } from "../../src/web/product-download";
import { Slots, Turns } from "../../src/web/slots";
import { md5 } from "../simulator/catalogue-files";
import type { Order } from "../simulator/order-book";
import { until } from "../support/until";
import { setWebStage, type WebStage, type WebStageOptions } from "./stage";

describe("the download of an order", () => {
  let stage: WebStage | undefined;
  afterEach(async () => {
    const heads = stage?.side.heads;
    await stage?.strike();
    stage = undefined;
    assert.equal(heads ?? 0, 0, "a HEAD would have cost somebody their files");
  });
  const set = async (options: WebStageOptions = {}): Promise<WebStage> => {
    stage = await setWebStage(options);
    return stage;
  };
  const many = (count: number): { name: string; productId: string; content: Buffer }[] =>
    Array.from({ length: count }, (_, index) => ({
      ...{ name: `f${index}.dat`, productId: `P${index % 3}`, content: Buffer.alloc(5_000, `${index}.`) },
    }));
  const idsOf = (order: Order): number[] => order.subOrders.flatMap(({ files }) => files.map(({ id }) => id));

  it("brings every file of every page, compared, under the name of its product", async () => {
    const { side, fetch, files } = await set();
    const order = side.order(many(23));

    const { saved, failed } = await fetch(order.orderId);

    assert.deepEqual(failed, []);
    assert.equal(saved.length, 23);
    const [first] = saved;
    assert.deepEqual(first, {
      ...{ path: join(stage?.folder ?? "", `${order.orderId}/P0_v1/f0.dat`), name: "f0.dat", size: 5_000 },
      ...{ checksum: md5(many(1)[0]?.content ?? Buffer.alloc(0)), algorithm: "MD5", verified: true },
      ...{ productId: "P0", version: 1 },
    });
    assert.equal((await files()).size, 23);
    assert.equal(side.tokensIssued, 1);
    assert.equal(side.zips, 0);
  });

  it("tells of a file once, to another event nothing, and to the same event again the same", async () => {
    const { side, fetch } = await set();
    const { orderId } = side.order(many(3));

    const first = await fetch(orderId, { event: "SUBORDER_DONE 1" });
    const other = await fetch(orderId, { event: "DONE" });
    const again = await fetch(orderId, { event: "SUBORDER_DONE 1" });
    const byHand = await fetch(orderId, { event: undefined });

    assert.equal(first.saved.length, 3);
    assert.deepEqual([other.saved, byHand.saved], [[], []]);
    assert.deepEqual(again.saved, first.saved);
    assert.equal(side.transfers.length, 3);
  });

  it("fetches nothing again that somebody was told of and has moved, but what nobody knows of", async () => {
    const { side, fetch, files } = await set();
    const { orderId } = side.order(many(3));
    const { saved } = await fetch(orderId);
    await rm(saved[0]?.path ?? "");

    assert.deepEqual((await fetch(orderId, { event: "another" })).saved, []);

    assert.equal(side.transfers.length, 3);
    assert.equal((await files()).size, 2);
  });

  it("mends a file that is not what it was", async () => {
    const { side, fetch } = await set();
    const { orderId } = side.order(many(2));
    const { saved } = await fetch(orderId);
    await truncate(saved[0]?.path ?? "", 17);

    const again = await fetch(orderId);

    assert.deepEqual(again.saved, saved);
    assert.equal((await readFile(saved[0]?.path ?? "")).length, 5_000);
    assert.equal(side.transfers.length, 3);
  });

  it("finds by their sums the files that are there although the plan is gone", async () => {
    const { side, fetch, folder } = await set();
    const order = side.order(many(2));
    await fetch(order.orderId);
    await rm(join(folder, String(order.orderId), PLAN));
    for (const file of order.subOrders[0]?.files ?? []) file.state = "AVAILABLE";

    assert.equal((await fetch(order.orderId)).saved.length, 2);

    assert.equal(side.transfers.length, 2);
  });

  it("fetches by its id what REGARDS counts as handed out and nobody finished", async () => {
    const { side, fetch } = await set({ patience: { tries: 1 } });
    const order = side.order(many(3));
    side.ask({ on: "file", cut: "length", file: idsOf(order)[1] ?? 0 });
    const broken = await fetch(order.orderId);
    assert.equal(broken.failed[0]?.trouble.trouble, "cut");
    assert.equal(order.subOrders[0]?.files[1]?.state, "DOWNLOAD_ERROR");

    const { saved } = await fetch(order.orderId);

    assert.equal(saved.length, 3);
    assert.equal(side.transfers.length, 4);
  });

  it("survives a plan whose last line is torn", async () => {
    const { side, fetch, folder } = await set();
    const { orderId } = side.order(many(2));
    await fetch(orderId);
    const plan = join(folder, String(orderId), PLAN);
    const text = await readFile(plan, "utf8");
    await writeFile(plan, text.slice(0, -10));

    // Who was told is what was torn: they are told again.
    assert.equal((await fetch(orderId, { event: "another" })).saved.length, 2);
    assert.equal((await fetch(orderId, { event: "a third" })).saved.length, 0);
    assert.equal(side.transfers.length, 2);
  });

  for (const mode of ["files", "zip"] as const) {
    it(`names files safely, whatever they are called, in mode ${mode}`, async () => {
      const { side, fetch, files } = await set();
      const { orderId } = side.order([
        { name: "../../../outside", productId: "../..", content: Buffer.from("1") },
        { name: "/etc/passwd", content: Buffer.from("2") },
        { name: "same", productId: "p/q", content: Buffer.from("3") },
        { name: "same", productId: "p\\q", content: Buffer.from("4") },
        { name: "SAME", productId: "P:Q", content: Buffer.from("5") },
        { name: ".regards-order.jsonl", productId: ".", content: Buffer.from("6") },
        { name: "a.part", content: Buffer.from("7") },
        { name: "\u202egnp.exe", content: Buffer.from("8") },
        { name: "x".repeat(5_000), content: Buffer.from("9") },
        { name: "", content: Buffer.from("10") },
      ]);

      const { saved, failed } = await fetch(orderId, { mode });

      assert.deepEqual(failed, []);
      assert.equal(saved.length, 10);
      const names = [...(await files()).keys()];
      assert.equal(names.length, 10);
      assert.equal(new Set(names.map((name) => name.toLowerCase())).size, 10);
      for (const name of names)
        assert.match(name, new RegExp(`^${orderId}/[^./\\\\][^/\\\\]*/[^./\\\\][^/\\\\]*$`));
    });
  }

  it("takes the ZIP, says why, and compares what is in it with the list", async () => {
    const { side, fetch, files, zipReasons } = await set();
    const order = side.order([...many(2), { name: "elsewhere.dat", productId: "P", isReference: true }]);

    const { saved } = await fetch(order.orderId);

    assert.deepEqual(zipReasons, ["reference"]);
    assert.deepEqual(
      saved.map(({ name, verified }) => [name, verified]),
      [...many(2).map(({ name }) => [name, true]), ["elsewhere.dat", false]],
    );
    assert.equal((await files()).size, 3);
    assert.equal(side.transfers.length, 0);

    const large = side.order([{ name: "large", claimedSize: 2 ** 31 }, ...many(1)]);
    await fetch(large.orderId);
    assert.deepEqual(zipReasons, ["reference", "too-large"]);
  });

  it("takes the ZIP where it may not see the list, every one there is, and nothing when there is none", async () => {
    const { side, fetch, files, zipReasons } = await set();
    const { orderId } = side.order(
      [
        { name: "same.tif", content: Buffer.from("one") },
        { name: "same.tif", content: Buffer.from("two") },
      ],
      "jane@cnes.fr",
    );

    const { saved } = await fetch(orderId);

    assert.deepEqual(zipReasons, ["not-allowed"]);
    assert.equal(saved.length, 2);
    assert.deepEqual([...(await files()).values()].sort(), ["one", "two"]);
    assert.deepEqual((await fetch(orderId, { event: "DONE" })).saved, []);
  });

  it("says so when 1.14 counts a ZIP as handed out that was cut, and lets nobody see the list", async () => {
    const { side, fetch } = await set({ version: "1.14" });
    const { orderId } = side.order(many(2), "jane@cnes.fr");
    side.ask({ on: "zip", cut: "chunked" });

    await assert.rejects(fetch(orderId), { trouble: "handed-out" });
    await assert.rejects(fetch(orderId), { trouble: "handed-out" });
  });

  it("fetches by its id what is not in the ZIP, or not as the list says", async () => {
    const { side, fetch } = await set();
    const order = side.order([{ name: "a", checksum: md5(Buffer.from("another")) }, { name: "b" }]);

    const { failed, saved } = await fetch(order.orderId, { mode: "zip" });

    assert.deepEqual(
      saved.map(({ name }) => name),
      ["b"],
    );
    assert.equal(failed[0]?.trouble.trouble, "wrong-sum");
    assert.ok(side.transfers.every(({ fileId }) => fileId === idsOf(order)[0]));
  });

  it("has one login for a hundred orders at once, and never more transfers than it may", async () => {
    const { side, fetch, files } = await set();
    const orders = Array.from({ length: 100 }, () =>
      side.order(many(3).map((file) => ({ ...file, pause: 1 }))),
    );
    const slots = new Slots(2);

    const outcomes = await Promise.all(
      orders.map(({ orderId }) =>
        fetch(orderId, { parallel: 2 }, { slots: [stage?.web.slots ?? slots, slots] }),
      ),
    );

    assert.ok(outcomes.every(({ saved, failed }) => saved.length === 3 && failed.length === 0));
    assert.equal((await files()).size, 300);
    assert.equal(side.tokensAsked, 1);
    assert.equal(side.mostTransfers, 2);
    assert.equal(slots.taken, 0);
  });

  it("logs in once more when the token ends early, whoever notices", async () => {
    const { side, fetch } = await set();
    const orders = Array.from({ length: 20 }, () => side.order(many(1)));
    await fetch(orders[0]?.orderId ?? 0);
    side.expireTokens();

    await Promise.all(orders.map(({ orderId }) => fetch(orderId)));

    assert.equal(side.tokensAsked, 2);
  });

  it("renews the token before it ends", async () => {
    const { side, fetch } = await set({ tokenLifetime: 1 });
    await fetch(side.order(many(1)).orderId);
    await until(
      async () => {
        await fetch(side.order(many(1)).orderId);
        return side.tokensAsked === 2;
      },
      { what: "another login" },
    );

    assert.ok(side.seen.every(({ path }) => !path.includes("download")));
  });

  it("logs in by the query on 1.14, and by the body only otherwise", async () => {
    const old = await set({ version: "1.14" });
    await old.fetch(old.side.order(many(1)).orderId);
    assert.ok(old.side.seen.some(({ path }) => path.includes("username=")));
    await old.strike();
    const { side, fetch } = await set();
    await fetch(side.order(many(1)).orderId);
    assert.ok(side.seen.every(({ path }) => !path.includes("username=")));
  });

  it("stops at once when it is aborted, and leaves no connection", async () => {
    const { side, fetch, files } = await set();
    const { orderId } = side.order([{ name: "slow", content: Buffer.alloc(10_000_000, 1), pause: 20 }]);
    const stop = new AbortController();
    const fetched = fetch(orderId, {}, { signal: stop.signal });
    await until(async () => [...(await files()).keys()].some((name) => name.endsWith(".part")), {
      what: "a part",
    });

    stop.abort(new Error("the node is closed"));

    await assert.rejects(fetched, /the node is closed/);
    await until(async () => (await side.connections()) === 0, { what: "no connection" });
  });

  it("brings the files of a disseminated product, once it is indexed", async () => {
    const { side, folder, fetching, waited } = await set();
    const content = Buffer.from("a product");
    const urn = "URN:AIP:DATA:project1:098f6bcd-4621-3373-8ade-4e832627b4f6:V1";
    side.catalogue.keep(urn, [content], 2);
    const file = { name: "p.dat", size: content.length, algorithm: "MD5", mimeType: undefined };
    const product: Product = {
      ...{ urn, productId: "P", version: 1 },
      files: [
        { ...file, checksum: md5(content) },
        { ...file, name: "none", checksum: undefined },
      ],
    };

    const job = { folder: join(folder, "product"), event: "e", of: "stage", parallel: 1, product };
    const { saved, failed } = await downloadProduct(fetching(), job);

    assert.deepEqual(
      saved.map(({ name, verified }) => [name, verified]),
      [["p.dat", true]],
    );
    assert.deepEqual(
      failed.map(({ trouble }) => trouble.trouble),
      ["no-checksum"],
    );
    assert.deepEqual(waited, ["not-indexed", "not-indexed"]);
  });

  it("tells a licence that is not accepted from a download that is under way", async () => {
    const { side, folder, fetching } = await set();
    const content = Buffer.from("a product");
    side.catalogue.keep("URN:x", [content]);
    side.ask({ on: "catalogue", answers: 423 });
    const file = {
      name: "p",
      size: undefined,
      checksum: md5(content),
      algorithm: "MD5",
      mimeType: undefined,
    };
    const product = { urn: "URN:x", productId: "P", version: 1, files: [file] };

    const job = { folder: join(folder, "p"), event: "e", of: "stage", parallel: 1, product };
    assert.equal((await downloadProduct(fetching(), job)).failed[0]?.trouble.trouble, "licence");
  });

  describe("from a server that wants to do harm", () => {
    /** Takes what is sent to it. */
    const thief = async (): Promise<{ address: string; seen: string[]; close: () => void }> => {
      const seen: string[] = [];
      const server = createServer((request, response) => {
        seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? ""}`);
        response.end("stolen");
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      return { address: `http://127.0.0.1:${port}`, seen, close: () => server.close() };
    };

    for (const on of ["token", "list", "zip"] as const) {
      it(`never goes elsewhere for a ${on}`, async () => {
        const { side, fetch } = await set();
        const other = await thief();
        const { orderId } = side.order(many(1));
        side.ask({ on, redirects: `${other.address}/x`, status: 307 });

        await assert.rejects(fetch(orderId, { mode: "zip" }), { trouble: "redirected" });

        assert.deepEqual(other.seen, []);
        other.close();
      });
    }

    it("gets no token along when it sends for a file elsewhere, and is not believed", async () => {
      const { side, fetch, files } = await set();
      const other = await thief();
      const order = side.order([{ name: "a", productId: "P" }]);
      side.ask({ on: "file", redirects: `${other.address}/a`, times: 100 });

      const { failed } = await fetch(order.orderId);

      assert.match(failed[0]?.trouble.trouble ?? "", /wrong-size/);
      assert.ok(other.seen.length > 0 && other.seen.every((line) => line === "GET /a "));
      assert.equal((await files()).size, 0);
      other.close();
    });

    it("may have the file elsewhere, if its sum is right", async () => {
      const { side, fetch } = await set();
      const other = await thief();
      const order = side.order([{ name: "stolen", productId: "P" }]);
      side.ask({ on: "file", redirects: `${other.address}/a` });

      assert.equal((await fetch(order.orderId)).saved.length, 1);
      other.close();
    });

    it("may send no more headers than fit", async () => {
      const { side, fetch, waited } = await set();
      const order = side.order([{ name: "a" }]);
      side.ask({ on: "file", headers: { "X-Long": "x".repeat(100_000) } });

      assert.equal((await fetch(order.orderId)).saved.length, 1);
      assert.deepEqual(waited, ["unreachable"]);
    });

    it("cannot make a list without an end, nor one that never stands still", async () => {
      for (const [totalPages, totalElements, trouble] of [
        [Number.MAX_SAFE_INTEGER, 1, "list-without-end"],
        [2, 5, "list-changes"],
      ] as const) {
        let id = 0;
        const server = createServer((request, response) => {
          if (request.url?.includes("token")) {
            response.end(JSON.stringify({ access_token: "t", expires_in: 1_000 }));
            return;
          }
          const rows = trouble === "list-changes" ? [{ content: { id: 1, filename: "a" } }] : [{ id: ++id }];
          response.end(JSON.stringify({ content: rows, metadata: { totalElements, totalPages } }));
        });
        server.listen(0, "127.0.0.1");
        await once(server, "listening");
        const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const { fetch, strike } = await setWebStage({ settings: { address } });

        await assert.rejects(fetch(1), { trouble });

        await strike();
        server.close();
      }
    });

    it("that is no HTTP server at all is out of reach", async () => {
      const server = createTcpServer((socket) => socket.end("SSH-2.0-OpenSSH\r\n"));
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const { fetch, strike } = await setWebStage({ settings: { address }, patience: { lasts: 10 } });

      await assert.rejects(fetch(1), { trouble: "unreachable" });

      await strike();
      server.close();
    });
  });
});

describe("turns", () => {
  it("let one at a time have a key, and forget it afterwards", async () => {
    const turns = new Turns();
    const { signal } = new AbortController();
    const order: string[] = [];
    const first = await turns.take("a", signal);
    const second = turns.take("a", signal).then((end) => {
      order.push("second");
      end();
    });
    const other = await turns.take("b", signal);
    order.push("first");
    first();
    await second;
    other();
    assert.deepEqual(order, ["first", "second"]);
  });

  it("are not waited for by whoever is aborted", async () => {
    const slots = new Slots(1);
    const stop = new AbortController();
    const back = await slots.take(stop.signal);
    const waiting = slots.take(stop.signal);
    stop.abort(new Error("gone"));
    await assert.rejects(waiting, /gone/);
    back();
    assert.equal(slots.taken, 0);
  });
});
