/** Given-up events as the dialog asks for them: looked at as often as one likes, and sent back by permission. */
import assert from "node:assert/strict";
import { ConsumeStage, code, DEAD, inNode, orderIdOf, probe, upTo } from "../consume/stage";
import { ADMIN_AUTH, fetchAs, logInWriter } from "../diagnosis/admin-auth";
import { startNodeRed, type TestNodeRed } from "../support/node-red";

interface Shown {
  readonly count: number;
  readonly letters: readonly {
    readonly id: string;
    readonly reason: string;
    readonly time: string;
    readonly correlationId: string;
    readonly status: string;
  }[];
}

describe("given-up events, as a dialog asks for them", function () {
  this.timeout(60_000);
  let nodeRed: TestNodeRed;
  let stage: ConsumeStage;

  before(async () => {
    nodeRed = await startNodeRed({ settings: { adminAuth: ADMIN_AUTH } });
    await logInWriter(nodeRed);
  });

  beforeEach(async () => {
    nodeRed.forget();
    stage = await ConsumeStage.set(nodeRed);
  });

  afterEach(async () => {
    await stage?.strike();
  });

  after(async () => {
    await nodeRed?.stop();
  });

  const path = "regards/dead-letters/in";
  const look = async (): Promise<Shown> =>
    (await (await fetchAs("reader", nodeRed, path, {})).json()) as Shown;
  const post = (body: object): RequestInit => {
    return { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  };
  const fails = code("first", 'throw new Error("bad " + msg.payload.orderId);', "good");

  async function giveUp(count: number, queueType: string): Promise<void> {
    await stage.deploy([inNode({ queueType, attempts: 1 }), fails, probe("good")]);
    await stage.publish(upTo(count));
    await stage.untilQueue(DEAD, { ready: count });
  }

  /** The flow is right now; its node starts anew with the broker's queues as they are. */
  function mend(): Promise<void> {
    return stage.redeploy({ first: { func: "return msg;" } });
  }

  for (const queueType of ["quorum", "classic"]) {
    it(`are looked at thirty times and stay, then one is sent back, then all (${queueType})`, async () => {
      await giveUp(5, queueType);
      for (let time = 0; time < 30; time += 1) {
        assert.equal((await look()).letters.length, 5);
      }
      const { count, letters } = await look();
      assert.equal(count, 5);
      assert.deepEqual(
        letters.map(({ reason, status, correlationId }) => [
          /bad \d/.exec(reason)?.[0],
          status,
          correlationId,
        ]),
        upTo(5).map((id) => [`bad ${id}`, "GRANTED", `order-${id}`]),
      );
      assert.ok(letters.every(({ time }) => Math.abs(Date.parse(time) - Date.now()) < 60_000));

      await mend();
      const one = await nodeRed.fetch(`${path}/send-back`, post({ id: letters[2]?.id }));
      assert.deepEqual(await one.json(), { sent: 1 });
      assert.equal(orderIdOf(await nodeRed.nextMessage("good")), 3);
      await stage.untilQueue(DEAD, { ready: 4 });
      await nodeRed.untilStatus("in", ({ text }) => text?.includes("4 given up") === true);

      const all = await nodeRed.fetch(`${path}/send-back`, post({}));
      assert.deepEqual(await all.json(), { sent: 4 });
      await nodeRed.untilMessages("good", 5);
      assert.deepEqual(stage.ids("good"), [3, 1, 2, 4, 5]);
      await stage.untilQueue(DEAD, { ready: 0 });
      await nodeRed.untilStatus("in", ({ fill }) => fill === "green");
      await stage.untilSettled();
    });
  }

  it("begin their attempts anew, and are given up again where nothing was mended", async () => {
    await giveUp(1, "classic");
    const [before] = (await look()).letters;

    await nodeRed.fetch(`${path}/send-back`, post({}));

    await stage.untilCounted({ rejected: 2 });
    await stage.untilQueue(DEAD, { ready: 1 });
    const [after] = (await look()).letters;
    assert.notEqual(after?.id, before?.id);
  });

  it("are shown to nobody, and sent back by no reader", async () => {
    await giveUp(1, "classic");

    assert.equal((await fetchAs(undefined, nodeRed, path, {})).status, 401);
    assert.equal((await fetchAs(undefined, nodeRed, `${path}/send-back`, post({}))).status, 401);
    const refused = await fetchAs("reader", nodeRed, `${path}/send-back`, post({}));
    assert.ok([401, 403].includes(refused.status), `${refused.status}`);
    assert.equal((await look()).count, 1);
  });

  it("are not known of a node of another kind, or with a queue of somebody else", async () => {
    await stage.channel.assertQueue("theirs", { durable: true });
    const theirs = inNode({ id: "theirs", queueMode: "existing", queue: "theirs" });
    await stage.deploy([inNode(), theirs, probe("first")]);

    for (const id of ["first", "nobody", "theirs"]) {
      assert.equal((await fetchAs("reader", nodeRed, `regards/dead-letters/${id}`, {})).status, 404);
    }
  });
});
