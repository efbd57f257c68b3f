import assert from "node:assert/strict";
import { property } from "./debug-sidebar";
import { Example } from "./example";
import { type ExampleStage, playExample } from "./example-stage";

for (const version of [5, 4] as const) {
  describe(`the example that follows submissions, on Node-RED ${version}`, function () {
    this.timeout(60_000);
    let stage: ExampleStage;

    beforeEach(async () => {
      stage = await playExample(Example.read("02 - Follow submissions"), version);
    });
    afterEach(() => stage.strike());

    const isAnswer = (product: string, status: string) => (shown: unknown) =>
      JSON.stringify(shown) === JSON.stringify({ product, status });

    it("shows both answers to a product and lists it as archived", async () => {
      await stage.regards.submit({ productId: "p1" });
      await stage.shown("answers", isAnswer("p1", "GRANTED"));
      await stage.shown("answers", isAnswer("p1", "SUCCESS"));

      await stage.press("show the list");

      assert.deepEqual(await stage.shown("the list"), { open: [], archived: 1, failed: 0 });
    });

    it("says why a product was not archived", async () => {
      await stage.regards.submit({ productId: "p2", url: "http://nowhere.invalid/p2.tif" });
      await stage.regards.submit({ productId: "p3", datatype: "X" });

      const error = await stage.shown("not archived", (shown) => String(shown).startsWith("ERROR"));
      const denied = await stage.shown("not archived", (shown) => String(shown).startsWith("DENIED"));

      assert.match(
        String(error),
        /^ERROR: product p2 was not archived\. Unable to access file http:\/\/nowhere/,
      );
      assert.match(String(denied), /^DENIED: product p3 was not archived\. The datatype "X" was not found/);
    });

    it("does not reopen a product when its GRANTED comes last", async () => {
      const event = { correlationId: "late", productId: "p4" };
      await stage.regards.publish("submission", { ...event, responseStatus: "SUCCESS" });
      await stage.regards.publish("submission", { ...event, responseStatus: "GRANTED" });
      await stage.shown("answers", isAnswer("p4", "GRANTED"));

      await stage.press("show the list");

      assert.deepEqual(await stage.shown("the list"), { open: [], archived: 1, failed: 0 });
    });

    it("shows what it does not understand", async () => {
      await stage.regards.publish("submission", { correlationId: "c", responseStatus: "NEW" });

      const error = await stage.shown("not understood");

      assert.equal(property(error, "code"), "REGARDS_UNKNOWN_STATUS");
    });
  });
}
