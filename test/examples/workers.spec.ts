import assert from "node:assert/strict";
import { PIXEL } from "../simulator/worker-types";
import { Example } from "./example";
import { type ExampleStage, playExample } from "./example-stage";

for (const version of [5, 4] as const) {
  describe(`the example of worker results, on Node-RED ${version}`, function () {
    this.timeout(60_000);
    let stage: ExampleStage;

    before(async () => {
      stage = await playExample(Example.read("03 - Worker results"), version);
    });
    after(() => stage.strike());

    it("shows a JSON result as an object", async () => {
      await stage.regards.requestWork({ contentType: "count-bytes", body: {} });

      assert.deepEqual(await stage.shown("JSON"), { bytes: 2, md5: "99914b932bd37a50b983c5e7c90ae93b" });
    });

    it("shows a text result as text", async () => {
      await stage.regards.requestWork({ contentType: "describe", body: {} });

      assert.equal(await stage.shown("text"), "a request of 2 bytes, reçue");
    });

    it("saves any other result under a name no path can hide in", async () => {
      await stage.regards.requestWork({ contentType: "thumbnail", requestId: "../../etc/a b" });

      const file = await stage.shown("file");

      const files = await stage.downloads();
      assert.deepEqual([...files.keys()], ["result_______etc_a_b"]);
      assert.ok(String(file).endsWith("/result_______etc_a_b"));
      assert.ok(files.get("result_______etc_a_b")?.equals(PIXEL));
    });

    it("shows that a request is on its way, delayed or granted", async () => {
      await stage.regards.requestWork({ contentType: "rare" });

      await stage.shown("on its way", (shown) => shown === "DELAYED");
      await stage.shown("on its way", (shown) => shown === "GRANTED");
    });

    it("says why there is no result", async () => {
      await stage.regards.requestWork({ contentType: "picky" });
      await stage.regards.requestWork({ contentType: "fragile" });
      await stage.regards.requestWork({ contentType: "ignored" });

      for (const reason of [/is not valid/, /Error during processing/, /automatically skipped/]) {
        await stage.shown("no result", (shown) => reason.test(String(shown)));
      }
    });

    it("fails nowhere on the way", () => {
      assert.deepEqual(stage.nodeRed.errors(), []);
    });
  });
}
