/** The dialog of an in-node, everyday: short when it opens, suggesting what came, asking the administrator ready-made. */
import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { REQUEST_KINDS } from "../../src/regards/requests";
import { services } from "../../src/regards/services";
import { ConsumeStage, inNode, probe } from "../consume/stage";
import { sharedNodeRed } from "../support/shared-node-red";
import { needsPrivateBroker } from "../support/shared-rabbitmq";
import type { TestNodeRed } from "../support/test-node-red";
import { Editor } from "./editor";
import { browserOrSkip } from "./shared-browser";

const MOST_ROWS = 7;

/** As the administrator's shell takes it. */
const COMMAND = /^rabbitmqctl set_permissions -p '(.*)' '(.*)' '(.*)' '(.*)' '(.*)'$/m;

describe("the dialog of an in-node", function () {
  this.timeout(60_000);
  let browser: Browser;

  before("start Chromium", async function () {
    this.timeout(300_000);
    needsPrivateBroker(this);
    browser = await browserOrSkip(this);
  });

  for (const version of [5, 4] as const) {
    describe(`in the editor of Node-RED ${version}`, () => {
      let nodeRed: TestNodeRed;
      let stage: ConsumeStage;
      let editor: Editor;

      before(async () => {
        nodeRed = await sharedNodeRed(version);
        stage = await ConsumeStage.set(nodeRed);
        await stage.deploy([
          { ...inNode({ correlationType: "prefix", correlation: "order-" }), x: 300, y: 100 },
          probe("first"),
        ]);
        editor = await Editor.open(browser, nodeRed.url, { locale: "en-US" });
        await editor.show("tab");
      });

      after(async () => {
        await editor?.close();
        await stage?.strike();
      });

      beforeEach("close what an earlier test left open", () => editor.cancel());

      afterEach(() => assert.deepEqual(editor.complaints.splice(0), []));

      it("opens with at most seven rows, the name last, whatever kind of queue it reads", async () => {
        for (const { name } of services) {
          const id = await editor.drop(`regards-${name}-in`);
          await editor.open(id);
          for (const mode of ["own", "existing", "temporary"]) {
            await editor.field("queueMode").selectOption(mode);
            const rows = await editor.dialog
              .locator(".form-row:visible > label")
              .evaluateAll((labels) =>
                labels.map((label) => (label as HTMLLabelElement).htmlFor.replace("node-input-", "")),
              );
            assert.ok(rows.length <= MOST_ROWS, `${name}, ${mode}: ${rows}`);
            assert.equal(rows.at(-1), "name");
          }
          await editor.cancel();
          await editor.remove(id);
        }
      });

      it("suggests the correlation ids and the tenants that came lately", async () => {
        await stage.publish([1, 2]);
        await stage.publish([3], {}, { "regards.tenant": "project2" });
        await stage.untilCounted({ accepted: 3 });
        await editor.openSelected("in");
        await editor.field("correlation").focus();
        const suggested = (list: string): Promise<string[]> =>
          editor.page
            .locator(`${list} option`)
            .evaluateAll((all) => all.map((each) => each.getAttribute("value") ?? ""));
        await editor.page.locator("#regards-seen-ids option").first().waitFor({ state: "attached" });
        assert.deepEqual(await suggested("#regards-seen-ids"), ["order-3", "order-2", "order-1"]);
        await editor.cancel();

        await editor.open("broker", "regards-broker");
        await editor.field("tenant").focus();
        await editor.page.locator("#regards-seen-tenants option").first().waitFor({ state: "attached" });
        assert.deepEqual((await suggested("#regards-seen-tenants")).sort(), ["project1", "project2"]);
      });

      it("suggests nothing to whom it is not shown, and says nothing of it", async () => {
        await editor.page.route(/\/regards\/last-event\//, (route) => route.fulfill({ status: 403 }));
        await editor.openSelected("in");
        const answered = editor.page.waitForResponse(/last-event/);
        await editor.field("correlation").focus();
        await answered;
        assert.equal(await editor.page.locator("#regards-seen-ids option").count(), 0);
        await editor.page.unroute(/\/regards\/last-event\//);
        assert.match(editor.complaints.splice(0).join(), /^[^,]*403[^,]*$/);
      });

      it("checks the queue that the administrator gave while its name is typed", async () => {
        await stage.channel.assertQueue("given", { durable: true });
        await editor.openSelected("in");
        await editor.field("queueMode").selectOption("existing");
        const verdict = editor.dialog.locator("#regards-queue-verdict");
        await editor.field("queue").fill("not.there");
        await verdict.filter({ hasText: /^The queue cannot be read: queue not found\.$/ }).waitFor();
        await editor.dialog.locator("#regards-queue-mark.fa-times").waitFor();

        await editor.field("queue").fill("given");
        await verdict.filter({ hasText: /^The queue is there: 0 waiting, 0 reading\.$/ }).waitFor();
        await editor.dialog.locator("#regards-queue-mark.fa-check").waitFor();

        await editor.field("queueMode").selectOption("own");
        assert.equal(await verdict.textContent(), "");
      });

      for (const queueMode of ["own", "existing", "temporary"] as const) {
        it(`asks the administrator in a sentence and a command, which is enough for a queue of the kind "${queueMode}"`, async () => {
          const { vhost, user, broker } = stage.vhost;
          await stage.channel.assertQueue("given.one", { durable: true });
          const node = { queueMode, queue: queueMode === "existing" ? "given.one" : "", x: 300, y: 200 };
          await editor.import([{ ...inNode({ id: `ask-${queueMode}` }), ...node }]);
          await editor.openSelected(`ask-${queueMode}`);
          await editor.unfold("regards-amqp");
          await editor.dialog.locator("#regards-copy").click();
          const text = await editor.text("#regards-copied");
          const [, at, account, configure = "", write = "", read = ""] =
            COMMAND.exec(text) ?? assert.fail(text);
          assert.equal(at, vhost);
          assert.equal(account, user);
          assert.match(text, new RegExp(`^Please .*“${vhost}”`));

          await broker.console.setPermissions(user, vhost, { configure, write, read });
          try {
            await nodeRed.deploy([
              { id: "tab", type: "tab" },
              stage.broker(),
              { ...inNode({ id: `ask-${queueMode}` }), ...node, wires: [] },
            ]);
            await nodeRed.untilStatus(`ask-${queueMode}`, ({ fill }) => fill === "green");
          } finally {
            await broker.console.setPermissions(user, vhost);
          }
        });
      }

      it("asks for an out-node too, for the exchanges of what it is set to do", async () => {
        for (const { name, eventClasses } of REQUEST_KINDS) {
          await editor.import([
            { id: `out-${name}`, type: `regards-${name}-out`, broker: "broker", x: 300, y: 300 },
          ]);
          await editor.openSelected(`out-${name}`);
          await editor.unfold("regards-amqp");
          await editor.dialog.locator("#regards-copy").click();
          const [, , , configure, write = "", read] =
            COMMAND.exec(await editor.text("#regards-copied")) ?? [];
          assert.deepEqual([configure, read], ["^$", "^$"]);
          const may = eventClasses.map((eventClass) =>
            new RegExp(write).test(`regards.broadcast.${eventClass}`),
          );
          assert.deepEqual(may, name === "order" ? [true, false] : eventClasses.map(() => true), name);
          await editor.cancel();
        }
      });
    });
  }
});
