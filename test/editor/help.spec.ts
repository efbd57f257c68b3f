/** The help of each node in a narrow sidebar: two screens of it at most, and nothing that sticks out. */
import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { TYPES } from "../package/sources";
import { sharedNodeRed } from "../support/shared-node-red";
import { Editor } from "./editor";
import { browserOrSkip } from "./shared-browser";

const WIDTH = 286;
const TWO_SCREENS = 2 * 800;

describe("the help in the sidebar", function () {
  this.timeout(60_000);
  let browser: Browser;

  before("start Chromium", async function () {
    this.timeout(300_000);
    browser = await browserOrSkip(this);
  });

  for (const version of [5, 4] as const) {
    for (const locale of ["en-US", "fr-FR"] as const) {
      it(`of Node-RED ${version} in ${locale} fits two screens of a column of ${WIDTH} px, and is not scrolled sideways`, async () => {
        const nodeRed = await sharedNodeRed(version);
        await nodeRed.deploy([]);
        const editor = await Editor.open(browser, nodeRed.url, { locale });
        try {
          for (const type of TYPES) {
            await editor.help(type);
            const { height, sticksOut } = await editor.measureHelp(WIDTH);
            assert.ok(height <= TWO_SCREENS, `${type} is ${height} px high`);
            assert.deepEqual(sticksOut, [], type);
          }
          assert.deepEqual(editor.complaints, []);
        } finally {
          await editor.close();
        }
      });
    }

    it(`of Node-RED ${version} leads from a node to the table of statuses`, async () => {
      const nodeRed = await sharedNodeRed(version);
      await nodeRed.deploy([]);
      const editor = await Editor.open(browser, nodeRed.url, { locale: "en-US" });
      try {
        await editor.help("regards-order-in");
        await editor.page.locator(".red-ui-help a", { hasText: "what each status means" }).click();
        await editor.page
          .locator(".red-ui-help .regards-statuses td", { hasText: /^login refused/ })
          .waitFor();
      } finally {
        await editor.close();
      }
    });
  }
});
