/** What a node last received, as its dialog asks for it. */
import assert from "node:assert/strict";
import { ConsumeStage, inNode, probe } from "../consume/stage";
import { ADMIN_AUTH, fetchAs, logInWriter } from "../diagnosis/admin-auth";
import { startNodeRed, type TestNodeRed } from "../support/node-red";

describe("the last event of a node", function () {
  this.timeout(60_000);
  let nodeRed: TestNodeRed;
  let stage: ConsumeStage;

  before(async () => {
    nodeRed = await startNodeRed({ settings: { adminAuth: ADMIN_AUTH } });
    await logInWriter(nodeRed);
    stage = await ConsumeStage.set(nodeRed);
    await stage.deploy([inNode(), probe("first")]);
  });

  after(async () => {
    await stage?.strike();
    await nodeRed?.stop();
  });

  const ask = (user: "reader" | undefined, id = "in"): Promise<Response> =>
    fetchAs(user, nodeRed, `regards/last-event/${id}`, {});

  it("is nothing at first", async () => {
    const nothing = { event: null, tenants: [], correlationIds: [] };
    assert.deepEqual(await (await ask("reader")).json(), nothing);
  });

  it("is told with its body once it has come, and stands in the status", async () => {
    await stage.publish([7, 8]);
    await stage.untilCounted({ accepted: 2 });

    const answer = (await (await ask("reader")).json()) as {
      readonly event: Record<string, string>;
      readonly tenants: readonly string[];
      readonly correlationIds: readonly string[];
    };
    const { event } = answer;
    assert.deepEqual([answer.tenants, answer.correlationIds], [["project1"], ["order-8", "order-7"]]);
    assert.equal(event.status, "GRANTED");
    assert.equal(event.correlationId, "order-8");
    assert.ok(Math.abs(Date.parse(event.receivedAt ?? "") - Date.now()) < 60_000);
    assert.equal((JSON.parse(event.body ?? "") as { orderId: number }).orderId, 8);
    await nodeRed.untilStatus("in", ({ text }) => text === "2 · GRANTED just now");
  });

  it("is told to nobody without the permission", async () => {
    assert.equal((await ask(undefined)).status, 401);
  });

  it("is not known of a node of another kind, or of none", async () => {
    assert.equal((await ask("reader", "first")).status, 404);
    assert.equal((await ask("reader", "nobody")).status, 404);
  });
});
