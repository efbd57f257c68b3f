/** The README's first flow in a real browser, from an empty tab to the first message, in few actions. */
import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { type Simulator, startSimulator } from "../simulator/simulator";
import { amqpOf } from "../simulator/stage";
import { sharedNodeRed } from "../support/shared-node-red";
import { needsPrivateBroker, sharedRabbitMq } from "../support/shared-rabbitmq";
import { Editor } from "./editor";
import { FIRST_FLOW, FirstFlow } from "./first-flow";
import { browserOrSkip } from "./shared-browser";

const MOST_ACTIONS = 14;

/** Each Node-RED in each language, and in each theme. */
const WALKS = [
  [5, "en-US", "light"],
  [5, "fr-FR", "dark"],
  [4, "en-US", "dark"],
  [4, "fr-FR", "light"],
] as const;

const ORDER = { status: "GRANTED", orderId: 1234, correlationId: "c-1" };

describe("the first flow of the README", function () {
  this.timeout(120_000);
  let browser: Browser;
  let regards: Simulator;

  before("start Chromium, RabbitMQ and a REGARDS", async function () {
    this.timeout(300_000);
    needsPrivateBroker(this);
    browser = await browserOrSkip(this);
    // The virtual host has to be the one that a new broker node has already.
    regards = await startSimulator({ amqp: amqpOf(await sharedRabbitMq()) });
  });

  after(async () => {
    await regards?.stop({ removeExchanges: true });
  });

  for (const [version, locale, theme] of WALKS) {
    it(`leads to the first message in at most ${MOST_ACTIONS} actions: Node-RED ${version}, ${locale}, ${theme}`, async () => {
      const { host, port, user, password } = await sharedRabbitMq();
      const nodeRed = await sharedNodeRed(version);
      await nodeRed.deploy([]);
      const editor = await Editor.open(browser, nodeRed.url, { locale, theme });
      try {
        const account = { hosts: `${host}:${port}`, user, password, tenant: "project1" };
        const flow = new FirstFlow(editor, account);
        for (const step of FIRST_FLOW) await flow.walk(step);

        await nodeRed.untilStatus(
          await editor.lastOf("regards-order-in"),
          ({ text }) => text === "connected",
        );
        await regards.publish("order", ORDER);

        assert.match(await editor.untilDebugged("1234"), /GRANTED/);
        assert.ok(flow.actions <= MOST_ACTIONS, `${flow.actions} actions`);
        assert.deepEqual(editor.complaints, []);
      } finally {
        await editor.close();
        await nodeRed.deploy([]);
      }
    });
  }
});
