/** What each state looks like under a node, as a table. */
import assert from "node:assert/strict";
import type { ConnectionState } from "../../../src/amqp/connection";
import type { SubscriptionState } from "../../../src/amqp/subscription";
import type { ConsumerView } from "../../../src/consume/view";
import { CATALOGUE, consumerStatus, publisherNodeStatus, type Translate } from "../../../src/nodes/status";

const NOW = 1_000_000_000;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** What the editor makes of a key, in short. */
const inEditor = (text: string) => text.replace(`${CATALOGUE}:status.`, "#");
const words: Translate = (key, values) => (values === undefined ? key : `${key} ${JSON.stringify(values)}`);
const connected: ConnectionState = { phase: "connected" };
const consuming: SubscriptionState = { phase: "consuming" };
const idle: SubscriptionState = { phase: "idle" };
const pausedBecause = (cause: string) => `yellow dot paused {"cause":"pause.${cause}"}`;
const at = (code: "login" | "lost") => ({
  phase: "reconnecting" as const,
  fault: { code, detail: "" },
  retryAt: NOW + 7_400,
});

describe("the status of an in-node", () => {
  const base = {
    connection: connected,
    subscription: consuming,
    inFlight: 0,
    maxInFlight: 10,
    heldSeconds: 0,
    counters: {},
  };
  const missing = (code: "queue-missing" | "exchange-missing" | "forbidden", subject: string) => ({
    phase: "waiting" as const,
    fault: { code, detail: "", subject },
    retryAt: NOW,
  });

  for (const [title, view, expected] of [
    ["connecting", { connection: { phase: "connecting" } as const }, "yellow ring #connecting"],
    ["login refused", { connection: at("login") }, 'yellow ring retry {"seconds":8,"cause":"fault.login"}'],
    [
      "blocked",
      { connection: { phase: "blocked", reason: "low on memory" } as const },
      "yellow dot #blocked",
    ],
    ["preparing", { subscription: { phase: "preparing" } as const }, "yellow ring #connecting"],
    ["no queue", { subscription: missing("queue-missing", "q") }, 'yellow dot waiting-queue {"queue":"q"}'],
    [
      "no exchange of the administrator's choice",
      { subscription: missing("exchange-missing", "external.system-1.dissemination") },
      'yellow dot waiting-exchange {"exchange":"external.system-1.dissemination"}',
    ],
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
    ["idle", {}, "green dot #connected"],
    [
      "idle since a moment ago",
      { wanted: 128, last: { status: "DONE", at: NOW - MINUTE + 1 } },
      'green dot live {"count":128,"status":"DONE","ago":"just-now"}',
    ],
    [
      "idle for two minutes",
      { wanted: 128, last: { status: "DONE", at: NOW - 2 * MINUTE } },
      'green dot live {"count":128,"status":"DONE","ago":"minutes-ago {\\"count\\":2}"}',
    ],
    [
      "idle for hours",
      { wanted: 1, last: { status: "DONE", at: NOW - 3 * 60 * MINUTE } },
      'green dot live {"count":1,"status":"DONE","ago":"hours-ago {\\"count\\":3}"}',
    ],
    [
      "idle for days, after something that named no status",
      { wanted: 1, last: { status: "", at: NOW - 3 * DAY } },
      'green dot live {"count":1,"status":"unrecognised","ago":"days-ago {\\"count\\":3}"}',
    ],
    [
      "told of nothing but other tenants' events",
      { nothingWanted: { received: 20, condition: "tenant" } },
      'yellow dot nothing-wanted {"received":20,"condition":"condition.tenant"}',
    ],
    [
      "rejecting towards wherever the administrator decided",
      { counters: { rejected: 3 } },
      'yellow dot given-up {"count":3}',
    ],
    [
      "alone with what it gave up before, which somebody has sent back",
      { counters: { rejected: 3 }, deadLetters: 0 },
      "green dot #connected",
    ],
    ["busy", { inFlight: 3 }, 'blue dot in-flight {"count":3}'],
    [
      "held",
      { inFlight: 3, held: { minutes: 119, by: "http request" } },
      'yellow dot held {"minutes":119,"node":"http request"}',
    ],
    [
      "held for hours",
      { inFlight: 3, held: { minutes: 179, by: "http request" } },
      'yellow dot held-hours {"hours":2,"node":"http request"}',
    ],
    [
      "held by nobody known",
      { inFlight: 3, held: { minutes: 13, by: "" } },
      'yellow dot held {"minutes":13,"node":"the-flow"}',
    ],
    ["paused, and read no more", { subscription: idle, paused: "stopped" }, pausedBecause("stopped")],
    ["paused, and still read", { paused: "missing-type" }, pausedBecause("missing-type")],
    ["paused in safe mode", { subscription: idle, paused: "safe-mode" }, pausedBecause("safe-mode")],
    ["shared with one", { otherReaders: 1 }, "yellow dot #shared-with-one"],
    ["shared with more", { otherReaders: 3 }, 'yellow dot shared {"count":3}'],
    ["shared with nobody", { otherReaders: 0 }, "green dot #connected"],
    [
      "given a queue with another argument",
      { usedAsItIs: "x-queue-type" },
      'yellow dot used-as-it-is {"argument":"x-queue-type"}',
    ],
    ["idle beside one dead letter", { deadLetters: 1 }, 'yellow dot given-up {"count":1}'],
    ["idle beside dead letters", { deadLetters: 2 }, 'yellow dot given-up {"count":2}'],
    [
      "busy beside dead letters",
      { inFlight: 3, deadLetters: 2 },
      'yellow dot given-up {"count":2} · in-flight {"count":3}',
    ],
    ["without dead letters", { deadLetters: 0 }, "green dot #connected"],
    [
      "unable to write dead letters",
      { inFlight: 3, givingUp: { reason: "no permission" } },
      'yellow dot dead-letters-stuck {"cause":"no permission"}',
    ],
    [
      "waiting for a disabled node",
      { inFlight: 3, stoppedNode: "unzip" },
      'yellow dot waiting-node {"node":"unzip"}',
    ],
  ] as const) {
    it(`is "${expected}" when ${title}`, () => {
      const { fill, shape, text } = consumerStatus({ ...base, ...view }, NOW, words);

      assert.equal(`${fill} ${shape} ${inEditor(text)}`, expected);
    });
  }

  it("says the gravest of all that is true: what it says is mended, and the next one shows", () => {
    const all: ConsumerView = {
      ...base,
      connection: at("lost"),
      subscription: missing("queue-missing", "q"),
      paused: "stopped",
      givingUp: { reason: "no permission" },
      stoppedNode: "unzip",
      held: { minutes: 13, by: "http request" },
      deadLetters: 2,
      nothingWanted: { received: 20, condition: "tenant" },
      otherReaders: 1,
      usedAsItIs: "x-queue-type",
      inFlight: 3,
    };
    const { paused: _paused, ...taken } = all;
    const { givingUp: _givingUp, ...givenUp } = taken;
    const { stoppedNode: _stoppedNode, ...running } = givenUp;
    const { held: _held, ...moving } = running;
    const { deadLetters: _deadLetters, ...sentBack } = moving;
    const { nothingWanted: _nothingWanted, ...wanting } = sentBack;
    const { otherReaders: _otherReaders, ...alone } = wanting;
    const { usedAsItIs: _usedAsItIs, ...alive } = alone;
    const open = { connection: connected, subscription: consuming };

    const codes = [
      all,
      { ...all, connection: connected },
      { ...all, ...open },
      ...[taken, givenUp, running, moving, sentBack, wanting, alone, alive].map((view) => ({
        ...view,
        ...open,
      })),
      { ...alive, ...open, inFlight: 0 },
    ].map((view) => consumerStatus(view, NOW, words).code);

    assert.deepEqual(codes, [
      ...["lost", "queue-missing", "paused", "dead-letters-stuck", "waiting-node", "held"],
      ...["dead-letters", "nothing-wanted", "shared", "used-as-it-is", "in-flight", "connected"],
    ]);
  });

  it("carries a code and the counters for a Status node", () => {
    const { code, counters } = consumerStatus(
      { ...base, inFlight: 1, counters: { accepted: 5 } },
      NOW,
      words,
    );

    assert.equal(code, "in-flight");
    assert.deepEqual(counters, { accepted: 5, inFlight: 1 });
  });

  it("counts the dead letters for a Status node, where they are known", () => {
    const { counters } = consumerStatus({ ...base, deadLetters: 0 }, NOW, words);

    assert.deepEqual(counters, { inFlight: 0, deadLetters: 0 });
  });
});

describe("the status of an out-node", () => {
  it("counts what waits to leave", () => {
    const view = { connection: connected, publisher: { phase: "ready" } as const, waiting: 4, counters: {} };

    assert.equal(publisherNodeStatus(view, NOW, words).text, 'outbox {"count":4}');
  });
});
