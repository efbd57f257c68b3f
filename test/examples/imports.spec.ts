/** Examples in a real editor: what Import does with one, then another, then the first again. */
import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { Editor } from "../editor/editor";
import { browserOrSkip } from "../editor/shared-browser";
import { CONFIG_TYPES } from "../package/sources";
import { sharedNodeRed } from "../support/shared-node-red";
import type { FlowNode } from "../support/test-node-red";
import { Example, exampleNames } from "./example";

const PATIENCE = 60_000;

/** What is in the workspace: how many nodes of a type, and which of theirs name a node that is not there. */
interface Workspace {
  readonly counts: Readonly<Record<string, number>>;
  readonly lost: readonly string[];
}

/** The little of the editor's own objects that the functions below touch inside the page. */
interface EditorNode {
  readonly id: string;
  readonly type: string;
  readonly broker?: string;
  readonly web?: string;
}
declare const RED: {
  readonly nodes: {
    clear(): void;
    node(id: string): EditorNode | null;
    eachNode(see: (node: EditorNode) => void): void;
    eachConfig(see: (node: EditorNode) => void): void;
  };
  readonly view: { importNodes(flow: readonly object[], options: object): void };
};

/** Imports flows one after the other as the dialog does: where an id is taken, as the button *Import copy* does. */
function importAll(flows: readonly (readonly object[])[]): Workspace {
  RED.nodes.clear();
  for (const flow of flows) {
    const copy = (): object[] => JSON.parse(JSON.stringify(flow));
    try {
      RED.view.importNodes(copy(), { generateIds: false, addFlow: false, notify: false });
    } catch (error) {
      if ((error as { code?: string }).code !== "import_conflict") throw error;
      RED.view.importNodes(copy(), { generateIds: true, addFlow: false, notify: false });
    }
  }
  const counts: Record<string, number> = {};
  const lost: string[] = [];
  const see = ({ id, type, broker, web }: EditorNode): void => {
    counts[type] = (counts[type] ?? 0) + 1;
    for (const used of [broker, web]) if (used !== undefined && RED.nodes.node(used) === null) lost.push(id);
  };
  RED.nodes.eachNode(see);
  RED.nodes.eachConfig(see);
  return { counts, lost };
}

for (const version of [5, 4] as const) {
  describe(`the examples in the editor of Node-RED ${version}`, function () {
    this.timeout(120_000);
    let browser: Browser;
    let editor: Editor;
    const flows = exampleNames().map((name) => Example.read(name).nodes);

    before(async function () {
      browser = await browserOrSkip(this);
      const nodeRed = await sharedNodeRed(version);
      // Whole workspaces come and go in this page: it may take its time on a busy machine.
      editor = await Editor.open(browser, nodeRed.url, { locale: "en-US", patience: PATIENCE });
    });
    after(async () => {
      await editor?.close();
    });

    const imported = (...wanted: readonly (readonly FlowNode[])[]): Promise<Workspace> =>
      editor.page.evaluate(importAll, wanted);

    it("share one broker node and one web node, whichever is first, and when both come twice", async () => {
      for (const [place, first] of flows.entries()) {
        const second = flows[(place + 1) % flows.length] ?? [];
        for (const pair of [
          [first, second],
          [second, first],
        ]) {
          const { counts, lost } = await imported(...pair, ...pair);

          const names = pair.map(([tab]) => tab?.label).join(", ");
          for (const type of CONFIG_TYPES) assert.equal(counts[type], 1, `${type}: ${names}`);
          assert.deepEqual(lost, [], names);
        }
      }
    });

    it("are asked about once where another has brought the broker node, and the answer keeps that", async () => {
      const hello = Example.read("00 - Hello, REGARDS").nodes;
      const submissions = Example.read("02 - Follow submissions").nodes;
      await imported(hello);

      await editor.page.keyboard.press("Control+i");
      const text = editor.page.locator("#red-ui-clipboard-dialog-import-text");
      await text.pressSequentially(" ");
      await text.fill(JSON.stringify(submissions));
      await text.press("Space");
      await editor.page.locator("#red-ui-clipboard-dialog-ok").click();
      await editor.page.locator(".red-ui-notification button", { hasText: "Import copy" }).click();

      await editor.page
        .locator(".red-ui-workspace-tabs, #red-ui-workspace-tabs", { hasText: "Follow submissions" })
        .waitFor();
      const brokers = await editor.page.evaluate(() => {
        const all: EditorNode[] = [];
        RED.nodes.eachConfig((node) => all.push(node));
        return all.filter(({ type }) => type === "regards-broker").map(({ id }) => id);
      });
      assert.deepEqual(
        brokers,
        hello.filter(({ type }) => type === "regards-broker").map(({ id }) => id),
      );
    });
  });
}
