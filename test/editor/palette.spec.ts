/** The palette in a real browser: our nodes look right whatever fonts a machine has. */
import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { sharedNodeRed } from "../support/shared-node-red";
import { Editor } from "./editor";
import { browserOrSkip } from "./shared-browser";

/** Node-RED asks for Helvetica Neue; where there is none of its kind, letters are wider by up to a third. */
const FONTS = {
  "the machine's font": undefined,
  "DejaVu Sans, wide as on most Linux": '"DejaVu Sans", Verdana, sans-serif',
  "letters all as wide as an m": "monospace",
} as const;

describe("the palette", function () {
  this.timeout(60_000);
  let browser: Browser;

  before("start Chromium", async function () {
    this.timeout(300_000);
    browser = await browserOrSkip(this);
  });

  for (const version of [5, 4] as const) {
    for (const [title, font] of Object.entries(FONTS)) {
      it(`of Node-RED ${version} has our nodes in a category of their own, each name on one line, in ${title}`, async () => {
        const { url } = await sharedNodeRed(version);
        const editor = await Editor.open(browser, url, {
          locale: "en-US",
          ...(font === undefined ? {} : { font }),
        });
        try {
          const names = editor.page.locator("#red-ui-palette-REGARDS .red-ui-palette-label");
          // Node-RED pads the words with spaces of its own.
          const words = (await names.allTextContents()).map((name) => name.replace(/[^a-z]+/g, " ").trim());
          assert.deepEqual(words, [
            "order in",
            "submit in",
            "worker in",
            "product in",
            "order out",
            "submit out",
            "worker out",
            "ack out",
            "download",
          ]);
          for (const name of await names.all()) {
            assert.ok(((await name.boundingBox())?.height ?? 99) < 30, String(await name.textContent()));
          }
        } finally {
          await editor.close();
        }
      });
    }
  }
});
