/** The web side alone is as strict and as odd as REGARDS': lists, files by id, ZIPs, logins, and what goes wrong. */
import assert from "node:assert/strict";
import { unzipSync } from "fflate";
import { md5 } from "./catalogue-files";
import { startWebSide, type WebSide } from "./web-side";

const BASIC = `Basic ${Buffer.from("client:secret").toString("base64")}`;

describe("the web side of the simulated REGARDS, alone", () => {
  let web: WebSide;
  afterEach(() => web.stop());

  const login = (how: "body" | "query" | "form", user = web.user): Promise<Response> => {
    const fields = {
      grant_type: "password",
      username: user.login,
      password: user.password,
      scope: web.tenant,
    };
    const query = how === "query" ? new URLSearchParams(fields).toString() : `scope=${web.tenant}`;
    const type = how === "form" ? "application/x-www-form-urlencoded" : "application/json";
    const body = how === "form" ? new URLSearchParams(fields).toString() : JSON.stringify(fields);
    return fetch(`${web.address}/api/v1/rs-authentication/oauth/token?${query}`, {
      method: "POST",
      headers: { authorization: BASIC, "content-type": type },
      ...(how === "query" ? {} : { body }),
    });
  };
  const get = async (path: string): Promise<Response> => {
    const { access_token } = (await (await login("query")).json()) as { access_token: string };
    return fetch(`${web.address}/api/v1/${path}`, { headers: { authorization: `Bearer ${access_token}` } });
  };
  const listed = async (orderId: number, query = ""): Promise<{ content: { content: { id: number } }[] }> =>
    (await (await get(`rs-order/orders/${orderId}/files/available${query}`)).json()) as never;

  it("takes a login in the body since 2.0, in the query always, in a form never", async () => {
    web = await startWebSide();
    assert.deepEqual(
      [(await login("body")).status, (await login("query")).status, (await login("form")).status],
      [200, 200, 400],
    );
    await web.stop();
    web = await startWebSide({ version: "1.14" });
    assert.deepEqual([(await login("body")).status, (await login("query")).status], [400, 200]);
  });

  it("lists what is available, ten a page, to the owner only", async () => {
    web = await startWebSide();
    const { orderId } = web.order(
      Array.from({ length: 12 }, (_, index) => ({ name: `f${index}`, productId: "P" })),
    );

    const first = (await listed(orderId)) as { content: unknown[]; metadata: unknown };
    assert.equal(first.content.length, 10);
    assert.deepEqual(first.metadata, { number: 0, size: 10, totalElements: 12, totalPages: 2 });
    assert.equal((await listed(orderId, "?page=1")).content.length, 2);
    const { orderId: another } = web.order([{ name: "a" }], "jane@cnes.fr");
    assert.equal((await get(`rs-order/orders/${another}/files/available`)).status, 403);
    assert.equal((await get("rs-order/orders/1/files/available")).status, 404);
  });

  it("takes a file from the list when it has gone out by its id, and gives it out again", async () => {
    web = await startWebSide();
    const { orderId } = web.order([{ name: "a" }, { name: "b" }]);
    const [row] = (await listed(orderId)).content;
    const path = `rs-order/orders/files/${row?.content.id}`;

    assert.equal(await (await get(path)).text(), "a");
    assert.equal((await listed(orderId)).content.length, 1);
    assert.equal(await (await get(path)).text(), "a");
    assert.deepEqual(
      web.transfers.map(({ isWhole }) => isWhole),
      [true, true],
    );
  });

  it("loses a file that was cut for the list, but not for its id", async () => {
    web = await startWebSide();
    const { orderId } = web.order([{ name: "a long enough content" }]);
    const [row] = (await listed(orderId)).content;
    web.ask({ on: "file", cut: "length" });

    await assert.rejects(get(`rs-order/orders/files/${row?.content.id}`).then((answer) => answer.text()));

    assert.equal((await listed(orderId)).content.length, 0);
    assert.equal((await get(`rs-order/user/orders/${orderId}/download`)).status, 204);
    assert.equal((await get(`rs-order/orders/files/${row?.content.id}`)).status, 200);
  });

  for (const [version, again] of [
    ["2.0", 200],
    ["1.14", 204],
  ] as const) {
    it(`answers ${again} after a ZIP that was cut, in ${version}`, async () => {
      web = await startWebSide({ version });
      const { orderId } = web.order([{ name: "a" }]);
      web.ask({ on: "zip", cut: "chunked" });
      const zip = `rs-order/user/orders/${orderId}/download`;

      await assert.rejects(get(zip).then((answer) => answer.arrayBuffer()));

      assert.equal((await get(zip)).status, again);
    });
  }

  it("gives two files of one name two names in the ZIP", async () => {
    web = await startWebSide();
    const files = ["one", "two"].map((text) => ({ name: "same.tif", content: Buffer.from(text) }));
    const { orderId } = web.order(files);

    const zip = await (await get(`rs-order/user/orders/${orderId}/download`)).arrayBuffer();

    assert.deepEqual(Object.keys(unzipSync(new Uint8Array(zip))), ["same.tif", "same (1).tif"]);
  });

  it("serves a disseminated product by URN and checksum once it is indexed", async () => {
    web = await startWebSide();
    const content = Buffer.from("a product");
    web.catalogue.keep("URN:AIP:DATA:project1:x:V1", [content], 1);
    const path = `rs-catalog/downloads/URN:AIP:DATA:project1:x:V1/files/${md5(content)}`;

    assert.equal((await get(path)).status, 404);
    assert.equal(await (await get(path)).text(), "a product");
  });
});
