/** What stands under a node is said in the language of whoever looks, not in that of the machine it runs on. */
import type { Browser } from "playwright-core";
import { sharedNodeRed } from "../support/shared-node-red";
import { Editor } from "./editor";
import { browserOrSkip } from "./shared-browser";

describe("a status in the editor", function () {
  this.timeout(60_000);
  let browser: Browser;

  before("start Chromium", async function () {
    this.timeout(300_000);
    browser = await browserOrSkip(this);
  });

  for (const version of [5, 4] as const) {
    for (const [locale, words] of [
      ["fr-FR", "non configuré"],
      ["en-US", "not configured"],
    ] as const) {
      it(`is "${words}" to a ${locale} browser, of a Node-RED ${version} that speaks English`, async () => {
        const nodeRed = await sharedNodeRed(version);
        await nodeRed.deploy([
          { id: "tab", type: "tab" },
          { id: "in", type: "regards-order-in", z: "tab", broker: "", wires: [[], [], [], [], [], []] },
        ]);
        const editor = await Editor.open(browser, String(nodeRed.url), { locale });
        try {
          await editor.page.getByText(words, { exact: true }).first().waitFor();
        } finally {
          await editor.close();
          await nodeRed.deploy([]);
        }
      });
    }
  }
});
