/** An error belongs to the event of its message, whatever the asynchronous context it is reported in. */
import assert from "node:assert/strict";
import { freePort } from "../support/free-port";
import { code, failureCases, rateLimit } from "./failures";
import { type CompletionStage, completionStage } from "./stage";

for (const version of [5, 4] as const) {
  describe(`an error nobody catches, Node-RED ${version}`, function () {
    this.timeout(60_000);
    let stage: CompletionStage;
    let cases: ReturnType<typeof failureCases>;

    before(async () => {
      stage = await completionStage(version);
      cases = failureCases(await freePort());
    });

    after(() => stage.nodeRed.deploy([]));

    for (const [index, { title }] of failureCases(0).entries()) {
      it(`of ${title} is the event's: first after the start, alone, and of ten at once`, async () => {
        const { nodes, payload = "bad", reason } = cases[index] ?? assert.fail();
        await stage.deploy(nodes);

        for (const count of [1, 1, 10]) {
          await stage.sends(Array<unknown>(count).fill(payload));
          await stage.untilEnded(8_000);
        }

        for (const outcome of await stage.outcomes()) {
          assert.match(outcome ?? "open", /^failed: /);
          assert.match(outcome ?? "open", reason);
        }
      });
    }

    it("of a file node is none when a Catch node takes it; what the node keeps to itself is one", async () => {
      const { nodes } = cases.find(({ title }) => title === "file, appending") ?? assert.fail();
      await stage.deploy([...nodes, { id: "catch", type: "catch", z: "tab", scope: null, wires: [[]] }]);

      await stage.sends(["first", "second"]);

      const [first, second] = await stage.untilEnded();
      assert.equal(first, "finished");
      assert.match(second ?? "open", /^failed: .*ENOENT/);
    });

    it("does not concern a good event that started the same rate limit and works longer", async () => {
      await stage.deploy([
        rateLimit("first", "works"),
        code(
          "works",
          `if (msg.payload === "bad") { node.error("broken", msg); node.done(); }
           else { setTimeout(() => { node.send(msg); node.done(); }, 500); }`,
          { wires: [[]] },
        ),
      ]);

      await stage.sends(["good", "bad", "bad", "bad"]);

      const failed = "failed: broken";
      assert.deepEqual(await stage.untilEnded(), ["finished", failed, failed, failed]);
    });

    it("of some events in a pool does not concern the others", async () => {
      await stage.deploy([{ id: "first", type: "test-pool", z: "tab", wires: [[]] }]);

      await stage.sends(["good", "bad", "good", "bad"]);

      const failed = "failed: table missing";
      assert.deepEqual(await stage.untilEnded(), ["finished", failed, "finished", failed]);
    });

    it("of a stranger behind the same rate limit does not concern an event, nor does the stranger hold it", async () => {
      await stage.deploy([
        rateLimit("first", "works"),
        code(
          "works",
          `if (msg.payload === "stranger") { node.error("stranger broken", msg); }
           else { setTimeout(() => { node.done(); }, 200); }
           if (msg.payload === "stranger") { setTimeout(() => { node.done(); }, 10_000); }`,
          { wires: [[]] },
        ),
      ]);

      await stage.sends(["event"]);
      for (let each = 0; each < 5; each += 1) {
        await stage.stranger("first", { payload: "stranger" });
      }

      assert.deepEqual(await stage.untilEnded(), ["finished"]);
    });

    it("in a Status node's flow does not concern the event of the node whose status it is", async () => {
      await stage.deploy([
        code("first", "node.status('busy'); setTimeout(() => node.done(), 200);", { wires: [[]] }),
        { id: "status", type: "status", z: "tab", scope: ["first"], wires: [["fails"]] },
        code("fails", "throw new Error('status flow broken');"),
      ]);

      await stage.sends([1, 2, 3]);

      assert.deepEqual(await stage.untilEnded(), ["finished", "finished", "finished"]);
    });

    it("is known at once when a function throws from a timer and never completes", async () => {
      await stage.deploy([
        code("first", "setTimeout(() => { throw new Error('from a timer'); node.done(); }, 20);"),
      ]);

      await stage.sends([1]);

      await stage.nodeRed.untilLog(({ msg }) => msg.includes("from a timer"));
      const [seen] = await stage.seen();
      assert.deepEqual(seen, { outcome: undefined, heldBy: "function", failure: "from a timer" });
    });
  });
}
