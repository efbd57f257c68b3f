/** The Node-RED editor as a person uses it: one page in one language and theme, and what went wrong in it. */
import type { Browser, Locator, Page, Route } from "playwright-core";

/** How the editor is to look. */
export interface Look {
  readonly locale: "en-US" | "fr-FR";
  readonly theme?: "light" | "dark";
  /** What to write in instead of Node-RED's font, as CSS names it; it is there before anything is measured. */
  readonly font?: string;
  /** Milliseconds the editor may take for an answer, where that is longer than usual. */
  readonly patience?: number;
  /** What else is to be in place before the page asks for anything. */
  readonly prepare?: (page: Page) => Promise<void>;
}

/** What the editor knows of a node after its dialog was closed. */
export interface NodeState {
  readonly valid: boolean;
  readonly errors: readonly string[];
  readonly inputs: number;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** The little of the editor's own objects that the functions below touch inside the page. */
interface EditorNode {
  readonly id: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly valid: boolean;
  readonly validationErrors?: readonly string[];
  readonly _def: {
    readonly defaults: Readonly<Record<string, unknown>>;
    outputLabels?(index: number): string;
  };
  readonly [property: string]: unknown;
}
declare const RED: {
  readonly nodes: {
    getType(type: string): unknown;
    node(id: string): EditorNode | null;
    filterNodes(filter: { type?: string }): readonly EditorNode[];
    remove(id: string): void;
    getWorkspaceOrder(): readonly string[];
    removeSubflow(subflow: object): void;
    eachNode(see: (node: EditorNode) => void): void;
    eachConfig(see: (node: EditorNode) => void): void;
    eachSubflow(see: (subflow: object) => void): void;
    createExportableNodeSet(nodes: readonly EditorNode[], options: object): unknown;
  };
  readonly workspaces: { show(id: string): void };
  readonly utils: { getNodeLabel(node: EditorNode | null): string };
  readonly view: { importNodes(flow: readonly object[], options: object): void; redraw(all?: boolean): void };
  readonly editor: {
    edit(node: EditorNode | null): void;
    editConfig(name: string, type: string, id: string): void;
  };
  readonly sidebar: { readonly help: { show(type: string, bringToFront: boolean): void } };
};

declare const jQuery: { readonly fx: { off: boolean } };

/** Node-RED 5 loads megabytes to draw the diagrams in a help text, and our texts have none. */
const NO_DIAGRAMS = {
  contentType: "text/javascript",
  body: "window.mermaid = { initialize() {}, render: async () => ({}) };",
};

const DRAWN = "#red-ui-workspace-chart";

/** The editor answers within a second; on a busy machine within ten. It starts like the other parts do, once a suite. */
const PATIENCE = 10_000;
const START_LIMIT = 90_000;

/**
 * What slides or fades is drawn anew many times a second, by the processor here. What Node-RED notifies of lies above
 * the buttons of a dialog for five seconds, which a person waits for, or clicks away.
 */
const WITHOUT_WAITING = `
  *, *::before, *::after { transition: none !important; animation: none !important }
  .red-ui-notification { pointer-events: none }
  .red-ui-notification button { pointer-events: auto }
`;

/** Node-RED 5 shows its first tip after a second, on a busy machine before there is a place for it, and says so. */
async function showNoTips(route: Route): Promise<void> {
  if (route.request().method() !== "GET") {
    await route.continue();
    return;
  }
  const response = await route.fetch();
  if (!response.ok()) {
    await route.fulfill({ response });
    return;
  }
  const settings = (await response.json()) as { readonly editor?: { readonly view?: object } };
  const editor = { ...settings.editor, view: { ...settings.editor?.view, "view-show-tips": false } };
  await route.fulfill({ response, json: { ...settings, editor } });
}

/** Each Node-RED and each language once, for what does not depend on both together. */
export const EACH_ONCE = [
  [5, "fr-FR"],
  [4, "en-US"],
] as const;

export class Editor {
  readonly page: Page;
  /** Console errors, page errors and failed requests for our files, in order. */
  readonly complaints: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on("console", (message) => {
      const { url } = message.location();
      const isOurs = url === "" || url.startsWith(new URL(page.url()).origin);
      if (isOurs && (message.type() === "error" || /(?:Definition|Validation) error/.test(message.text()))) {
        this.complaints.push(message.text());
      }
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
  }

  /** Opens the editor and waits until it is ready to be used. */
  static async open(
    browser: Browser,
    url: string,
    { locale, theme = "light", font, patience = PATIENCE, prepare }: Look,
  ): Promise<Editor> {
    const context = await browser.newContext({ locale, viewport: { width: 1280, height: 1000 } });
    const page = await context.newPage();
    page.setDefaultTimeout(START_LIMIT);
    // The catalogue of other people's nodes is out there; a test has no business there.
    await page.route(
      (address) => address.hostname !== new URL(url).hostname,
      (route) => route.fulfill({ json: { modules: [] } }),
    );
    await page.route(/\/mermaid\.min\.js/, (route) => route.fulfill(NO_DIAGRAMS));
    await page.addInitScript((css) => {
      const style = Object.assign(document.createElement("style"), { textContent: css });
      document.addEventListener("DOMContentLoaded", () => document.head.append(style));
    }, WITHOUT_WAITING);
    if (font !== undefined) {
      await page.addInitScript((name) => {
        const style = Object.assign(document.createElement("style"), {
          textContent: `* { --red-ui-primary-font: ${name} !important }`,
        });
        document.addEventListener("DOMContentLoaded", () => document.head.append(style));
      }, font);
    }
    await page.route(/\/settings\/user(\?|$)/, showNoTips);
    await prepare?.(page);
    const editor = new Editor(page);
    await page.goto(url);
    await page.waitForFunction(
      () => typeof RED !== "undefined" && RED.nodes?.getType("regards-ack-out") !== undefined,
    );
    await page.locator("#red-ui-loading-progress").waitFor({ state: "hidden" });
    await editor.#stillness();
    await editor.dress(theme);
    page.setDefaultTimeout(patience);
    return editor;
  }

  /** What moves by script instead of by style is no different: nothing is to be waited for. */
  async #stillness(): Promise<void> {
    await this.page.evaluate(() => {
      jQuery.fx.off = true;
    });
  }

