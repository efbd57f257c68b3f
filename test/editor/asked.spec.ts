/** What an out-node is to remember, and which answers an in-node keeps, typed into the dialogs in a real browser. */
import assert from "node:assert/strict";
import { EACH_ONCE, type Editor } from "./editor";
import { flaws } from "./flaws";
import { withEditor } from "./shared-editor";

/** Places in the menus of types. */
const MSG = 1;
const MINE = 1;

/** What is typed, by the property it goes to; a list where it is named by a property of the message. */
const ASKED = { correlationId: ["ticket.id"], remember: ["ticket"], noAnswerAfter: "90.5", store: "disk" };
const OUT_NODES = {
  "regards-order-out": { ...ASKED, user: ["who"], dataTypes: "RAWDATA", fileNames: ".*", sizeLimit: "5000" },
  "regards-submission-out": { ...ASKED, owner: ["who"], session: "today", appId: "my client" },
  "regards-worker-out": { ...ASKED, owner: "me", session: ["day"], contentType: "count-bytes" },
} as const;

describe("what is to be remembered, in the editor", function () {
  this.timeout(60_000);

  for (const [version, locale] of EACH_ONCE) {
    describe(`of Node-RED ${version} in ${locale}`, () => {
      let editor: Editor;

      withEditor(version, locale, (opened) => {
        editor = opened;
      });

      before("draw every node in it", async () => {
        const broker = { id: "broker", type: "regards-broker", hosts: "rabbit.example.org", tenant: "p" };
        const types = [...Object.keys(OUT_NODES), "regards-order-in"];
        await editor.import([
          broker,
          ...types.map((type, row) => ({
            ...{ id: type, type, broker: "broker", x: 300, y: 100 + 80 * row, wires: [] },
          })),
        ]);
      });

      for (const [type, fields] of Object.entries(OUT_NODES)) {
        const stored = Object.fromEntries(
          Object.entries(fields).flatMap(([property, value]) =>
            typeof value === "string"
              ? [[property, value]]
              : [
                  [property, value[0]],
                  [`${property}Type`, "msg"],
                ],
          ),
        );

        it(`is typed into ${type}, saved, and there again when it is opened again`, async () => {
          await editor.open(type);
          await unfold();
          for (const [property, value] of Object.entries(fields)) {
            if (typeof value === "string") {
              await editor.fill(property, value);
            } else {
              await editor.chooseType(property, MSG);
              await editor.fill(property, value[0]);
            }
          }
          assert.deepEqual(await flaws(editor), []);
          await editor.done();
          const { valid, errors, properties } = await editor.state(type);
          assert.deepEqual([valid, errors], [true, []]);
          assert.deepEqual(chosen(properties, stored), stored);

          await editor.open(type);
          const shown = editor.dialog.locator("#regards-advanced");
          assert.equal(await shown.getAttribute("open"), "", "what differs from the defaults is unfolded");
          for (const [property, value] of Object.entries(stored)) {
            assert.equal(await editor.dialog.locator(`#node-input-${property}`).inputValue(), value);
          }
          await editor.done();
          assert.deepEqual(chosen((await editor.state(type)).properties, stored), stored);
        });
      }

      it("leaves the answers to what was asked through this broker to an in-node, when it is opened again too", async () => {
        const type = "regards-order-in";
        await editor.open(type);
        await editor.chooseType("correlation", MINE);
        assert.deepEqual(await flaws(editor), []);
        await editor.done();
        assert.equal((await editor.state(type)).properties.correlationType, "mine");

        await editor.open(type);
        assert.equal(await editor.dialog.locator("#node-input-correlationType").inputValue(), "mine");
        await editor.done();

        const { valid, properties } = await editor.state(type);
        assert.deepEqual([valid, properties.correlationType], [true, "mine"]);
      });

      function unfold(): Promise<void> {
        return editor.dialog.locator("#regards-advanced").evaluate((fold) => {
          fold.setAttribute("open", "");
        });
      }
    });
  }
});

/** Of all properties those that were typed, as the texts that a form holds. */
function chosen(properties: Readonly<Record<string, unknown>>, typed: object): object {
  return Object.fromEntries(Object.keys(typed).map((property) => [property, String(properties[property])]));
}
