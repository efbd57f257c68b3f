/** What a flow author does in the dialogs, in a real browser: values chosen, kept, deployed and reached. */
import assert from "node:assert/strict";
import { type Stage, setStage } from "../simulator/stage";
import { EACH_ONCE, type Editor } from "./editor";
import { withEditor } from "./shared-editor";

const BROKER = { id: "broker", type: "regards-broker", hosts: "rabbit.example.org", tenant: "project1" };

describe("a dialog in use", function () {
  this.timeout(60_000);

  for (const [version, locale] of EACH_ONCE) {
    describe(`of Node-RED ${version} in ${locale}`, () => {
      let editor: Editor;
      let stage: Stage | undefined;

      withEditor(version, locale, (opened) => {
        editor = opened;
      });

      after(() => stage?.strike());

      it("shows the exchange, the queue and the permission as the dialog stands", async () => {
        const node = { type: "regards-submission-in", x: 300, y: 300, wires: [] };
        await editor.import([
          { ...BROKER, id: "b2" },
          { ...node, id: "named", broker: "b2" },
        ]);
        await editor.open("named");
        const shown = async (): Promise<string[]> =>
          Promise.all(["exchange", "queue", "dead"].map((part) => editor.text(`#regards-${part}`)));
        const exchange =
          "regards.broadcast.fr.cnes.regards.modules.ltamanager.amqp.output.SubmissionResponseDtoEvent";

        const [, own = ""] = await shown();
        assert.match(own, /^nodered\.project1\.submission\.[0-9a-f]{8}\.named$/);
        assert.deepEqual(await shown(), [exchange, own, `${own}.dead`]);

        await editor.field("queue").fill("archive");
        assert.deepEqual(await shown(), [exchange, "archive", "archive.dead"]);

        await editor.field("queueMode").selectOption("temporary");
        assert.deepEqual((await shown()).slice(0, 2), [exchange, `${own}.…`]);
        assert.equal(await editor.field("queue").isVisible(), false);

        const hint = editor.dialog.locator(".regards-row-existing");
        await hint.evaluate((element) => element.closest("details")?.setAttribute("open", ""));
        assert.equal(await hint.isVisible(), false);
        await editor.field("queueMode").selectOption("existing");
        assert.deepEqual((await shown()).slice(0, 2), [exchange, "archive"]);
        assert.equal(await hint.isVisible(), true, "what waiting for the next attempt means there");
        await editor.done();
      });

      it("gives an in-node an input while it settles by hand, and keeps that when it is opened again", async () => {
        const node = { id: "hand", type: "regards-worker-in", broker: "b3", x: 300, y: 500, wires: [] };
        await editor.import([{ ...BROKER, id: "b3" }, node]);
        assert.equal((await editor.state("hand")).inputs, 0);

        await editor.open("hand");
        await editor.field("settle").selectOption("manual");
        await editor.done();
        assert.equal((await editor.state("hand")).inputs, 1);
        assert.equal(await editor.page.locator('[id="hand"] .red-ui-flow-port-input').count(), 1);

        await editor.open("hand");
        assert.equal(await editor.field("settle").inputValue(), "manual");
        await editor.field("settle").selectOption("handed");
        await editor.done();
        assert.equal((await editor.state("hand")).inputs, 0);
      });

      it("gives an imported in-node that settles by hand its input, whatever the flow file left out", async () => {
        const node = {
          type: "regards-order-in",
          broker: "b4",
          settle: "manual",
          x: 300,
          y: 600,
          wires: [],
        };
        await editor.import([
          { ...BROKER, id: "b4" },
          { ...node, id: "imported" },
        ]);

        assert.equal((await editor.state("imported")).inputs, 1);
      });

      it("connects once host, user and password are typed in and deployed, and exports no password", async () => {
        stage = await setStage();
        const { vhost } = stage;
        await editor.import([
          { id: "typed", type: "regards-broker", name: "by hand" },
          { id: "live", type: "regards-order-in", broker: "typed", x: 600, y: 500, wires: [] },
        ]);

        await editor.open("typed", "regards-broker");
        await editor.fill("hosts", `${vhost.host}:${vhost.port}`);
        await editor.fill("user", vhost.user);
        await editor.fill("password", vhost.password);
        await editor.showTab(2);
        await editor.fill("vhost", vhost.vhost);
        await editor.done();
        await editor.deploy();

        await editor.untilStatus("live", locale === "fr-FR" ? /connect/ : /^connected$/);
        assert.ok(!JSON.stringify(await editor.exported()).includes(vhost.password));
      });

      it("reaches every field of a dialog with the Tab key alone", async () => {
        const node = { id: "keys", type: "regards-worker-in", broker: "b5", x: 600, y: 100, wires: [] };
        await editor.import([{ ...BROKER, id: "b5" }, node]);
        await editor.open("keys");
        await editor.field("broker").focus();
        const reached = new Set<string>();
        for (let presses = 0; presses < 60; presses++) {
          await editor.page.keyboard.press("Tab");
          const focused = await editor.page.evaluate(() => {
            const element = document.activeElement;
            const row = element?.closest(".form-row")?.querySelector("label")?.htmlFor;
            const fold = element?.tagName === "SUMMARY" ? element.parentElement?.id : undefined;
            return fold ?? row?.replace(/^node-input-/, "") ?? "";
          });
          // What came is asked of the broker, which is not there.
          if (focused.startsWith("regards-") && focused !== "regards-seen" && !reached.has(focused)) {
            await editor.page.keyboard.press("Enter");
          }
          reached.add(focused);
        }
        await editor.done();

        const expected = ["queueMode", "queue", "correlation", "settle", "sample", "name"];
        const folded = [
          ...["regards-filters", "owner", "contentType", "regards-amqp", "queueType"],
          ...["regards-advanced", "maxInFlight", "attempts", "retryDelay", "deadline", "notWaitedFor"],
        ];
        assert.deepEqual(
          [...expected, ...folded].filter((field) => !reached.has(field)),
          [],
        );
      });
    });
  }
});