  /** Node-RED 5 has a dark theme; 4 has none of its own. */
  async dress(theme: "light" | "dark"): Promise<void> {
    await this.page.evaluate((isDark) => {
      document.documentElement.classList.toggle("nr-theme-dark", isDark);
    }, theme === "dark");
  }

  /** Puts nodes of a flow file into the open tab as Import does, with nothing but what the file says. */
  async import(nodes: readonly object[]): Promise<void> {
    await this.page.evaluate((flow) => {
      const options = {
        generateIds: false,
        addFlow: false,
        touchImport: true,
        applyNodeDefaults: false,
        notify: false,
      };
      RED.view.importNodes(flow, options);
    }, nodes);
  }

  /** Drags a node from the palette to the workspace, and returns its id. */
  async drop(type: string): Promise<string> {
    await this.page.locator("#red-ui-palette-search input").fill("REGARDS");
    const source = this.page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
    await source.scrollIntoViewIfNeeded();
    await source.dragTo(this.page.locator(DRAWN), { targetPosition: { x: 500, y: 400 } });
    return this.lastOf(type);
  }

  /** The id of the newest node of a type. */
  async lastOf(type: string): Promise<string> {
    const id = await this.page.evaluate((wanted) => RED.nodes.filterNodes({ type: wanted }).at(-1)?.id, type);
    if (id === undefined) {
      throw new Error(`there is no ${type}`);
    }
    return id;
  }

  /** Opens a node's dialog by a double click; that of a config node, which is not drawn, as the sidebar does. */
  async open(id: string, configType?: string): Promise<void> {
    if (configType === undefined) {
      await this.page.locator(`[id="${id}"] .red-ui-flow-node`).dblclick();
    } else {
      await this.page.evaluate(([node, type]) => RED.editor.editConfig("", type, node), [
        id,
        configType,
      ] as const);
    }
    await this.dialog.waitFor();
    await this.#settled();
  }

  /** Opens a node's dialog wherever the node is drawn, as Enter on the selected one does. */
  async openSelected(id: string): Promise<void> {
    await this.page.evaluate((wanted) => RED.editor.edit(RED.nodes.node(wanted)), id);
    await this.dialog.waitFor();
    await this.#settled();
  }

