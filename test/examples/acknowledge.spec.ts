import assert from "node:assert/strict";
import { once } from "node:events";
import type { Acknowledgement } from "../simulator/happenings";
import { EVENT_CLASS, exchangeOf } from "../simulator/wire";
import { property } from "./debug-sidebar";
import { Example } from "./example";
import { type ExampleStage, playExample } from "./example-stage";

const UUID = "098f6bcd-4621-4373-8ade-4e832627b4f6";

for (const version of [5, 4] as const) {
  describe(`the example that acknowledges, on Node-RED ${version}`, function () {
    this.timeout(60_000);
    let stage: ExampleStage;

    before(async () => {
      stage = await playExample(Example.read("4 - Acknowledge a dissemination"), version);
    });
    after(() => stage.strike());

    for (const { button, service, event, urn } of [
      {
        button: "a product from rs-ingest",
        service: "ingest",
        event: "ingestAcknowledgement",
        urn: `URN:AIP:DATA:project1:${UUID}:V1`,
      },
      {
        button: "a feature from rs-fem",
        service: "fem",
        event: "femAcknowledgement",
        urn: `URN:FEATURE:DATA:project1:${UUID}:V1`,
      },
    ] as const) {
      it(`tells rs-${service} what it wants to hear, and nothing else`, async () => {
        await stage.regards.disseminate({ service, urn });
        const acknowledged = once(stage.regards.events, "acknowledged");

        await stage.press(button);

        const acknowledgement: Acknowledgement = (await acknowledged)[0];
        const { exchange, routingKey, headers, properties, body, awaited } = acknowledgement;
        assert.equal(awaited, true, "the recipient is no longer pending");
        assert.equal(exchange, exchangeOf("regards", event));
        assert.equal(routingKey, "");
        assert.deepEqual(headers, {
          "regards.tenant": "project1",
          "regards.type": EVENT_CLASS[event],
          "regards.converter": "GSON",
        });
        assert.deepEqual(JSON.parse(body), { urn, recipientLabel: "external-system-1" });
        const { messageId, ...fixed } = Object.fromEntries(
          Object.entries(properties).filter(([, value]) => value !== undefined),
        );
        assert.equal(typeof messageId, "string");
        assert.deepEqual(fixed, {
          contentType: "application/json",
          contentEncoding: "UTF-8",
          deliveryMode: 2,
          priority: 1,
          appId: "node-red",
        });
        const published = await stage.shown("published");
        assert.deepEqual(property(published, "urns"), [urn]);
        assert.equal(property(published, "service"), service);
      });
    }

    it("refuses what is no URN before anything is published", async () => {
      const before = stage.regards.acknowledgements.accepted.length;

      await stage.press("something that is no URN");

      assert.equal(property(await stage.shown("refused"), "code"), "REGARDS_BAD_URN");
      assert.equal(stage.regards.acknowledgements.accepted.length, before);
      assert.deepEqual(stage.regards.acknowledgements.dropped, []);
      assert.deepEqual(stage.nodeRed.errors(), []);
    });
  });
}
