/** A server that wants to fill the disk or the memory: ZIPs without an end or full of air, lists of endless names, odd headers. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { smallDisk } from "../support/small-disk";
import { setWebStage } from "./stage";

const MEBIBYTE = 2 ** 20;

describe("a hostile server", function () {
  this.timeout(60_000);

  it("cannot fill the disk with a ZIP without an end whose list nobody may see: some of the room is kept", async () => {
    const stage = await setWebStage({ patience: { lasts: 10 } });
    const disk = await smallDisk(400 * MEBIBYTE);
    try {
      const { orderId } = stage.side.order([{ name: "a.dat" }], "jane@cnes.fr");
      stage.side.ask({ on: "zip", body: "endless", times: 100 });
      let most = 0;
      let bytes = 0;
      const { progress } = stage.fetching();
      const counting = {
        ...progress,
        bytes: (count: number) => {
          bytes += count;
          most = Math.max(most, bytes);
        },
      };

      const fetched = stage.fetch(orderId, { folder: join(disk.folder, "x") }, { progress: counting });

      await assert.rejects(fetched, { trouble: "disk-full" });
      assert.ok(most <= 144 * MEBIBYTE, `${most} bytes of 400 MiB`);
      assert.equal(bytes, 0);
    } finally {
      await stage.strike();
      await disk.remove();
    }
  });

  it("cannot fill the disk with a file that a ZIP has as large as it likes, and the list small", async () => {
    const stage = await setWebStage();
    const disk = await smallDisk(3 * MEBIBYTE);
    try {
      // Zeros: a thousandth of it comes over the wire.
      const { orderId } = stage.side.order([
        { name: "air.dat", content: Buffer.alloc(8 * MEBIBYTE), claimedSize: 20 },
        { name: "b.dat" },
      ]);

      const fetched = stage.fetch(orderId, { folder: join(disk.folder, "x"), mode: "zip" });

      const { failed, saved } = await fetched;
      assert.deepEqual(
        [failed.map(({ file, trouble }) => [file.name, trouble.trouble]), saved.map(({ name }) => name)],
        [[["air.dat", "wrong-size"]], ["b.dat"]],
      );
      assert.deepEqual(stage.waited.includes("disk-full"), false);
    } finally {
      await stage.strike();
      await disk.remove();
    }
  });

  it("cannot fill the memory with a list whose names have no end", async () => {
    let pages = 0;
    const server = createServer((request, response) => {
      if (request.url?.includes("token")) {
        response.end(JSON.stringify({ access_token: "t", expires_in: 1_000 }));
        return;
      }
      const rows = [{ id: ++pages, filename: "x".repeat(3 * MEBIBYTE) }];
      response.end(JSON.stringify({ content: rows, metadata: { totalElements: 400, totalPages: 400 } }));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { fetch, strike } = await setWebStage({ settings: { address } });

    await assert.rejects(fetch(1), { trouble: "list-without-end" });

    assert.ok(pages < 30, `${pages} pages of 3 MiB`);
    await strike();
    server.close();
  });

  it("cannot lead a file elsewhere whose sum nobody knows, nor name it by a header", async () => {
    const stage = await setWebStage();
    const seen: string[] = [];
    const other = createServer((request, response) => {
      seen.push(`${request.url}`);
      response.end("stolen");
    });
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    try {
      const order = stage.side.order([
        { name: "a.dat", productId: "P", checksum: null },
        { name: "b.dat", productId: "P" },
      ]);
      const [a, b] = order.subOrders[0]?.files ?? [];
      stage.side.ask(
        { on: "file", file: a?.id ?? 0, redirects: `http://127.0.0.1:${port}/a` },
        {
          ...{ on: "file", file: b?.id ?? 0 },
          headers: {
            "Content-Disposition": 'attachment; filename="../../../outside"',
            ...{ Location: `http://127.0.0.1:${port}/b`, "Set-Cookie": "x=y", Refresh: "0; url=/x" },
          },
        },
      );

      const { failed } = await stage.fetch(order.orderId);

      assert.deepEqual(
        failed.map(({ trouble }) => trouble.trouble),
        ["redirected"],
      );
      assert.deepEqual([...(await stage.files()).keys()], [`${order.orderId}/P_v1/b.dat`]);
      assert.deepEqual(seen, []);
    } finally {
      await stage.strike();
      other.close();
    }
  });
});
