import assert from "node:assert/strict";
import { once } from "node:events";
import { unzipSync } from "fflate";
import type { OrderRequest } from "./client";
import type { SubOrderReady } from "./happenings";
import { type Body, isBody } from "./intake";
import { type Stage, setStage } from "./stage";

const BASIC = `Basic ${Buffer.from("client:secret").toString("base64")}`;

async function bodyOf(response: Response): Promise<Body> {
  const body: unknown = await response.json();
  if (!isBody(body)) assert.fail("no JSON object was answered");
  return body;
}

describe("the web side of the simulated REGARDS", () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await setStage();
  });
  afterEach(() => stage.strike());

  const login = (
    body: object = {},
    { authorization = BASIC, scope = "?scope=project1" }: { authorization?: string; scope?: string } = {},
  ): Promise<Response> =>
    fetch(`${stage.regards.address}/api/v1/rs-authentication/oauth/token${scope}`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify({
        grant_type: "password",
        username: stage.regards.user.login,
        password: stage.regards.user.password,
        scope: "project1",
        ...body,
      }),
    });

  const bearer = async (): Promise<Record<string, string>> => {
    const token = await bodyOf(await login());
    return { authorization: `Bearer ${token.access_token}` };
  };

  const readyOrder = async (request: OrderRequest = {}): Promise<{ order: SubOrderReady; link: string }> => {
    const ready = once(stage.regards.events, "subOrderReady");
    await stage.regards.requestOrder(request);
    const [order] = await ready;
    return { order, link: `${stage.regards.address}/api/v1/rs-order/user/orders/${order.orderId}/download` };
  };

  it("gives a token for JSON credentials and says how long it lasts", async () => {
    const response = await login();

    assert.equal(response.status, 200);
    const { access_token, ...rest } = await bodyOf(response);
    assert.equal(typeof access_token, "string");
    assert.equal(rest.token_type, "bearer");
    assert.equal(rest.expires_in, 7200);
    assert.equal(rest.tenant, "project1");
  });

  it("refuses a wrong client or a missing scope with 401, wrong credentials with 400 and a reason", async () => {
    assert.equal((await login({}, { authorization: "Basic eDp5" })).status, 401);
    assert.equal((await login({}, { scope: "" })).status, 401);
    const unknown = await login({ username: "nobody" });
    assert.equal(unknown.status, 400);
    assert.deepEqual((await bodyOf(unknown)).additionalInformation, { error: "ACCOUNT_UNKNOWN" });
    assert.equal((await login({ password: "wrong" })).status, 400);
    assert.equal(stage.regards.tokensIssued, 0);
  });

  it("streams an order once as a ZIP without a length, then answers 204", async () => {
    const { order, link } = await readyOrder({ queries: ["files:2 AND bytes:5000"] });
    const headers = await bearer();

    const first = await fetch(link, { headers });
    const files = unzipSync(new Uint8Array(await first.arrayBuffer()));
    const second = await fetch(link, { headers });

    assert.equal(first.status, 200);
    assert.equal(first.headers.get("content-length"), null);
    assert.match(
      first.headers.get("content-disposition") ?? "",
      new RegExp(`^attachment;filename=order_${order.orderId}_\\d{4}-.*Z\\.zip$`),
    );
    assert.deepEqual(Object.keys(files), ["product-001.tif", "product-002.tif"]);
    assert.equal(files["product-001.tif"]?.length, 5000);
    assert.equal(second.status, 204);
    assert.equal((await second.arrayBuffer()).byteLength, 0);
  });

  it("gives both of two simultaneous downloads the same files", async () => {
    const { link } = await readyOrder();
    const headers = await bearer();
    stage.regards.disturb("slow", "slow");

    const both = await Promise.all([fetch(link, { headers }), fetch(link, { headers })]);

    const names = await Promise.all(
      both.map(async (response) => Object.keys(unzipSync(new Uint8Array(await response.arrayBuffer())))),
    );
    assert.deepEqual(names[0], names[1]);
  });

  it("lets the owner's third sub-order start after a download", async () => {
    const { order, link } = await readyOrder({ queries: ["subOrders:3 AND files:1"] });
    const { correlationId } = order;
    await stage.wire.until(() => stage.wire.about({ correlationId, status: "SUBORDER_DONE" }).length === 2);

    await (await fetch(link, { headers: await bearer() })).arrayBuffer();

    await stage.wire.untilAbout({ correlationId, status: "DONE" });
    assert.equal(stage.wire.about({ correlationId, status: "SUBORDER_DONE" }).length, 3);
  });

  it("puts what it could not deliver into NOTICE.txt, and never delivers it again", async () => {
    const { link } = await readyOrder();
    const headers = await bearer();
    stage.regards.disturb("notice");

    const response = await fetch(link, { headers });
    const files = unzipSync(new Uint8Array(await response.arrayBuffer()));

    assert.deepEqual(Object.keys(files), ["product-002.tif", "NOTICE.txt"]);
    assert.match(
      Buffer.from(files["NOTICE.txt"] ?? []).toString(),
      /^Failed to download file \(product-001\.tif\): /,
    );
    assert.equal((await fetch(link, { headers })).status, 204);
  });

  it("keeps the files of a download that failed or broke off", async () => {
    const { link } = await readyOrder();
    const headers = await bearer();
    stage.regards.disturb("failing", "truncated");

    const failing = await fetch(link, { headers });
    assert.equal(failing.status, 500);
    await assert.rejects(async () => (await fetch(link, { headers })).arrayBuffer());
    const whole = await fetch(link, { headers });

    assert.equal(Object.keys(unzipSync(new Uint8Array(await whole.arrayBuffer()))).length, 2);
  });

  it("asks for a token that is known and still good", async () => {
    const { link } = await readyOrder();
    const headers = await bearer();

    assert.equal((await fetch(link)).status, 401);
    stage.regards.expireTokens();
    assert.equal((await fetch(link, { headers })).status, 401);
    assert.equal((await fetch(link, { headers: await bearer() })).status, 200);
  });

  it("knows no order of another tenant", async () => {
    const { link } = await readyOrder({ tenant: "project2" });

    const response = await fetch(link, { headers: await bearer() });

    assert.equal(response.status, 404);
  });

  it("counts a HEAD, which costs the owner the files", async () => {
    const { link } = await readyOrder();
    const headers = await bearer();

    await fetch(link, { method: "HEAD", headers });

    assert.equal(stage.regards.heads, 1);
    assert.equal((await fetch(link, { headers })).status, 204);
  });

  it("shows how far an order is", async () => {
    const { order, link } = await readyOrder({ queries: ["files:2"] });

    const response = await fetch(link.replace("/download", ""), { headers: await bearer() });

    const { content } = await bodyOf(response);
    assert.deepEqual(content, {
      id: order.orderId,
      owner: "john@cnes.fr",
      status: "DONE",
      percentCompleted: 100,
      filesInErrorCount: 0,
      availableFilesCount: 2,
      waitingForUser: true,
    });
  });
});
