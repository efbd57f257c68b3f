import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { MISNAMED } from "../simulator/downloads";
import type { FlowNode } from "../support/test-node-red";
import { allShown } from "./debug-sidebar";
import { Example } from "./example";
import { type ExampleStage, playExample } from "./example-stage";
import { filesInZip } from "./zip-check";

const example = Example.read("1 - Auto-download orders").with("regards-order-in", { retryDelay: 0.1 });

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

    const saved = async (): Promise<string[]> => {
      const zips = await stage.downloads();
      return [...zips.values()].flatMap((zip) => [...filesInZip(zip).keys()]).sort();
    };
    const isNothingLeft = (shown: unknown): boolean => JSON.stringify(shown).includes("nothing was left");

    it("saves every file of an order once, and takes the 204 at its end for a success", async () => {
      const done = once(stage.regards.events, "orderDone");
      await stage.regards.requestOrder({ queries: ["subOrders:4 AND files:2"] });
      const [{ orderId }] = await done;

      // One for each of the four sub-orders, one for DONE.
      const told = await stage.nodeRed.untilMessages(example.id("debug", "downloaded"), 5);

      assert.deepEqual(
        await saved(),
        Array.from({ length: 8 }, (_, index) => `product-00${index + 1}.tif`),
      );
      const names = [...(await stage.downloads()).keys()];
      for (const name of names) assert.match(name, new RegExp(`^order_${orderId}_\\d{17}\\.zip$`));
      const fetched = allShown(stage.nodeRed, example.id("debug", "downloaded")).filter(
        (shown) => !isNothingLeft(shown),
      );
      assert.equal(told.length, 5);
      assert.equal(names.length, fetched.length, "there is a file for every download and none for a 204");
      assert.equal(stage.regards.tokensIssued, 1, "the token is kept");
      assert.deepEqual(stage.nodeRed.errors(), []);
    });

    it("saves what a FAILED order still has, and asks for nothing where there is no link", async () => {
      const failed = once(stage.regards.events, "orderFailed");
      await stage.regards.requestOrder({ queries: ["files:3 AND failing:1"] });
      await failed;
      await stage.shown("downloaded", isNothingLeft);
      const asked = stage.regards.downloadRequests;

      await stage.regards.requestOrder({ queries: ["files:1 AND failing:1"] });
      await stage.regards.requestOrder({ queries: ["nothing:1"] });
      await stage.shown("nothing to fetch");
      await stage.shown("nothing to fetch");

      assert.deepEqual(await saved(), ["product-001.tif", "product-002.tif"]);
      assert.equal(stage.regards.downloadRequests, asked);
    });

    it("writes no file for an order whose filters matched nothing", async () => {
      await stage.regards.requestOrder({ filters: { filenameRegExp: "no-such-file" } });

      await stage.shown("downloaded", isNothingLeft);

      assert.deepEqual(await saved(), []);
      assert.equal(stage.regards.downloadRequests, 1);
    });

    it("downloads an order's files one ZIP at a time, so that none comes twice", async () => {
      stage.regards.disturb("slow", "slow");
      for (const user of ["john@cnes.fr", "jane@cnes.fr"]) {
        await stage.regards.requestOrder({ user, queries: ["subOrders:2 AND files:3"] });
      }

      // For each order, one for each sub-order and one for DONE.
      await stage.nodeRed.untilMessages(example.id("debug", "downloaded"), 6);

      const files = await saved();
      assert.equal(files.length, 12);
      for (const name of new Set(files)) assert.equal(files.filter((file) => file === name).length, 2);
    });

    it("asks for another token when the one it has is refused", async () => {
      await stage.regards.requestOrder({ queries: ["files:1"] });
      await stage.shown("downloaded", isNothingLeft);
      stage.regards.expireTokens();

      await stage.regards.requestOrder({ queries: ["files:1"] });
      await stage.shown("downloaded", isNothingLeft);

      assert.equal((await stage.downloads()).size, 2);
      assert.equal(stage.regards.tokensIssued, 2);
      assert.deepEqual(stage.nodeRed.errors(), []);
    });

    for (const disturbance of ["failing", "truncated"] as const) {
      it(`tells of a ${disturbance} download, and fetches the files at the next attempt`, async () => {
        stage.regards.disturb(disturbance);
        const downloaded = once(stage.regards.events, "downloaded");
        await stage.regards.requestOrder({ queries: ["files:2"] });

        const wrong = await stage.shown("what went wrong");
        await downloaded;
        await stage.shown("downloaded", (shown) => !isNothingLeft(shown));

        assert.match(
          String(wrong),
          disturbance === "failing" ? /HTTP 500/ : /aborted|hang up|ECONNRESET|incomplete/,
        );
        assert.deepEqual(await saved(), ["product-001.tif", "product-002.tif"]);
      });
    }

    it("warns when REGARDS could not put every file into the ZIP", async () => {
      stage.regards.disturb("notice");
      await stage.regards.requestOrder({ queries: ["files:2"] });

      const { msg } = await stage.nodeRed.untilLog(
        ({ level, msg }) => level === "warn" && /NOTICE/.test(msg),
      );

      assert.match(msg, /a file is missing, NOTICE\.txt in the ZIP says why/);
      await stage.shown("downloaded", isNothingLeft);
      assert.deepEqual(await saved(), ["NOTICE.txt", "product-002.tif"]);
    });

    it("writes into its own folder only, whatever name the answer gives the file", async () => {
      stage.regards.disturb("misnamed");
      const done = once(stage.regards.events, "orderDone");
      await stage.regards.requestOrder({ queries: ["files:1"] });
      const [{ orderId }] = await done;
      await stage.shown("downloaded", (shown) => !isNothingLeft(shown));

      const names = [...(await stage.downloads()).keys()];
      assert.equal(names.length, 1);
      assert.match(String(names[0]), new RegExp(`^order_${orderId}_\\d{17}\\.zip$`));
      assert.ok(!existsSync(join(stage.folder, "..", MISNAMED)));
    });

    it("shows no password and no token, neither in the log nor in the sidebar", async () => {
      stage.regards.disturb("failing");
      await stage.regards.requestOrder({ queries: ["files:1"] });
      await stage.shown("what went wrong");
      await stage.shown("downloaded", isNothingLeft);

      const everything = JSON.stringify([
        stage.nodeRed.logs,
        ...example.ofType("debug").map(({ id }) => stage.nodeRed.messages(id)),
      ]);
      assert.doesNotMatch(everything, /Bearer|Basic /);
      assert.ok(!everything.includes(stage.regards.user.password));
    });

    it("says so when the login is refused, and does not give up the event", async () => {
      await stage.nodeRed.deploy(withWrongPassword(await stage.nodeRed.flows()));
      await stage.nodeRed.untilStatus(
        example.id("regards-order-in", "order events"),
        ({ code }) => code === "connected",
      );

      await stage.regards.requestOrder({ queries: ["files:1"] });

      for (const attempt of [1, 2, 3]) {
        const wrong = await stage.shown("what went wrong");
        assert.equal(wrong, "Error: REGARDS refused the login (HTTP 400)", `attempt ${attempt}`);
      }
    });
  });
}

function withWrongPassword(flows: readonly FlowNode[]): readonly FlowNode[] {
  return flows.map((node) => {
    if (!Array.isArray(node.env)) return node;
    const env = node.env.map((item: { name: string }) =>
      item.name === "REGARDS_WEB_PASSWORD" ? { ...item, value: "wrong" } : item,
    );
    return { ...node, env };
  });
}
