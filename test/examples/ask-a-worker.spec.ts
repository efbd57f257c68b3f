import assert from "node:assert/strict";
import { property } from "./debug-sidebar";
import { Example } from "./example";
import { type ExampleStage, playExample } from "./example-stage";

for (const version of [5, 4] as const) {
  describe(`the example that asks a worker, on Node-RED ${version}`, function () {
    this.timeout(60_000);
    let stage: ExampleStage;

    before(async () => {
      stage = await playExample(Example.read("06 - Ask a worker"), version);
    });
    after(() => stage.strike());

    it("asks, and finds the answers under the same correlation id", async () => {
      await stage.press("a request");

      const published = await stage.shown("published");
      const correlationId = property(published, "correlationId");
      assert.match(String(correlationId), /^nodered-/);
      await stage.shown("on its way", (shown) => shown === "GRANTED");
      const answer = await stage.shown("answer");
      assert.equal(property(answer, "requestId"), correlationId);
      assert.equal(property(answer, "state"), "SUCCESS");
    });

    it("refuses what is no JSON object before anything is published", async () => {
      await stage.press("an array, which it is not");

      assert.equal(property(await stage.shown("refused"), "code"), "REGARDS_BAD_BODY");
      assert.deepEqual(stage.regards.droppedRequests, []);
      assert.deepEqual(stage.nodeRed.errors(), []);
    });
  });
}
