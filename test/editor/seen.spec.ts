/** What the dialog of a running in-node shows of what came, and what a person does with it. */
import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { ConsumeStage, code, DEAD, inNode, probe } from "../consume/stage";
import { sharedNodeRed } from "../support/shared-node-red";
import type { TestNodeRed } from "../support/test-node-red";
import { Editor } from "./editor";
import { browserOrSkip } from "./shared-browser";

const BAD = 'if (msg.payload.orderId > 1) throw new Error("bad " + msg.payload.orderId); return msg;';

describe("the section of an in-node's dialog that shows what came", function () {
  this.timeout(60_000);
  let browser: Browser;

  before("start Chromium", async function () {
    this.timeout(300_000);
    browser = await browserOrSkip(this);
  });

  for (const version of [5, 4] as const) {
    describe(`in the editor of Node-RED ${version}`, () => {
      let nodeRed: TestNodeRed;
      let stage: ConsumeStage;
      let editor: Editor;

      beforeEach(async () => {
        nodeRed = await sharedNodeRed(version);
        stage = await ConsumeStage.set(nodeRed);
        await stage.deploy([
          { ...inNode({ attempts: 1 }), x: 300, y: 100 },
          code("first", BAD, "good"),
          probe("good"),
        ]);
        editor = await Editor.open(browser, nodeRed.url, { locale: "en-US" });
        await editor.show("tab");
      });

      afterEach(async () => {
        await editor?.close();
        await stage?.strike();
      });

      const unfold = async (): Promise<void> => {
        await editor.openSelected("in");
        await editor.dialog.locator("#regards-seen summary").click();
      };
      const until = (selector: string, words: RegExp): Promise<void> =>
        editor.dialog.locator(selector, { hasText: words }).first().waitFor();

      it("makes a filter and a sample of the last event, for Done to keep", async () => {
        await stage.publish([1]);
        await stage.untilCounted({ accepted: 1 });

        await unfold();
        await until("#regards-last", /^GRANTED · .+ · order-1$/);
        await until("#regards-given-up", /^0 \(dead-letter queue\)$/);
        assert.equal(await editor.dialog.locator("#regards-send-all").isVisible(), false);
        await editor.dialog.locator("#regards-use-filter").click();
        await editor.dialog.locator("#regards-use-sample").click();
        await editor.done();

        const { properties } = await editor.state("in");
        assert.deepEqual(
          [properties.correlationType, properties.correlation, properties.sample],
          ["prefix", "order-1", "GRANTED"],
        );
        assert.deepEqual(editor.complaints, []);
      });

      it("says why events were given up, and sends one back, then all", async () => {
        await stage.publish([2, 3, 4]);
        await stage.untilQueue(DEAD, { ready: 3 });
        await stage.redeploy({ first: { func: "return msg;" } });

        await unfold();
        await until("#regards-given-up", /^3 \(dead-letter queue\)$/);
        await until("#regards-letters li", /GRANTED · order-2 · .*bad 2/);
        await editor.dialog.locator("#regards-letters li", { hasText: "order-3" }).locator("button").click();
        await until("#regards-given-up", /^2 \(dead-letter queue\)$/);
        await nodeRed.untilMessages("good", 1);
        await editor.dialog.locator("#regards-send-all").click();
        await until("#regards-given-up", /^0 \(dead-letter queue\)$/);
        await nodeRed.untilMessages("good", 3);

        assert.deepEqual(stage.ids("good"), [3, 2, 4]);
        assert.deepEqual(editor.complaints, []);
      });

      it("says to whom it is not shown what it takes", async () => {
        await editor.page.route(/\/regards\/(?:last-event|dead-letters)\//, (route) =>
          route.fulfill({ status: 403, body: "Forbidden" }),
        );

        await unfold();

        await until("#regards-last", /^You may not see this: it takes the permission regards.read.$/);
        await until("#regards-given-up", /regards.read/);
      });

      it("says of a node that was never deployed that it has to be", async () => {
        await editor.import([{ ...inNode({ id: "fresh" }), x: 300, y: 200 }]);
        await editor.openSelected("fresh");
        await editor.dialog.locator("#regards-seen summary").click();

        await until("#regards-last", /^Deploy this node first.$/);
        assert.equal(await editor.dialog.locator("#regards-given-up").isVisible(), false);
        assert.deepEqual(editor.complaints, []);
      });
    });
  }
});
