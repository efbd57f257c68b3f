/** Own queues in the dialog of an in-node: what they are called, and who may read one together. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { sharedNodeRed } from "../support/shared-node-red";
import { Editor } from "./editor";
import { browserOrSkip } from "./shared-browser";

const BROKER = { id: "broker", type: "regards-broker", hosts: "rabbit1, rabbit2:5672", tenant: "project1" };

/** One that leads to the same place, written otherwise. */
const SAME_PLACE = { ...BROKER, id: "same", name: "again", hosts: "rabbit2, rabbit1:5672" };
const OTHER_PLACE = { ...BROKER, id: "other", vhost: "elsewhere" };
const OTHER_TENANT = { ...BROKER, id: "tenant2", tenant: "project2" };

const KIND =
  "Queue name: “first” reads this queue too and is of another kind; each would take the other’s events";
const FILTER =
  "Queue name: “first” reads this queue too, with another filter; each would take the other’s events";
const INSTANCES =
  "Queue name: the instances of this subflow read one queue with different filters; each would take the others’ events";

const FIRST = {
  ...{ id: "first", type: "regards-worker-in", name: "first", broker: "broker", queue: "events" },
  ...{ x: 300, y: 100, wires: [] },
};
const SECOND = { ...FIRST, id: "second", name: "second", y: 200 };

describe("an own queue in the editor", function () {
  this.timeout(60_000);
  let browser: Browser;

  before("start Chromium", async function () {
    this.timeout(300_000);
    browser = await browserOrSkip(this);
  });

  for (const version of [5, 4] as const) {
    describe(`of Node-RED ${version}`, () => {
      let editor: Editor;
      let installation: string;

      before("open the editor", async () => {
        const nodeRed = await sharedNodeRed(version);
        await nodeRed.deploy([]);
        editor = await Editor.open(browser, nodeRed.url, { locale: "en-US" });
        const settings = await readFile(join(nodeRed.userDir, ".config.runtime.json"), "utf8");
        const { instanceId } = JSON.parse(settings);
        installation = createHash("sha256").update(instanceId).digest("hex").slice(0, 8);
      });

      after(() => editor?.close());

      afterEach("nothing went wrong in the page", async () => {
        await editor.cancel();
        await editor.removeAll();
        assert.deepEqual(editor.complaints.splice(0), []);
      });

      const errors = async (id: string): Promise<readonly string[]> => (await editor.state(id)).errors;

      it("is shown by the name that this Node-RED gives it", async () => {
        await editor.import([BROKER, { ...FIRST, queue: "" }]);
        await editor.openSelected("first");
        const own = `nodered.project1.worker.${installation}.first`;
        assert.equal(await editor.text("#regards-queue"), own);
        assert.equal(await editor.text("#regards-dead"), `${own}.dead`);
        assert.equal(await editor.field("queue").getAttribute("placeholder"), "automatic");
      });

      it("is one for each instance of a subflow, and a typed one is the same for all", async () => {
        const instance = { type: "subflow:sub", x: 300, y: 300, wires: [] };
        await editor.import([
          BROKER,
          { id: "sub", type: "subflow", name: "orders", in: [], out: [], env: [] },
          { ...FIRST, z: "sub", queue: "" },
          { ...instance, id: "one" },
        ]);
        await editor.openSelected("first");
        const own = `nodered.project1.worker.${installation}.…`;
        assert.equal(await editor.text("#regards-queue"), `${own}, one for each instance`);
        assert.equal(await editor.text("#regards-dead"), `${own}.dead`);
        await editor.field("queue").fill("events");
        assert.equal(await editor.text("#regards-queue"), "events");
      });

      for (const [title, first, second, expected] of [
        ["may be read by two nodes that want the same", {}, {}, []],
        ["may have a name that is used elsewhere too", {}, { broker: "other" }, []],
        [
          "may be read by a node of another kind that is disabled",
          {},
          { type: "regards-order-in", d: true },
          [],
        ],
        ["is not an existing one of the same name", {}, { owner: "me", queueMode: "existing" }, []],
        ["is refused to a node of another kind", {}, { type: "regards-order-in" }, [KIND]],
        [
          "is refused through another broker node too",
          {},
          { type: "regards-order-in", broker: "same" },
          [KIND],
        ],
        ["is refused to another filter", {}, { correlationType: "prefix", correlation: "mine-" }, [FILTER]],
        ["is refused to another owner", {}, { owner: "me" }, [FILTER]],
        ["is refused to another content type", {}, { contentType: "text" }, [FILTER]],
        ["is refused to another tenant", {}, { broker: "tenant2" }, [FILTER]],
        [
          "may be read by two that take any correlation id, whatever an earlier filter left behind",
          { correlation: "old" },
          { correlation: "older" },
          [],
        ],
      ] as const) {
        it(title, async () => {
          const brokers = [BROKER, SAME_PLACE, OTHER_PLACE, OTHER_TENANT];
          await editor.import([...brokers, { ...FIRST, ...first }, { ...SECOND, ...second }]);
          assert.deepEqual(await errors("second"), expected);
          assert.deepEqual(
            await errors("first"),
            expected.map((sentence) => sentence.replace("first", "second")),
            "the other one says so too",
          );
        });
      }

      it("is refused in the open dialog, and both nodes are right once the name is changed or the other is gone", async () => {
        await editor.import([BROKER, FIRST, { ...SECOND, queue: "" }]);
        await editor.openSelected("second");
        await editor.unfold("regards-filters");
        await editor.fill("owner", "me");
        await editor.fill("queue", "events");
        assert.equal(await editor.objection("queue"), FILTER);
        await editor.done();
        await editor.untilErrors("first", 1);

        await editor.openSelected("second");
        await editor.fill("queue", "mine");
        assert.equal(await editor.objection("queue"), "");
        await editor.done();
        await editor.untilErrors("first", 0);

        await editor.openSelected("second");
        await editor.fill("queue", "events");
        await editor.done();
        await editor.untilErrors("first", 1);
        await editor.remove("second");
        await editor.untilErrors("first", 0);
      });

      it("is refused to instances of a subflow that fill in different filters", async () => {
        const env = ["$", "{PREFIX}"].join("");
        const instance = (id: string, value: string, y: number) => ({
          ...{ id, type: "subflow:sub", env: [{ name: "PREFIX", type: "str", value }], x: 300, y, wires: [] },
        });
        const subflow = {
          ...{ id: "sub", type: "subflow", name: "orders", in: [], out: [] },
          env: [{ name: "PREFIX", type: "str", value: "a-" }],
        };
        const node = { ...FIRST, z: "sub", correlationType: "prefix", correlation: env };
        await editor.import([BROKER, subflow, node, instance("one", "a-", 300), instance("two", "a-", 400)]);
        assert.deepEqual(await errors("first"), []);

        await editor.import([instance("three", "b-", 500)]);
        await editor.openSelected("first");
        await editor.fill("name", "first ");
        assert.equal(await editor.objection("queue"), INSTANCES);
        await editor.fill("queue", "");
        assert.equal(await editor.objection("queue"), "", "each has a queue of its own");
      });
    });
  }
});
