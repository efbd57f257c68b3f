import assert from "node:assert/strict";
import { startNodeRed } from "../support/node-red";
import type { TestNodeRed } from "../support/test-node-red";
import { nextShown, property, watchDebug } from "./debug-sidebar";
import { Example } from "./example";

/** The sample each node of the example is set to, and where its sentence appears. */
const SAMPLES = [
  [
    "regards-order-in",
    "order events",
    "DONE",
    "an order is ready",
    /^Order 1234 is DONE: .+ Download: https:/,
  ],
  [
    "regards-submission-in",
    "submission events",
    "SUCCESS",
    "a product is archived",
    /^Product S2A.+: SUCCESS/,
  ],
  [
    "regards-worker-in",
    "worker events",
    "SUCCESS",
    "a worker has answered",
    /^Request sample-request-1: SUCCESS/,
  ],
  ["regards-dissemination-in", "disseminated products", "INGEST", "a product has come", /^INGEST: URN:AIP:/],
] as const;

for (const version of [5, 4] as const) {
  describe(`the example that says hello, on Node-RED ${version}, without any RabbitMQ`, function () {
    this.timeout(60_000);
    const example = Example.read("00 - Hello, REGARDS");
    let nodeRed: TestNodeRed;

    before(async () => {
      nodeRed = await startNodeRed({ version });
      await watchDebug(nodeRed);
      await nodeRed.deploy(example.nodes);
    });
    after(() => nodeRed.stop());

    for (const [type, name, sample, label, sentence] of SAMPLES) {
      it(`shows ${sample} at the press of the button on "${name}"`, async () => {
        const id = example.id(type, name);
        assert.equal(example.nodes.find((node) => node.id === id)?.sample, sample);

        const response = await nodeRed.fetch(`/${type}/${id}/sample`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ sample }),
        });

        assert.deepEqual(await response.json(), { wired: true });
        const shown = await nextShown(nodeRed, example.id("debug", label), { where: () => true });
        assert.equal(property(shown, "topic"), sample);
        assert.match(String(property(shown, "sentence")), sentence);
      });
    }
  });
}
