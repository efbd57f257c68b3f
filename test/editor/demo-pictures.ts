/** Draws the demo for the README: the tab it begins with, and the dashboard in the middle of its work. */
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { FAILS_ONCE, PAGE_PREFIX, START } from "../demo/start-here";
import { type Pace, startWorld, type World } from "../demo/world";
import { Editor } from "./editor";

/** A download that can be looked at, and nothing that takes long besides. */
const PACE: Pace = { step: 120, work: 1, retryDelay: 1, away: 1_000, withDashboard: true };
const PATIENCE = 60_000;

/** Writes `demo.light.png` and `dashboard.light.png`. */
export async function drawDemo(browser: Browser, folder: string): Promise<void> {
  const world = await startWorld(PACE, console.log);
  try {
    if (world.dashboard === undefined) throw new Error("there is no dashboard to draw");
    await happen(world);
    await drawDashboard(browser, world.dashboard, join(folder, "dashboard.light.png"));
    const editor = await Editor.open(browser, world.nodeRed.url, {
      ...{ locale: "en-US", theme: "light" },
      // The dashboard's pages are in the editor too, and much goes on meanwhile.
      patience: PATIENCE,
    });
    await editor.page.addStyleTag({ content: "#red-ui-notifications { display: none }" });
    await editor.drawFlow(join(folder, "demo.light.png"));
    await editor.close();
  } finally {
    await world.stop();
  }
}

/** Orders in every state, a product archived and one refused, an event given up, and a large download. */
async function happen({ regards, nodeRed }: World): Promise<void> {
  const order = (query: string, prefix = PAGE_PREFIX, name = ""): Promise<string> =>
    regards.requestOrder({ correlationId: `${prefix}${name}`, queries: [query] });
  await order("subOrders:2 AND files:3", PAGE_PREFIX, "first");
  await regards.submit({ correlationId: "demo-archived", productId: "S2A_MSIL1C_20250124" });
  await regards.submit({ correlationId: "demo-refused", productId: "S2B_MSIL1C_20250125", datatype: "none" });
  await order("files:1", FAILS_ONCE, "second");
  await regards.publish("order", "this is no JSON");
  const handled = ({ correlationId, status }: { correlationId?: string; status?: string }): boolean =>
    correlationId === `${FAILS_ONCE}second` && status === "DONE";
  await nodeRed.nextMessage(START.handled, {
    where: ({ msg }) => handled(JSON.parse(String(msg))),
    timeout: PATIENCE,
  });
  await order("subOrders:4 AND files:2 AND bytes:1500000 AND slow:1", PAGE_PREFIX, "large");
}

/** The page, once the large download goes on. */
async function drawDashboard(browser: Browser, url: string, path: string): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 700 } });
  page.setDefaultTimeout(PATIENCE);
  await page.goto(url);
  await page
    .getByText(/MB · .*\/s/)
    .first()
    .waitFor();
  await page.screenshot({ path, fullPage: true, animations: "disabled" });
  await page.close();
}
