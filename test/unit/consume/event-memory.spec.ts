/** What a process knows of its events when the broker repeats them, and what it forgets. */
import assert from "node:assert/strict";
import type { Delivery } from "../../../src/amqp/delivery";
import type { Run } from "../../../src/completion/run";
import type { EventInHand } from "../../../src/consume/event-in-hand";
import { EventMemory } from "../../../src/consume/event-memory";
import { fakeDelivery } from "../../support/fake-delivery";
import { FakeTime } from "../../support/fake-time";

const DAY = 24 * 60 * 60 * 1000;

describe("the memory of events", () => {
  let time: FakeTime;
  let memory: EventMemory;
  let count = 0;

  beforeEach(() => {
    time = new FakeTime();
    memory = new EventMemory();
  });
  afterEach(() => time.stop());

  const again = (content: string): Delivery => fakeDelivery({ content, redelivered: true });

  /** An event the flow has. */
  function hold(content: string | Buffer): EventInHand {
    const event: EventInHand = {
      ...{
        id: String(++count),
        delivery: fakeDelivery({ content }),
        attempt: 1,
        deaths: 0,
        redelivered: false,
      },
      ...{
        since: 0,
        takenUpAt: 0,
        phase: "flow",
        output: 0,
        run: undefined,
        timer: undefined,
        ending: undefined,
      },
      inCharge: {
        ...{
          ended: () => undefined,
          isDue: () => undefined,
          carryOut: () => undefined,
          left: () => undefined,
        },
      },
    };
    memory.events.set(event.id, event);
    return event;
  }

  function end(event: EventInHand): void {
    event.ending = { kind: "settled", verdict: "accept" };
    event.phase = "ended";
    memory.remove(event);
  }

  it("knows an event that is expected, once", () => {
    const event = hold("a");
    assert.equal(memory.recognise(again("a")), undefined, "it is not lost");

    memory.expect(event);
    memory.expect(event);
    assert.equal(memory.expecting, 1);
    const found = memory.recognise(again("a"));

    assert.ok(found !== undefined && "event" in found && found.event === event);
    assert.equal(memory.recognise(again("a")), undefined);
    assert.equal(memory.expecting, 0);
  });

  it("counts equal events, and finds one that goes on before one that has ended", () => {
    const [ended, running] = [hold("a"), hold("a")];
    for (const event of [ended, running]) memory.expect(event);
    memory.expectTold([{ fingerprint: again("a").fingerprint, verdict: "accept" }]);
    end(ended);

    const found = [1, 2, 3, 4].map(() => memory.recognise(again("a")));

    assert.deepEqual(
      found.map((each) => each && ("event" in each ? each.event.id : each.verdict)),
      [running.id, ended.id, "accept", undefined],
    );
  });

  it("counts equal events, and finds one that the flow is to get once more before one that has ended", () => {
    memory.expectTold([{ fingerprint: again("a").fingerprint, verdict: "accept" }]);
    const [ended, unseen] = [hold("a"), hold("a")];
    for (const event of [ended, unseen]) memory.expect(event);
    end(ended);
    unseen.ending = { kind: "again" };
    unseen.phase = "ended";
    memory.remove(unseen);

    const found = memory.recognise(again("a"));

    assert.ok(found !== undefined && "event" in found && found.event === unseen);
  });

  it("expects a verdict again that the broker may not have heard, and none where there was none", () => {
    const { fingerprint } = again("a");
    memory.expectTold([
      { fingerprint, verdict: "reject" },
      { fingerprint, verdict: undefined },
    ]);

    const found = memory.recognise(again("a"));

    assert.ok(found !== undefined && "verdict" in found);
    assert.equal(found.verdict, "reject");
    assert.equal(memory.expecting, 0);
  });

  it("keeps twenty thousand at most, the latest, and all the flow still has", () => {
    const running = hold("running");
    memory.expect(running);
    for (let number = 0; number < 25_000; number += 1) {
      memory.expectTold([{ fingerprint: again(`event ${number}`).fingerprint, verdict: "accept" }]);
    }

    assert.equal(memory.expecting, 20_000);
    assert.equal(memory.recognise(again("event 0")), undefined);
    assert.ok(memory.recognise(again("event 24999")));
    assert.ok(memory.recognise(again("running")));
  });

  it("forgets after a week, but for what the flow still has", async () => {
    const running = hold("running");
    memory.expect(running);
    memory.expectTold([{ fingerprint: again("old").fingerprint, verdict: "accept" }]);
    await time.advance(8 * DAY);

    memory.expectTold([{ fingerprint: again("new").fingerprint, verdict: "accept" }]);

    assert.equal(memory.expecting, 2);
    assert.equal(memory.recognise(again("old")), undefined);
    assert.ok(memory.recognise(again("running")));
  });

  it("keeps no body of what has ended, and every body that is needed still", () => {
    const [large, running] = [hold(Buffer.alloc(5_000_000)), hold("running")];
    const copying = hold("on its way");
    for (const event of [large, running, copying]) memory.expect(event);
    copying.ending = { kind: "failed", reason: "", node: "" };
    copying.phase = "ending";
    memory.remove(copying);

    end(large);

    assert.equal(large.delivery.content.length, 0);
    assert.equal(running.delivery.content.toString(), "running");
    assert.equal(copying.delivery.content.toString(), "on its way", "its copy may not be written yet");
  });

  it("is owed something while the flow has an event, and until the broker has heard of its end", () => {
    assert.equal(memory.isOwed, false);
    const event = hold("a");
    assert.equal(memory.isOwed, true);
    memory.expect(event);
    end(event);
    assert.equal(memory.isOwed, true);

    memory.recognise(again("a"));

    assert.equal(memory.isOwed, false);
  });

  it("knows a copy of ours that comes twice, of the last thousand", () => {
    assert.equal(memory.isRepeatedCopy("first"), false);
    assert.equal(memory.isRepeatedCopy("first"), true);
    for (let number = 0; number < 1_000; number += 1) memory.isRepeatedCopy(String(number));

    assert.equal(memory.isRepeatedCopy("first"), false);
    assert.equal(memory.isRepeatedCopy("999"), true);
  });

  it("says once when no run goes on any more, to everybody who asked", () => {
    const event = hold("a");
    event.run = {} as Run;
    const told: number[] = [];
    memory.afterRuns(() => told.push(1));
    memory.afterRuns(() => told.push(2));
    assert.equal(told.length, 0);

    event.run = undefined;
    end(event);
    assert.equal(String(told), "1,2");
    memory.afterRuns(() => told.push(3));

    assert.equal(String(told), "1,2,3");
  });
});