  /** The form of the open dialog. */
  get dialog(): Locator {
    return this.page.locator(".red-ui-tray .regards-dialog").last();
  }

  /** The open dialog with its buttons. */
  get tray(): Locator {
    return this.page.locator(".red-ui-tray").last();
  }

  /** What a person types into or chooses from. */
  field(property: string): Locator {
    const id = `[id$="-input-${property}"]`;
    return this.dialog.locator(
      `input${id}[type=hidden] + .red-ui-typedInput-container input, ${id}:not([type=hidden])`,
    );
  }

  /** Types into a field and leaves it. */
  async fill(property: string, text: string): Promise<void> {
    await this.field(property).fill(text);
    await this.field(property).blur();
  }

  /** The sentence shown when the pointer rests on a field that is not right; empty when it is. */
  async objection(property: string): Promise<string> {
    await this.page.mouse.move(5, 5);
    const tooltip = this.page.locator(".red-ui-popover:visible");
    await tooltip.waitFor({ state: "hidden" });
    if ((await this.dialog.locator(`.input-error[id$="-input-${property}"]`).count()) === 0) {
      return "";
    }
    await this.field(property).hover();
    await tooltip.waitFor();
    return (await tooltip.textContent()) ?? "";
  }

  /** Chooses what kind of value a typed input holds, by its place in the menu. */
  async chooseType(property: string, place: number): Promise<void> {
    const container = this.dialog.locator(`[id$="-input-${property}"] + .red-ui-typedInput-container`);
    const menu = this.page.locator(".red-ui-typedInput-options:visible");
    const line = menu.locator("a").nth(place);
    const type = this.dialog.locator(`[id$="-input-${property}Type"]`);
    let chosen: string | null = null;
    do {
      // Where an earlier choice came faster than a person's, the menu takes the next click for the one that closes it.
      while (!(await line.isVisible())) {
        await container.locator(".red-ui-typedInput-type-select").click();
        await line.waitFor({ timeout: 400 }).catch(() => undefined);
      }
      chosen = await line.getAttribute("value");
      // The menu slides down: a click might meet another of its lines, and a key come before it listens.
      await line.press("Enter");
      // It slides up too, and would be taken for the next field's; where the key came too early it stays.
      await menu.waitFor({ state: "hidden", timeout: 1_000 }).catch(() => undefined);
    } while ((await menu.isVisible()) || (await type.inputValue()) !== chosen);
  }

  /** Pastes a text into an empty field. */
  async paste(property: string, text: string): Promise<void> {
    await this.field(property).focus();
    await this.field(property).evaluate((field, pasted) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text", pasted);
      field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
      // A script's event does not insert anything by itself.
      document.execCommand("insertText", false, pasted);
    }, text);
  }

  /** Closes the dialog with the keyboard, wherever the cursor is. */
  async confirm(): Promise<void> {
    await this.page.keyboard.press("Control+Enter");
    await this.page.locator(".red-ui-tray").waitFor({ state: "detached" });
  }

  /** Deletes a node. */
  async remove(id: string): Promise<void> {
    await this.page.evaluate((wanted) => RED.nodes.remove(wanted), id);
  }

  /** Deletes all that was imported, and leaves the open tab empty. */
  async removeAll(): Promise<void> {
    await this.page.evaluate(() => {
      const nodes: string[] = [];
      RED.nodes.eachNode(({ id }) => nodes.push(id));
      RED.nodes.eachConfig(({ id }) => nodes.push(id));
      for (const id of nodes) {
        RED.nodes.remove(id);
      }
      const subflows: object[] = [];
      RED.nodes.eachSubflow((subflow) => subflows.push(subflow));
      for (const subflow of subflows) {
        RED.nodes.removeSubflow(subflow);
      }
      RED.view.redraw(true);
    });
  }

  /** Waits until the editor finds so many faults in a node. */
  async untilErrors(id: string, count: number): Promise<void> {
    await this.page.waitForFunction(
      ([wanted, expected]) => RED.nodes.node(wanted)?.validationErrors?.length === expected,
      [id, count] as const,
    );
  }

