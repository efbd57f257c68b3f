/** The form that the in-nodes share comes from a plugin: their dialogs are whole however late that plugin is. */
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { services } from "../../src/regards/services";
import { manifest } from "../package/sources";
import { sharedNodeRed } from "../support/shared-node-red";
import { Editor } from "./editor";
import { browserOrSkip } from "./shared-browser";

/** jQuery, which runs the scripts of what it puts into a page; Node-RED does the same with a plugin. */
declare const $: (selector: string) => { append(html: string): void };

/** How long the plugins are kept back: the nodes come within it if they do not wait. */
const KEPT_BACK_MS = 2_000;

const FIELDS = ["broker", "queueMode", "queue", "settle", "sample", "name"];

/** The two requests of the loading editor that bring html: for every plugin at once, and for every node. */
const isHtml = (what: "plugins" | "nodes") => (url: string, headers: Record<string, string>) =>
  new URL(url).pathname === `/${what}` && headers.accept === "text/html";

/** Opens the dialog of each in-node, fresh from the palette. */
async function assertWholeForms(editor: Editor): Promise<void> {
  for (const { name, eventClass, exchange } of services) {
    const id = await editor.drop(`regards-${name}-in`);
    await editor.open(id);
    for (const property of FIELDS) {
      assert.equal(await editor.field(property).isVisible(), true, `${name}: ${property}`);
    }
    assert.equal(await editor.dialog.locator("[data-rows]").count(), 0);
    assert.equal(await editor.field("maxInFlight").inputValue(), "10");
    if (exchange === "of its class") {
      assert.equal(await editor.text("#regards-exchange"), `regards.broadcast.${eventClass}`);
    }
    await editor.cancel();
    await editor.remove(id);
  }
  assert.deepEqual(editor.complaints, []);
}

describe("the form that the in-nodes share", function () {
  this.timeout(60_000);
  let browser: Browser;
  let editor: Editor | undefined;

  before("start Chromium", async function () {
    this.timeout(300_000);
    browser = await browserOrSkip(this);
  });

  afterEach("close the editor", async () => {
    await editor?.close();
    editor = undefined;
  });

  for (const version of [5, 4] as const) {
    it(`is there before the first node of Node-RED ${version} asks for it, on a slow network too`, async () => {
      const nodeRed = await sharedNodeRed(version);
      await nodeRed.deploy([]);
      const order: string[] = [];

      const keepPluginsBack = async (page: Page): Promise<void> => {
        const nodesAskedFor = page.waitForRequest(
          (request) => isHtml("nodes")(request.url(), request.headers()),
          { timeout: KEPT_BACK_MS + 30_000 },
        );
        nodesAskedFor.then(
          () => order.push("nodes"),
          () => undefined,
        );
        await page.route("**/plugins*", async (route) => {
          if (isHtml("plugins")(route.request().url(), route.request().headers())) {
            await Promise.race([nodesAskedFor, page.waitForTimeout(KEPT_BACK_MS)]);
            order.push("plugins");
          }
          await route.continue();
        });
      };
      editor = await Editor.open(browser, String(nodeRed.url), { locale: "en-US", prepare: keepPluginsBack });

      assert.deepEqual(order, ["plugins", "nodes"]);
      await assertWholeForms(editor);
    });

    it(`is there too where the package comes to an open Node-RED ${version}, whose nodes may be first`, async () => {
      const nodeRed = await sharedNodeRed(version);
      await nodeRed.deploy([]);
      let late = "";

      const takePluginsOut = async (page: Page): Promise<void> => {
        await page.route("**/plugins*", async (route) => {
          if (!isHtml("plugins")(route.request().url(), route.request().headers())) {
            await route.continue();
            return;
          }
          const response = await route.fetch();
          const all = (await response.text()).split(/(?=<!-- --- \[red-plugin:\S+\] --- -->)/);
          const isOurs = (html: string): boolean => html.includes(`[red-plugin:${manifest.name}/`);
          late = all.filter(isOurs).join("");
          await route.fulfill({ response, body: all.filter((html) => !isOurs(html)).join("") });
        });
      };
      editor = await Editor.open(browser, String(nodeRed.url), { locale: "en-US", prepare: takePluginsOut });
      assert.match(late, /regards-in-nodes/);
      await editor.page.evaluate((html) => $("#red-ui-editor-plugin-configs").append(html), late);

      await assertWholeForms(editor);
    });
  }
});
