import assert from "node:assert/strict";
import { once } from "node:events";
import { until } from "../support/until";
import { allShown } from "./debug-sidebar";
import { Example } from "./example";
import { type ExampleStage, playExample } from "./example-stage";

const example = Example.read("01 - Auto-download orders").with("regards-order-in", { retryDelay: 0.1 });

for (const version of [5, 4] as const) {
  describe(`the auto-download example on Node-RED ${version}`, function () {
    this.timeout(60_000);
    let stage: ExampleStage;

    beforeEach(async () => {
      stage = await playExample(example, version);
    });
    afterEach(async () => {
      const { heads } = stage.regards;
      await stage.strike();
      assert.equal(heads, 0, "a HEAD would have cost somebody their files");
    });

    const saved = async (): Promise<string[]> => [...(await stage.downloads()).keys()];
    const shownAsSaved = (): readonly unknown[] =>
      allShown(stage.nodeRed, example.id("debug", "saved")).flatMap((shown) => shown as unknown[]);

    it("saves every file of an order once, and takes the end of the order for a success", async () => {
      const done = once(stage.regards.events, "orderDone");
      await stage.regards.requestOrder({ queries: ["subOrders:4 AND files:2"] });
      const [{ orderId }] = await done;
      // An event may bring what the next one tells of, which then finds nothing left.
      await until(() => shownAsSaved().length === 8, { what: "eight files", timeout: 20_000 });
      await stage.shown("nothing left");

      const names = Array.from({ length: 8 }, (_, index) => `00${index + 1}`);
      assert.deepEqual(
        await saved(),
        names.map((name) => `${orderId}/PRODUCT_${name}_v1/product-${name}.tif`),
      );
      assert.equal(shownAsSaved().length, 8);
      assert.equal(stage.regards.tokensIssued, 1, "the token is kept");
      assert.deepEqual(stage.nodeRed.errors(), []);
    });

    it("saves what a FAILED order still has, and asks for nothing where there is no link", async () => {
      await stage.regards.requestOrder({ queries: ["files:3 AND failing:1"] });
      await stage.shown("nothing left");
      const { length } = stage.regards.transfers;

      await stage.regards.requestOrder({ queries: ["files:1 AND failing:1"] });
      await stage.regards.requestOrder({ queries: ["nothing:1"] });
      await stage.shown("nothing left");
      await stage.shown("nothing left");

      assert.equal((await saved()).length, 2);
      assert.equal(stage.regards.transfers.length, length);
    });

    it("shows why a download failed, and brings the event again", async () => {
      stage.regards.ask({ on: "file", answers: 422 });
      await stage.regards.requestOrder({ queries: ["files:2"] });

      const wrong = await stage.shown("what went wrong");
      await stage.shown("saved");

      assert.match(String(wrong), /product-001\.tif: The storage cannot deliver the file \(HTTP 422\)/);
      assert.equal((await saved()).length, 2);
    });

    it("says so when the login is refused, and does not give up the event at once", async () => {
      const flows = await stage.nodeRed.flows();
      const credentials = { user: stage.regards.user.login, password: "wrong" };
      await stage.nodeRed.deploy(
        flows.map((node) => (node.type === "regards-web" ? { ...node, credentials } : node)),
      );
      await stage.nodeRed.untilStatus(
        example.id("regards-order-in", "order events"),
        ({ code }) => code === "connected",
      );
      await stage.regards.requestOrder({ queries: ["files:1"] });

      for (const attempt of [1, 2, 3]) {
        const wrong = String(await stage.shown("what went wrong"));
        assert.match(wrong, /refused the account john@cnes\.fr or its password/, `attempt ${attempt}`);
      }
      assert.ok(!JSON.stringify(stage.nodeRed.logs).includes('wrong"'));
    });
  });
}
