/** Whether flows run, as told from Node-RED's events alone. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { FlowsWatch, flowsWatchOf } from "../../../src/nodes/flows-watch";
import { FakeTime } from "../../support/fake-time";

describe("the watch over flows", () => {
  let time: FakeTime;
  let events: EventEmitter;
  let watch: FlowsWatch;
  let told: number;

  beforeEach(() => {
    time = new FakeTime();
    events = new EventEmitter();
    watch = new FlowsWatch(events);
    told = 0;
    watch.onChange(() => {
      told += 1;
    });
  });
  afterEach(() => time.stop());

  const notice = (error: string) => events.emit("runtime-event", { id: "runtime-state", payload: { error } });

  it("sees them run once they have started, and not before", () => {
    assert.equal(watch.isRunning, false);

    events.emit("flows:started");

    assert.equal(watch.isRunning, true);
    assert.equal(told, 1);
    assert.equal(time.timers, 0);
  });

  it("takes a deploy of a moment for no pause", async () => {
    events.emit("flows:started");
    events.emit("flows:stopping", { type: "nodes" });
    assert.equal(watch.isRunning, false);
    assert.equal(watch.isFullStop, false);
    await time.advance(6_900);
    events.emit("flows:started");
    await time.advance(10_000);

    assert.equal(watch.pausedBy, undefined);
  });

  it("knows a full stop from one of some nodes", () => {
    events.emit("flows:stopping", { type: "full" });

    assert.equal(watch.isFullStop, true);
  });

  for (const { error, cause } of [
    { error: "missing-types", cause: "missing-type" },
    { error: "missing-modules", cause: "missing-type" },
    { error: "safe-mode", cause: "safe-mode" },
    { error: "", cause: "stopped" },
  ]) {
    it(`says after some seconds that they are paused: ${cause} (${error || "no notice"})`, async () => {
      events.emit("flows:started");
      events.emit("flows:stopping", { type: "nodes" });
      if (error !== "") notice(error);

      await time.advance(7_100);

      assert.equal(watch.pausedBy, cause);
    });
  }

  it("corrects the cause when it is told late, and forgets it when they run", async () => {
    await time.advance(7_100);
    assert.equal(watch.pausedBy, "stopped");

    notice("safe-mode");
    assert.equal(watch.pausedBy, "safe-mode");
    events.emit("flows:started");

    assert.equal(watch.pausedBy, undefined);
    notice("missing-types");
    assert.equal(watch.pausedBy, undefined);
  });

  it("lets a closed node say why its flow does not run, until it does", async () => {
    const told: string[] = [];
    events.emit("flows:started");
    watch.untilRunning((cause) => told.push(cause));
    events.emit("flows:stopping", { type: "full" });
    watch.untilRunning((cause) => told.push(cause));

    await time.advance(6_900);
    assert.deepEqual(told, []);
    await time.advance(200);
    assert.deepEqual(told, ["stopped"]);

    events.emit("flows:started");
    events.emit("flows:stopping", { type: "full" });
    await time.advance(7_100);
    assert.deepEqual(told, ["stopped"]);
  });

  it("takes other notices calmly", () => {
    for (const event of [undefined, null, 1, {}, { id: "runtime-state" }, { id: "project-update" }]) {
      events.emit("runtime-event", event);
    }
    assert.equal(watch.isRunning, false);
  });

  it("is one for each Node-RED", () => {
    assert.equal(flowsWatchOf(events), flowsWatchOf(events));
    assert.notEqual(flowsWatchOf(events), flowsWatchOf(new EventEmitter()));
  });
});
