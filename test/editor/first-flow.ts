/**
 * The README's first flow as a person walks it: each step as it is printed there, and what it takes in clicks, drags
 * and fields typed into. Enters: an editor with an empty tab, and an account. Leaves: the first message in the sidebar.
 */
import type { Locator } from "playwright-core";
import type { Editor } from "./editor";

/** What somebody was given by the administrator. */
export interface Account {
  readonly hosts: string;
  readonly user: string;
  readonly password: string;
  readonly tenant: string;
}

/** Somewhere on the way: the pictures of the README. */
export type Seen = (name: "broker" | "order-in" | "message") => Promise<unknown>;

/** The steps as the README prints them, without their marks. */
export const FIRST_FLOW = [
  "Drag order in from the palette to the workspace, and double-click it.",
  "Press + beside Broker, and type the host, user, password and tenant you were given.",
  "Press Test connection, which says how far you get and what to do about the rest; then Add and Done.",
  "Drag a debug node beside it, wire the first output, GRANTED, to it, and press Deploy.",
  "Open the debug sidebar: the next order that is granted shows there.",
] as const;

const CHART = "#red-ui-workspace-chart";

export class FirstFlow {
  readonly #editor: Editor;
  readonly #account: Account;
  readonly #seen: Seen;
  /** Clicks, drags and fields typed into, so far. */
  actions = 0;

  constructor(editor: Editor, account: Account, seen: Seen = async () => undefined) {
    this.#editor = editor;
    this.#account = account;
    this.#seen = seen;
  }

  /** What each step takes. */
  readonly #steps: Readonly<Record<(typeof FIRST_FLOW)[number], () => Promise<void>>> = {
    "Drag order in from the palette to the workspace, and double-click it.": async () => {
      await this.#drag("regards-order-in", { x: 300, y: 200 });
      this.actions += 1;
      await this.#editor.open(await this.#id("regards-order-in"));
    },
    "Press + beside Broker, and type the host, user, password and tenant you were given.": async () => {
      const { hosts, user, password, tenant } = this.#account;
      await this.#click(this.#page.locator("#node-input-btn-broker-add"));
      await this.#page.locator("#node-config-input-hosts").waitFor();
      for (const [field, text] of Object.entries({ hosts, user, password, tenant })) {
        await this.#type(field, text);
      }
    },
    "Press Test connection, which says how far you get and what to do about the rest; then Add and Done.":
      async () => {
        this.actions += 1;
        await this.#editor.tryConnection();
        await this.#seen("broker");
        await this.#click(this.#page.locator("#node-config-dialog-ok"));
        await this.#page.locator("#node-config-dialog-ok").waitFor({ state: "detached" });
        await this.#seen("order-in");
        await this.#click(this.#page.locator("#node-dialog-ok"));
        await this.#page.locator(".red-ui-tray").waitFor({ state: "detached" });
      },
    "Drag a debug node beside it, wire the first output, GRANTED, to it, and press Deploy.": async () => {
      await this.#drag("debug", { x: 560, y: 160 });
      await this.#wire(await this.#id("regards-order-in"), await this.#id("debug"));
      const deployed = this.#page.waitForResponse((answer) => /\/flows$/.test(answer.url()) && answer.ok());
      await this.#click(this.#page.locator("#red-ui-header-button-deploy"));
      await deployed;
    },
    "Open the debug sidebar: the next order that is granted shows there.": async () => {
      // Node-RED 5 shows it from the start.
      if (!(await this.#page.locator(".red-ui-debug-content-list").isVisible())) {
        await this.#click(this.#page.locator("#red-ui-tab-debug-link-button"));
      }
    },
  };

  /** Walks a step. */
  walk(step: (typeof FIRST_FLOW)[number]): Promise<void> {
    return this.#steps[step]();
  }

  /** The id of the node that was dropped. */
  #id(type: string): Promise<string> {
    return this.#editor.lastOf(type);
  }

  get #page(): Editor["page"] {
    return this.#editor.page;
  }

  async #click(target: Locator): Promise<void> {
    this.actions += 1;
    await target.click();
  }

  async #type(field: string, text: string): Promise<void> {
    this.actions += 1;
    await this.#page.locator(`#node-config-input-${field}`).fill(text);
  }

  async #drag(type: string, targetPosition: { x: number; y: number }): Promise<void> {
    this.actions += 1;
    const source = this.#page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
    await source.scrollIntoViewIfNeeded();
    await source.dragTo(this.#page.locator(CHART), { targetPosition });
  }

  async #wire(from: string, to: string): Promise<void> {
    this.actions += 1;
    const [start, end] = await Promise.all([
      this.#page.locator(`[id="${from}"] .red-ui-flow-port-output .red-ui-flow-port`).first().boundingBox(),
      this.#page.locator(`[id="${to}"] .red-ui-flow-port-input .red-ui-flow-port`).boundingBox(),
    ]);
    if (start === null || end === null) throw new Error("a port is not drawn");
    const { mouse } = this.#page;
    await mouse.move(start.x + start.width / 2, start.y + start.height / 2);
    await mouse.down();
    await mouse.move(end.x + end.width / 2, end.y + end.height / 2, { steps: 10 });
    await mouse.up();
  }
}
