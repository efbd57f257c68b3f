/** An editor for the tests of one suite, over a Node-RED without flows: each test finds no dialog open. */
import assert from "node:assert/strict";
import { sharedNodeRed } from "../support/shared-node-red";
import { Editor, type Look } from "./editor";
import { browserOrSkip } from "./shared-browser";

/**
 * To be called in a suite before its own hooks. A test that leaves a complaint in the page has failed.
 * @param opened is told of the editor before the first test
 */
export function withEditor(version: 4 | 5, locale: Look["locale"], opened: (editor: Editor) => void): void {
  let editor: Editor | undefined;

  before("open the editor", async function () {
    // The first may have to install Chromium.
    this.timeout(300_000);
    const browser = await browserOrSkip(this);
    const nodeRed = await sharedNodeRed(version);
    await nodeRed.deploy([]);
    editor = await Editor.open(browser, nodeRed.url, { locale });
    opened(editor);
  });

  after("leave nothing of it", async () => {
    await editor?.close();
    await (await sharedNodeRed(version)).deploy([]);
  });

  beforeEach("close what an earlier test left open", () => editor?.cancel());

  afterEach("nothing went wrong in the page", () => {
    assert.deepEqual(editor?.complaints.splice(0), []);
  });
}
