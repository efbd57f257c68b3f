/** What Prometheus reads. */
import assert from "node:assert/strict";
import { metricsText } from "../../../src/nodes/metrics";
import type { TellingNode } from "../../../src/nodes/telling";

describe("the metrics", () => {
  const node: TellingNode = {
    ...{ id: "n1", type: "regards-order-in", name: "orders", uses: "b1" },
    ...{ state: "connected", isHealthy: true, counters: { received: 7, inFlight: 2, somethingElse: 1 } },
  };
  const LABELS = 'node="n1",name="orders",type="regards-order-in",broker="b1"';

  it("say of each node whether it is well, and what it has counted", () => {
    assert.equal(
      metricsText([node]),
      [
        "# HELP regards_healthy 1 while the node does what it is there for.",
        "# TYPE regards_healthy gauge",
        `regards_healthy{${LABELS}} 1`,
        "# HELP regards_received_total Deliveries taken from the queue, those the broker repeated included.",
        "# TYPE regards_received_total counter",
        `regards_received_total{${LABELS}} 7`,
        "# HELP regards_in_flight Events in hand.",
        "# TYPE regards_in_flight gauge",
        `regards_in_flight{${LABELS}} 2`,
        "",
      ].join("\n"),
    );
  });

  it("say what a metric is once, however many nodes have it", () => {
    const text = metricsText([node, { ...node, id: "n2", isHealthy: false }]);

    assert.equal(text.match(/# TYPE regards_received_total/g)?.length, 1);
    assert.equal(text.match(/^regards_received_total\{/gm)?.length, 2);
    assert.match(text, /regards_healthy\{node="n2".*\} 0/);
  });

  it("take names as people write them", () => {
    const text = metricsText([{ ...node, name: 'a "b"\\\nc' }]);

    assert.ok(text.includes('name="a \\"b\\"\\\\\\nc"'), text);
  });
});
