/** The dialogs in a real browser, on both Node-REDs and in both languages: what a flow author sees and is told. */
import assert from "node:assert/strict";
import { CONFIG_TYPES, TYPES } from "../package/sources";
import type { Editor } from "./editor";
import { flaws } from "./flaws";
import { withEditor } from "./shared-editor";

const NODES = TYPES.filter((type) => !CONFIG_TYPES.includes(type));

const BROKER = { id: "broker", type: "regards-broker", hosts: "rabbit.example.org", tenant: "project1" };

/** Fields that stick out of the dialog, and words that do not stand out from what is behind them (WCAG: 4.5 to 1). */
async function illegible(editor: Editor): Promise<string[]> {
  return editor.dialog.evaluate((form) => {
    const channels = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = ([red = 0, green = 0, blue = 0]: number[]): number => {
      const linear = [red, green, blue].map((value) =>
        value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
    };
    const behind = (element: Element | null): number[] => {
      const found = element === null ? [255, 255, 255] : channels(getComputedStyle(element).backgroundColor);
      return element !== null && found[3] === 0 ? behind(element.parentElement) : found;
    };
    const { right } = form.getBoundingClientRect();
    const found: string[] = [];
    for (const element of form.querySelectorAll<HTMLElement>("*")) {
      if (element.offsetParent === null || !element.checkVisibility({ visibilityProperty: true })) {
        continue;
      }
      if (element.getBoundingClientRect().right > right + 1) {
        found.push(`sticks out: ${element.tagName} ${element.id}`);
      }
      const text = [...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE);
      const words = text.map(({ textContent }) => textContent?.trim() ?? "").join("");
      if (words !== "") {
        const [one, other] = [channels(getComputedStyle(element).color), behind(element)].map(luminance);
        const [low = 0, high = 0] = [one ?? 0, other ?? 0].sort((a, b) => a - b);
        const contrast = (high + 0.05) / (low + 0.05);
        if (contrast < 4.5) {
          found.push(`${contrast.toFixed(1)} to 1: ${words.slice(0, 40)}`);
        }
      }
    }
    return found;
  });
}

describe("the editor", function () {
  this.timeout(60_000);

  for (const version of [5, 4] as const) {
    for (const locale of ["en-US", "fr-FR"] as const) {
      describe(`of Node-RED ${version} in ${locale}`, () => {
        let editor: Editor;

        withEditor(version, locale, (opened) => {
          editor = opened;
        });

        for (const type of NODES) {
          it(`lets ${type} be dropped and opened, every label on one line and translated`, async () => {
            const id = await editor.drop(type);

            await editor.open(id);
            const found = await flaws(editor);
            await editor.done();

            assert.deepEqual(found, []);
            const { valid, errors } = await editor.state(id);
            assert.equal(valid, false);
            const missing = type === "regards-download" ? /REGARDS web|Web REGARDS/ : /Broker/;
            assert.match(errors.join("; "), missing, "a node without its config node says so");
          });
        }

        it("shows the web node's dialog with its labels on one line and translated", async () => {
          await editor.import([{ id: "web-side", type: "regards-web", tenant: "project1" }]);
          await editor.open("web-side", "regards-web");

          assert.deepEqual(await flaws(editor), []);
        });

        it("shows every tab of the broker's dialog with its labels on one line and translated", async () => {
          await editor.import([{ ...BROKER, id: "tabs" }]);
          await editor.open("tabs", "regards-broker");

          for (const tab of await editor.page.locator("#regards-broker-tabs a").all()) {
            await tab.click();
            assert.deepEqual(await flaws(editor), []);
          }

          await editor.done();
          const { valid, properties } = await editor.state("tabs");
          assert.equal(valid, true);
          assert.equal(properties.vhost, "regards.multitenant.manager");
        });

        it("has help for every node in the language of the editor", async () => {
          for (const type of [...NODES, ...CONFIG_TYPES]) {
            const help = await editor.help(type);
            assert.match(help, locale === "fr-FR" ? /Réglages/ : /Settings/, type);
          }
        });

        it("can be read at 200 % on a full-HD screen, in the light and the dark theme", async () => {
          await editor.import([
            { ...BROKER, id: "read-broker" },
            { id: "read-in", type: "regards-worker-in", broker: "read-broker", x: 700, y: 100, wires: [] },
            { id: "read-out", type: "regards-ack-out", broker: "read-broker", x: 700, y: 200, wires: [] },
          ]);
          await editor.page.setViewportSize({ width: 960, height: 540 });
          const assertLegible = async (what: string): Promise<void> => {
            for (const theme of ["dark", "light"] as const) {
              await editor.dress(theme);
              assert.deepEqual([...(await flaws(editor)), ...(await illegible(editor))], [], what);
            }
          };

          for (const id of ["read-in", "read-out"]) {
            await editor.openSelected(id);
            await assertLegible(id);
            await editor.cancel();
          }
          await editor.open("read-broker", "regards-broker");
          for (const tab of [0, 1, 2]) {
            await editor.showTab(tab);
            await assertLegible(`tab ${tab}`);
          }
        });
      });
    }
  }
});