  /** What the editor calls a node. */
  label(id: string): Promise<string> {
    return this.page.evaluate((wanted) => RED.utils.getNodeLabel(RED.nodes.node(wanted)), id);
  }

  /** Of which type a node is; undefined where there is none of that id. */
  typeOf(id: string): Promise<string | undefined> {
    return this.page.evaluate((wanted) => RED.nodes.node(wanted)?.type as string | undefined, id);
  }

  /** What the editor shows beside each output of a node. */
  outputLabels(id: string): Promise<string[]> {
    return this.page.evaluate((wanted) => {
      const node = RED.nodes.node(wanted);
      const labels = node?._def.outputLabels;
      return Array.from({ length: node?.outputs ?? 0 }, (_none, index) => String(labels?.call(node, index)));
    }, id);
  }

  /** The text of one element. */
  async text(selector: string): Promise<string> {
    return (await this.page.locator(selector).textContent()) ?? "";
  }

  /** Leaves whatever dialogs are open. */
  async cancel(): Promise<void> {
    const buttons = this.page.locator("#node-dialog-cancel, #node-config-dialog-cancel");
    while ((await buttons.count()) > 0) {
      await buttons.last().click();
      await this.page.locator(".red-ui-tray").last().waitFor({ state: "detached" });
    }
  }

  /** Closes the dialog with Done. */
  async done(): Promise<void> {
    await this.page.locator("#node-dialog-ok, #node-config-dialog-ok").last().click();
    await this.page.locator(".red-ui-tray").waitFor({ state: "detached" });
  }

  async state(id: string): Promise<NodeState> {
    return this.page.evaluate((wanted) => {
      const node = RED.nodes.node(wanted);
      if (node === null) {
        throw new Error(`there is no node ${wanted}`);
      }
      const { valid, validationErrors = [], inputs } = node;
      const properties = Object.keys(node._def.defaults).map((property) => [property, node[property]]);
      return { valid, errors: [...validationErrors], inputs, properties: Object.fromEntries(properties) };
    }, id);
  }

  /** The help of a node as the sidebar shows it. */
  async help(type: string): Promise<string> {
    await this.page.evaluate((wanted) => RED.sidebar.help.show(wanted, true), type);
    const shown = this.page.locator(".red-ui-help:visible").first();
    await shown.waitFor();
    return (await shown.textContent()) ?? "";
  }

  /** How high the help is that is shown, and what of it is wider than a column: folded as it comes, and unfolded. */
  async measureHelp(width: number): Promise<{ height: number; sticksOut: string[] }> {
    return this.page
      .locator(".red-ui-help:visible")
      .first()
      .evaluate((help, column) => {
        const pane = help.parentElement ?? help;
        pane.style.width = `${column}px`;
        const height = pane.scrollHeight;
        for (const fold of help.querySelectorAll("details")) {
          fold.open = true;
        }
        const { right } = pane.getBoundingClientRect();
        const sticksOut = [...help.querySelectorAll("*")]
          .filter((element) => element.getBoundingClientRect().right > right + 1)
          .map(({ tagName, textContent }) => `${tagName}: ${textContent?.slice(0, 60)}`);
        const scrolled = pane.scrollWidth > pane.clientWidth ? [`scrolls to ${pane.scrollWidth} px`] : [];
        return { height, sticksOut: [...scrolled, ...sticksOut] };
      }, width);
  }

  /** Presses Deploy, whatever is not configured yet. */
  async deploy(): Promise<void> {
    const deployed = this.page.waitForResponse(
      (response) => /\/flows$/.test(response.url()) && response.ok(),
    );
    await this.page.locator("#red-ui-header-button-deploy").click();
    const anyway = this.page.locator(".red-ui-notification button.primary, .red-ui-notification .primary");
    await Promise.race([deployed, anyway.last().click()]);
    await deployed;
  }

  /** Waits until the words under a node match. */
  async untilStatus(id: string, words: RegExp): Promise<void> {
    await this.page.locator(`[id="${id}"] .red-ui-flow-node-status-label`, { hasText: words }).waitFor();
  }

  /** Turns to a tab of the broker's dialog; the editor takes two clicks within 400 ms for a double one. */
  async showTab(place: number): Promise<void> {
    const content = this.page.locator("#regards-broker-tabs-content > div").nth(place);
    while (!(await content.isVisible())) {
      await this.page.locator("#regards-broker-tabs a").nth(place).click();
      await content.waitFor({ timeout: 400 }).catch(() => undefined);
    }
  }

