/**
 * Draws the pictures of the editor, to be looked at: every dialog in both languages and themes, the auto-download
 * example, connected, the first flow of the README, and the demo with its dashboard. `npm run pictures` writes them to
 * pictures/; git keeps those that a document shows.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { Example } from "../examples/example";
import { CONFIG_TYPES, TYPES } from "../package/sources";
import { startSimulator } from "../simulator/simulator";
import { startNodeRed, type TestNodeRed } from "../support/node-red";
import { type RabbitMq, startRabbitMq } from "../support/rabbitmq";
import { startBrowser } from "./browser";
import { drawDemo } from "./demo-pictures";
import { Editor, type Look } from "./editor";
import { FIRST_FLOW, FirstFlow } from "./first-flow";

const PICTURES = join(__dirname, "pictures");

const NODES = TYPES.filter((type) => !CONFIG_TYPES.includes(type));

const LOOKS: readonly Look[] = (["en-US", "fr-FR"] as const).flatMap((locale) =>
  (["light", "dark"] as const).map((theme) => ({ locale, theme })),
);

/** One node of each type, set up as somebody might. */
const FLOW = [
  {
    ...{ id: "broker", type: "regards-broker", hosts: "rabbit1.example.org, rabbit2.example.org" },
    ...{ tenant: "project1", address: "https://regards.example.org" },
  },
  { id: "web", type: "regards-web", address: "https://regards.example.org", tenant: "project1" },
  ...NODES.map((type, place) => ({
    ...{ id: type, type, broker: "broker", web: "web", recipientLabel: "archive", folder: "/data/regards" },
    wires: [],
    ...{ x: 300, y: 100 + 160 * place },
  })),
];

/** An editor whose notifications cover nothing. */
async function openUndisturbed(browser: Browser, url: string, look: Look): Promise<Editor> {
  const editor = await Editor.open(browser, url, look);
  await editor.page.addStyleTag({ content: "#red-ui-notifications { display: none }" });
  return editor;
}

/** Every dialog, as it opens; of the in-nodes also unfolded, settling by hand. */
async function drawDialogs(browser: Browser, url: string, look: Look): Promise<void> {
  const editor = await openUndisturbed(browser, url, look);
  const draw = async (name: string): Promise<void> => {
    const path = join(PICTURES, `${name}.${look.locale.slice(0, 2)}.${look.theme}.png`);
    await editor.tray.screenshot({ path, animations: "disabled" });
  };
  await editor.import(FLOW);
  for (const id of NODES) {
    await editor.openSelected(id);
    await draw(id);
    await editor.cancel();
  }
  await editor.open("regards-order-in");
  await editor.field("settle").selectOption("manual");
  await editor.unfold("regards-amqp");
  await editor.dialog.locator("#regards-copy").click();
  await editor.unfold("regards-advanced");
  await draw("regards-order-in.advanced");
  await editor.cancel();
  await editor.open("web", "regards-web");
  await draw("regards-web");
  await editor.cancel();
  await editor.open("broker", "regards-broker");
  for (const [place, tab] of ["connection", "security", "advanced"].entries()) {
    await editor.showTab(place);
    await draw(`regards-broker.${tab}`);
  }
  await editor.close();
}

/** The first example at rest: deployed, and connected to a simulated REGARDS. */
async function drawExample(browser: Browser, nodeRed: TestNodeRed, rabbitMq: RabbitMq): Promise<void> {
  const { host, port, user, password, vhost } = rabbitMq;
  const regards = await startSimulator({
    amqp: { hostname: host, port, username: user, password, vhost },
  });
  try {
    const { login, password: webPassword } = regards.user;
    const example = Example.read("01 - Auto-download orders")
      .with("regards-broker", {
        ...{ hosts: `${host}:${port}`, vhost, tenant: "project1", address: regards.address },
        credentials: { user, password },
      })
      .with("regards-web", {
        ...{ address: regards.address, tenant: "project1" },
        credentials: { user: login, password: webPassword },
      })
      .with("regards-download", { folder: "/data/regards" });
    await nodeRed.deploy(example.nodes);
    const [config] = example.ofType("regards-broker");
    const [intake] = example.ofType("regards-order-in");
    await nodeRed.untilStatus(intake?.id ?? "", ({ fill }) => fill === "green");
    for (const theme of ["light", "dark"] as const) {
      const editor = await openUndisturbed(browser, nodeRed.url, { locale: "en-US", theme });
      await editor.open(config?.id ?? "", "regards-broker");
      await editor.tryConnection();
      const tested = join(PICTURES, `regards-broker.test.en.${theme}.png`);
      await editor.tray.screenshot({ path: tested, animations: "disabled" });
      await editor.cancel();
      const path = join(PICTURES, `auto-download.${theme}.png`);
      await editor.drawFlow(path);
      await editor.close();
    }
  } finally {
    await regards.stop();
  }
}

/** The three pictures of the README's first flow, walked as it is printed. */
async function drawFirstFlow(browser: Browser, nodeRed: TestNodeRed, rabbitMq: RabbitMq): Promise<void> {
  const { host, port, user, password, vhost } = rabbitMq;
  const regards = await startSimulator({
    amqp: { hostname: host, port, username: user, password, vhost },
  });
  await nodeRed.deploy([]);
  const editor = await openUndisturbed(browser, nodeRed.url, { locale: "en-US" });
  const { page } = editor;
  const path = (name: string): string => join(PICTURES, `first-flow.${name}.png`);
  try {
    await page.setViewportSize({ width: 1180, height: 900 });
    const account = { hosts: `localhost:${port}`, user, password, tenant: "project1" };
    const flow = new FirstFlow(editor, account, (name) =>
      editor.tray.screenshot({ path: path(name), animations: "disabled" }),
    );
    for (const step of FIRST_FLOW) {
      await flow.walk(step);
    }
    await nodeRed.untilStatus(await editor.lastOf("regards-order-in"), ({ fill }) => fill === "green");
    await regards.publish("order", { status: "GRANTED", orderId: 1234, correlationId: "c-1" });
    await editor.untilStatus(await editor.lastOf("regards-order-in"), /GRANTED/);
    await page.setViewportSize({ width: 1180, height: 620 });
    await page.locator(".red-ui-debug-msg .red-ui-debug-msg-object-header").first().click();
    await page.screenshot({ path: path("message"), animations: "disabled" });
  } finally {
    await editor.close();
    await regards.stop();
  }
}

async function drawAll(): Promise<void> {
  await rm(PICTURES, { recursive: true, force: true });
  await mkdir(PICTURES, { recursive: true });
  const parts: { stop(): Promise<void> }[] = [];
  try {
    const browser = await startBrowser();
    parts.push({ stop: () => browser.close() });
    const rabbitMq = await startRabbitMq({ say: console.log });
    parts.push(rabbitMq);
    const nodeRed = await startNodeRed();
    parts.push(nodeRed);
    for (const look of LOOKS) {
      await drawDialogs(browser, nodeRed.url, look);
    }
    await drawExample(browser, nodeRed, rabbitMq);
    await drawFirstFlow(browser, nodeRed, rabbitMq);
    await drawDemo(browser, PICTURES);
    console.log(`The pictures are in ${PICTURES}`);
  } finally {
    for (const part of parts.reverse()) {
      await part.stop();
    }
  }
}

drawAll().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
