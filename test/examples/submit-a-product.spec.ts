import assert from "node:assert/strict";
import { property } from "./debug-sidebar";
import { Example } from "./example";
import { type ExampleStage, playExample } from "./example-stage";

for (const version of [5, 4] as const) {
  describe(`the example that submits a product, on Node-RED ${version}`, function () {
    this.timeout(60_000);
    let stage: ExampleStage;

    before(async () => {
      stage = await playExample(Example.read("07 - Submit a product"), version);
    });
    after(() => stage.strike());

    it("submits, and finds the answers under the same correlation id", async () => {
      await stage.press("a product");

      const published = await stage.shown("published");
      const correlationId = property(published, "correlationId");
      assert.match(String(correlationId), /^nodered-/);
      await stage.shown("on its way", (shown) => shown === "GRANTED");
      const answer = await stage.shown("answer");
      assert.equal(property(answer, "correlationId"), correlationId);
      assert.equal(property(answer, "responseStatus"), "SUCCESS");
    });

    it("refuses what REGARDS would drop in silence", async () => {
      await stage.press("a wrong checksum");

      assert.equal(property(await stage.shown("refused"), "code"), "REGARDS_BAD_FIELD");
      assert.deepEqual(stage.regards.droppedRequests, []);
      assert.deepEqual(stage.nodeRed.errors(), []);
    });
  });
}
