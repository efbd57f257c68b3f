/** Which frames verdicts become: one multiple-ack a turn for the contiguous run, singles for the rest. */
import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { Settlements, type SettlingChannel, type TagHolder } from "../../../src/amqp/settlements";

describe("settling deliveries on one channel", () => {
  it("acknowledges a contiguous run with one frame, at the end of the turn", async () => {
    const { frames, settlements } = open();

    for (const tag of [1, 2, 3]) {
      settlements.settle(tag, "accept");
    }

    assert.deepEqual(frames, []);
    await turn();
    assert.deepEqual(frames, ["ack 3 multiple"]);
  });

  it("acknowledges what completed out of order singly, and never what is still open", async () => {
    const { frames, settlements } = open();

    settlements.settle(3, "accept");
    settlements.settle(1, "accept");
    await turn();
    settlements.settle(4, "accept");
    await turn();
    settlements.settle(2, "accept");
    await turn();

    assert.deepEqual(frames, ["ack 1 multiple", "ack 3", "ack 4", "ack 2 multiple"]);
  });

  it("sends refusals at once, so that a later multiple-ack cannot accept them", async () => {
    const { frames, settlements } = open();

    settlements.settle(1, "accept");
    settlements.settle(2, "reject");
    settlements.settle(3, "return");
    settlements.settle(4, "accept");

    assert.deepEqual(frames, ["reject 2", "nack 3 requeue"]);
    await turn();
    assert.deepEqual(frames.slice(2), ["ack 4 multiple"]);
  });

  it("sends nothing once the channel is gone", async () => {
    const { frames, settlements } = open();

    settlements.settle(1, "accept");
    settlements.close();
    settlements.settle(2, "reject");
    await turn();

    assert.deepEqual(frames, []);
  });

  it("survives a channel that closed a moment ago", async () => {
    const settlements = new Settlements(closedChannel());
    for (const tag of [1, 2, 3]) {
      settlements.opened(tag);
    }

    settlements.settle(1, "accept");
    settlements.settle(2, "reject");
    await turn();
    settlements.settle(3, "accept");
    await turn();
  });

  it("is delayed by no event that is stuck: ten thousand pass it, acknowledged a few at a time", async () => {
    const { frames, settlements } = open(10, 5);
    let mostUntold = 0;

    for (let tag = 11; tag <= 10_010; tag += 1) {
      settlements.opened(tag);
      settlements.settle(tag - 9, "accept");
      mostUntold = Math.max(mostUntold, tag - 9 - 1 - frames.length);
      if (tag % 10 === 0) await turn();
    }
    await Promise.all(Array.from({ length: 20 }, () => turn()));

    assert.ok(mostUntold <= 5, `${mostUntold} kept back`);
    assert.equal(frames.length, 10_000);
    assert.ok(!frames.some((frame) => frame.endsWith("multiple")), "the stuck one is still open");
  });

  it("agrees with an exact account of what is open, whatever the order of verdicts", async () => {
    const { frames, settlements } = open();
    const tags = Array.from({ length: 500 }, (_, index) => index + 1);
    const order = [...tags].sort((a, b) => a + jitter(a) - (b + jitter(b)));
    const accepted = new Set<number>();

    for (const [index, tag] of order.entries()) {
      const verdict = tag % 7 === 0 ? "reject" : "accept";
      settlements.settle(tag, verdict);
      if (verdict === "accept") {
        accepted.add(tag);
      }
      if (index % 13 === 0) {
        await turn();
        assertOnlySettled(frames, new Set(order.slice(0, index + 1)));
      }
    }
    await turn();

    assert.deepEqual(acknowledged(frames), accepted);
  });
});

/** Replays frames as the broker does: a multiple-ack takes everything still open up to its tag. */
function acknowledged(frames: readonly string[]): Set<number> {
  const acked = new Set<number>();
  const refused = new Set<number>();
  for (const frame of frames) {
    const [verb, tag, flag] = frame.split(" ");
    const number = Number(tag);
    if (verb !== "ack") {
      refused.add(number);
    } else {
      for (let each = flag === "multiple" ? 1 : number; each <= number; each += 1) {
        if (!refused.has(each)) {
          acked.add(each);
        }
      }
    }
  }
  return acked;
}

function assertOnlySettled(frames: readonly string[], settled: ReadonlySet<number>): void {
  for (const tag of acknowledged(frames)) {
    assert.ok(settled.has(tag), `${tag} was acknowledged and is still open`);
  }
}

function jitter(tag: number): number {
  return (tag * 7919) % 40;
}

/** A fake channel at the outermost edge: only here can every frame be seen. */
function open(deliveries = 500, enough = 1): { frames: string[]; settlements: Settlements } {
  const frames: string[] = [];
  const note = (verb: string, { fields }: TagHolder, flag = ""): void => {
    frames.push(`${verb} ${fields.deliveryTag}${flag}`);
  };
  const channel: SettlingChannel = {
    ack: (message, allUpTo) => note("ack", message, allUpTo ? " multiple" : ""),
    nack: (message, _allUpTo, requeue) => note("nack", message, requeue ? " requeue" : ""),
    reject: (message, requeue) => note("reject", message, requeue ? " requeue" : ""),
  };
  const settlements = new Settlements(channel, enough);
  for (let tag = 1; tag <= deliveries; tag += 1) {
    settlements.opened(tag);
  }
  return { frames, settlements };
}

function closedChannel(): SettlingChannel {
  const fail = (): never => {
    throw new Error("Channel closed");
  };
  return { ack: fail, nack: fail, reject: fail };
}
