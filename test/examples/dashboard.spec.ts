/** The dashboard as a person sees it in a browser: what moves, what is done, and what a button sends back. */
import assert from "node:assert/strict";
import type { Browser, Locator, Page } from "playwright-core";
import { browserOrSkip } from "../editor/shared-browser";
import { dashboardOrSkip } from "../support/shared-dashboard";
import { sharedRabbitMq } from "../support/shared-rabbitmq";
import { untilValue } from "../support/until";
import { Example } from "./example";
import { type ExampleStage, playExample } from "./example-stage";

const QUEUE = "nodered.project1.order.dashboard";
const DEAD = `${QUEUE}.dead`;
const PATIENCE = 20_000;

const read = Example.read("10 - Dashboard");
const orders = read.id("regards-order-in", "order events");
const example = new Example(
  read.nodes.map((node) => (node.id === orders ? { ...node, queue: QUEUE, retryDelay: 0.1 } : node)),
).with("tab", { env: [{ name: "REGARDS_DEAD_QUEUE", value: DEAD, type: "str" }] });

for (const version of [5, 4] as const) {
  describe(`the dashboard example on Node-RED ${version}, in a browser`, function () {
    this.timeout(120_000);
    let browser: Browser;
    let stage: ExampleStage;
    let page: Page;

    before(async function () {
      await dashboardOrSkip(this);
      browser = await browserOrSkip(this);
      stage = await playExample(example, version);
      page = await browser.newPage();
      page.setDefaultTimeout(PATIENCE);
      await page.goto(`${stage.nodeRed.url}/dashboard/regards`);
    });
    after(async () => {
      await page?.close();
      await stage?.strike();
    });

    /** The row of a table that holds these words. */
    const row = (table: string, words: string | RegExp): Locator =>
      page.locator(".nrdb-ui-group", { hasText: table }).locator("tbody tr", { hasText: words });

    it("shows how much of an order is ready", async () => {
      const part = { status: "SUBORDER_DONE", orderId: 77, correlationId: "c-77", totalSubOrders: 4 };
      await stage.regards.publish("order", { status: "GRANTED", orderId: 77, correlationId: "c-77" });
      await row("Orders", "GRANTED").waitFor();

      await stage.regards.publish("order", { ...part, subOrderId: 1 });

      const bar = row("Orders", "SUBORDER_DONE").locator("[role=progressbar]");
      await bar.waitFor();
      assert.equal(await bar.getAttribute("aria-valuenow"), "25");
    });

    it("shows an order that is done, and what was fetched of it", async () => {
      await stage.regards.requestOrder({ queries: ["subOrders:2 AND files:3"] });

      const done = row("Orders", "DONE").filter({ hasNotText: "SUBORDER_DONE" });
      await done.waitFor();
      assert.equal(await done.locator("[role=progressbar]").getAttribute("aria-valuenow"), "100");
      const order = await done.locator("td").first().innerText();
      await row("Downloads", order).first().waitFor();
      await page.getByText(/at rest, 6 files fetched so far/).waitFor();
    });

    it("shows a product that was submitted", async () => {
      await stage.regards.submit({ productId: "p1" });

      await row("Submissions", /p1.*SUCCESS/).waitFor();
    });

    it("shows how each node is", async () => {
      for (const node of ["order events", "submission events", "given-up events", "download"]) {
        await row("Connections", node).waitFor();
      }
    });

    it("shows what was given up and why, and sends it back", async () => {
      // The part that is ready and the end of the order, three attempts each.
      stage.regards.ask({ on: "file", answers: 422, times: 6 });
      await stage.regards.requestOrder({ queries: ["files:1"] });
      const part = row("Given-up events", "SUBORDER_DONE");
      await part.waitFor();
      await row("Given-up events", /send back/i)
        .nth(1)
        .waitFor();
      assert.match(await part.innerText(), /The storage cannot deliver the file/);
      const order = await part.locator("td").first().innerText();
      assert.equal(await row("Downloads", order).count(), 0);

      await part.getByRole("button", { name: "send back" }).click();

      await row("Downloads", order).waitFor();
      await part.waitFor({ state: "detached" });
      await row("Given-up events", order).getByRole("button", { name: "send back" }).click();
      await untilDeadLetters(0);
    });

    async function untilDeadLetters(count: number): Promise<void> {
      const { console: broker } = await sharedRabbitMq();
      const flows = await stage.nodeRed.flows();
      const vhost = flows.find(({ type }) => type === "regards-broker")?.vhost;
      await untilValue(
        () => broker.queue(DEAD, String(vhost)),
        (queue) => queue !== undefined && queue.ready + queue.unacked === count,
        { what: `${count} events in the dead-letter queue` },
      );
    }
  });
}
