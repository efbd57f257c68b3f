/** What each state looks like under a node, as a table. */
import assert from "node:assert/strict";
import type { ConnectionState } from "../../src/amqp/connection";
import type { SubscriptionState } from "../../src/amqp/subscription";
import { consumerStatus, publisherNodeStatus, StatusDisplay, type Translate } from "../../src/nodes/status";

const NOW = 1_000_000;
const words: Translate = (key, values) => (values === undefined ? key : `${key} ${JSON.stringify(values)}`);
const connected: ConnectionState = { phase: "connected" };
const consuming: SubscriptionState = { phase: "consuming" };
const at = (code: "login" | "lost") => ({
  phase: "reconnecting" as const,
  fault: { code, detail: "" },
  retryAt: NOW + 7_400,
});

describe("the status of an in-node", () => {
  const base = { connection: connected, subscription: consuming, inFlight: 0, maxInFlight: 10, counters: {} };
  const missing = (code: "queue-missing" | "exchange-missing" | "forbidden", subject: string) => ({
    phase: "waiting" as const,
    fault: { code, detail: "", subject },
    retryAt: NOW,
  });

  for (const [title, view, expected] of [
    ["connecting", { connection: { phase: "connecting" } as const }, "yellow ring connecting"],
    ["login refused", { connection: at("login") }, 'yellow ring retry {"seconds":8,"cause":"fault.login"}'],
    ["blocked", { connection: { phase: "blocked", reason: "low on memory" } as const }, "yellow dot blocked"],
    ["preparing", { subscription: { phase: "preparing" } as const }, "yellow ring connecting"],
    ["no queue", { subscription: missing("queue-missing", "q") }, 'yellow dot waiting-queue {"queue":"q"}'],
    [
      "no exchange",
      { subscription: missing("exchange-missing", "regards.broadcast.a.b.OrderEvent") },
      'yellow dot waiting-exchange {"exchange":"OrderEvent"}',
    ],
    [
      "no permission",
      { subscription: missing("forbidden", "q") },
      'red ring retry {"seconds":1,"cause":"fault.forbidden"}',
    ],
    ["idle", {}, "green dot connected"],
    ["busy", { inFlight: 3 }, 'blue dot in-flight {"count":3,"max":10}'],
    [
      "held",
      { inFlight: 3, held: { minutes: 13, by: "http request" } },
      'yellow dot held {"minutes":13,"node":"http request"}',
    ],
  ] as const) {
    it(`is "${expected}" when ${title}`, () => {
      const { fill, shape, text } = consumerStatus({ ...base, ...view }, NOW, words);

      assert.equal(`${fill} ${shape} ${text}`, expected);
    });
  }

  it("carries a code and the counters for a Status node", () => {
    const { code, counters } = consumerStatus(
      { ...base, inFlight: 1, counters: { accepted: 5 } },
      NOW,
      words,
    );

    assert.equal(code, "in-flight");
    assert.deepEqual(counters, { accepted: 5, inFlight: 1 });
  });
});

describe("the status of an out-node", () => {
  it("counts what waits to leave", () => {
    const view = { connection: connected, publisher: { phase: "ready" } as const, waiting: 4, counters: {} };

    assert.equal(publisherNodeStatus(view, NOW, words).text, 'outbox {"count":4}');
  });
});

describe("showing a status", () => {
  it("shows the first at once and a changed one only after a pause, with what is then true", async () => {
    const shown: string[] = [];
    let text = "one";
    const arrived = new Promise<void>((resolve) => {
      const light = new StatusDisplay(
        () => ({ fill: "green", shape: "dot", text, code: "x" }),
        (status) => {
          shown.push(status.text);
          if (status.text === "three") {
            light.stop();
            resolve();
          }
        },
      );
      light.touch();
      text = "two";
      light.touch();
      text = "three";
      light.touch();
      light.touch();
      // The light does not keep a process alive by itself.
      setTimeout(() => undefined, 1_000);
    });

    await arrived;

    assert.deepEqual(shown, ["one", "three"]);
  });
});
