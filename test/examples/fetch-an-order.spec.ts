import assert from "node:assert/strict";
import { once } from "node:events";
import { Example } from "./example";
import { type ExampleStage, playExample } from "./example-stage";

for (const version of [5, 4] as const) {
  describe(`the example that fetches an order by its id, on Node-RED ${version}`, function () {
    this.timeout(60_000);
    let stage: ExampleStage;
    afterEach(() => stage.strike());

    it("moves on with each file, once, and says what failed", async () => {
      const example = Example.read("09 - Fetch an order by its id");
      stage = await playExample(example, version);
      await stage.press("an order");
      const failed = await stage.shown("failed");
      assert.match(JSON.stringify(failed), /REGARDS_GONE/);

      const ready = once(stage.regards.events, "orderDone");
      await stage.regards.requestOrder({ queries: ["files:2"] });
      const [{ orderId }] = await ready;
      const button = { [example.id("inject", "an order")]: { payload: JSON.stringify({ orderId }) } };
      await stage.nodeRed.redeploy(button);
      await stage.press("an order");
      await stage.shown("done with");
      await stage.shown("done with");
      await stage.press("an order");
      await stage.shown("nothing left");

      const index = (await stage.downloads()).get("index.csv")?.toString("utf8").trim().split("\n") ?? [];
      assert.equal(index.length, 2);
      for (const line of index) assert.match(line, /\/product-00[12]\.tif,4096,[0-9a-f]{32}$/);
      assert.deepEqual(stage.nodeRed.errors(), []);
    });
  });
}
