import assert from "node:assert/strict";
import { once } from "node:events";
import type { Acknowledgement } from "../simulator/happenings";
import { EVENT_CLASS, exchangeOf } from "../simulator/wire";
import { property } from "./debug-sidebar";
import { Example } from "./example";
import { type ExampleStage, playExample } from "./example-stage";

for (const version of [5, 4] as const) {
  describe(`the example that receives products and acknowledges them, on Node-RED ${version}`, function () {
    this.timeout(60_000);
    let stage: ExampleStage;

    before(async () => {
      stage = await playExample(
        Example.read("04 - Receive disseminated products and acknowledge them"),
        version,
      );
    });
    after(() => stage.strike());

    for (const [service, event] of [
      ["ingest", "ingestAcknowledgement"],
      ["fem", "femAcknowledgement"],
    ] as const) {
      it(`tells rs-${service} what it wants to hear, and nothing else`, async () => {
        const acknowledged = once(stage.regards.events, "acknowledged");

        const { urn } = await stage.regards.disseminate({ service });

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

    it("acknowledges what is deleted too, once it has been forgotten", async () => {
      const acknowledged = once(stage.regards.events, "acknowledged");

      const deleted = await stage.regards.disseminate({ action: "OAIS_DELETION" });

      assert.deepEqual(
        (await acknowledged).map(({ urn, awaited }: Acknowledgement) => ({ urn, awaited })),
        [{ urn: deleted.urn, awaited: true }],
      );
    });

    it("refuses what is no URN before anything is published, and fails, to have it tried again", async () => {
      const before = stage.regards.acknowledgements.accepted.length;

      await stage.regards.disseminate({ urn: "my-product" });

      assert.equal(property(await stage.shown("refused"), "code"), "REGARDS_BAD_URN");
      assert.match(
        String((await stage.nodeRed.untilLog(({ level }) => level === "error")).msg),
        /"my-product" cannot be acknowledged/,
      );
      assert.equal(stage.regards.acknowledgements.accepted.length, before);
      assert.deepEqual(stage.regards.acknowledgements.dropped, []);
    });
  });
}
