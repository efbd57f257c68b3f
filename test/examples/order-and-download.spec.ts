import assert from "node:assert/strict";
import { property } from "./debug-sidebar";
import { Example } from "./example";
import { type ExampleStage, playExample } from "./example-stage";

for (const version of [5, 4] as const) {
  describe(`the example that orders and downloads, on Node-RED ${version}`, function () {
    this.timeout(60_000);
    let stage: ExampleStage;

    before(async () => {
      stage = await playExample(Example.read("08 - Order and download"), version);
    });
    after(() => stage.strike());

    it("orders, and finds the answers under the same correlation id", async () => {
      await stage.press("a product");

      const published = await stage.shown("published");
      const correlationId = property(published, "correlationId");
      assert.match(String(correlationId), /^nodered-/);
      await stage.shown("on its way", (shown) => shown === "GRANTED");
      const answer = await stage.shown("answer");
      assert.equal(property(answer, "correlationId"), correlationId);
      assert.equal(property(answer, "status"), "DONE");
      const saved = await stage.shown("saved");
      assert.equal((saved as unknown[]).length, (await stage.downloads()).size);
    });

    it("refuses a blank product before anything is published", async () => {
      await stage.press("a blank one");

      assert.equal(property(await stage.shown("refused"), "code"), "REGARDS_BAD_FIELD");
      assert.deepEqual(stage.regards.droppedRequests, []);
      assert.deepEqual(stage.nodeRed.errors(), []);
    });
  });
}