  /** Opens a folded section of the dialog. */
  async unfold(id: string): Promise<void> {
    await this.dialog.locator(`#${id}`).evaluate((fold) => fold.setAttribute("open", ""));
  }

  /** Presses Test connection, or its like, and reads the findings once they are there. */
  async tryConnection(button = "#regards-test"): Promise<string[]> {
    const answered = this.page.waitForResponse((response) => response.url().endsWith("/test"));
    await this.page.locator(button).click();
    await answered;
    const lines = this.page.locator(`${button}-lines li`);
    await lines.first().waitFor();
    return lines.evaluateAll((all) =>
      all.map((line) => {
        const mark = line.querySelector("i")?.getAttribute("aria-label") ?? "";
        const shown: Readonly<Record<string, string>> = { check: "✓", times: "✗", minus: "–" };
        return `${shown[mark]} ${line.textContent}`;
      }),
    );
  }

  /** The button beside a node in the workspace. */
  button(id: string): Locator {
    return this.page.locator(`[id="${id}"] .red-ui-flow-node-button-button`);
  }

  /** Sets a property as a dialog would have, and draws the node again. */
  async choose(id: string, property: string, value: string): Promise<void> {
    await this.page.evaluate(
      ([wanted, name, chosen]) => {
        Object.assign(RED.nodes.node(wanted) ?? {}, { [name]: chosen, dirty: true });
        RED.view.redraw();
      },
      [id, property, value] as const,
    );
  }

  /** Turns to a flow or a subflow. */
  async show(id: string): Promise<void> {
    await this.page.evaluate((wanted) => RED.workspaces.show(wanted), id);
  }

  async showFirstTab(): Promise<void> {
    await this.page.evaluate(() => RED.workspaces.show(RED.nodes.getWorkspaceOrder()[0] ?? ""));
  }

  /** Waits for a note at the top of the editor. */
  async untilNotified(words: string): Promise<void> {
    await this.page.locator(".red-ui-notification", { hasText: words }).first().waitFor();
  }

  /** Waits for what a debug node shows in the sidebar, takes it off, and returns it. */
  async untilDebugged(name: string): Promise<string> {
    const line = this.page.locator(".red-ui-debug-msg", { hasText: name }).last();
    await line.waitFor({ state: "attached" });
    const shown = (await line.locator(".red-ui-debug-msg-payload").textContent()) ?? "";
    await line.evaluate((element) => element.remove());
    return shown.trim();
  }

  /** What Export would give away. */
  exported(): Promise<unknown> {
    return this.page.evaluate(() => RED.nodes.createExportableNodeSet(RED.nodes.filterNodes({}), {}));
  }

  /** Takes a picture of the open tab, as wide as its flow and nothing around it. */
  async drawFlow(path: string): Promise<void> {
    await this.page.setViewportSize({ width: 2400, height: 1400 });
    const clip = await this.page.evaluate((margin) => {
      const drawn = [...document.querySelectorAll(".red-ui-flow-node-group, .red-ui-flow-group-body")];
      const boxes = drawn.map((element) => element.getBoundingClientRect());
      const x = Math.min(...boxes.map(({ left }) => left)) - margin;
      const y = Math.min(...boxes.map(({ top }) => top)) - margin;
      const width = Math.max(...boxes.map(({ right }) => right)) - x + margin;
      const height = Math.max(...boxes.map(({ bottom }) => bottom)) - y + margin;
      return { x, y, width, height };
    }, 20);
    await this.page.screenshot({ path, clip });
  }

  close(): Promise<void> {
    return this.page.context().close();
  }

  /**
   * The tray slides in, where a picture or a measure would be wrong, and then gets the cursor, which what was typed
   * before would lose.
   */
  async #settled(): Promise<void> {
    await this.page.waitForFunction(() => {
      const tray = document.querySelector(".red-ui-tray:last-child");
      const isThere = tray?.getAnimations().length === 0 && getComputedStyle(tray).right === "0px";
      return isThere && tray.contains(document.activeElement);
    });
  }
}
