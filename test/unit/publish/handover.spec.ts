/** What a closed node leaves: to its successor, or to a report; never to nobody. */
import assert from "node:assert/strict";
import { Handover } from "../../../src/publish/handover";

describe("handing over", () => {
  let handover: Handover<string>;
  let reported: string[][];

  beforeEach(() => {
    handover = new Handover();
    reported = [];
  });

  const leave = (id: string, items: Set<string>) =>
    handover.leave(id, items, (left) => reported.push([...left]));

  it("gives the successor what was left, once, without what ended while the node was closing", () => {
    handover.arrive("a");
    const items = new Set(["one", "two"]);
    leave("a", items);
    items.delete("one");
    handover.arrive("a");

    assert.deepEqual(handover.take("a"), ["two"]);
    assert.deepEqual([items.size, handover.take("a")], [0, []]);
  });

  it("reports what nobody takes once all nodes have started, and only that", () => {
    leave("deleted", new Set(["x"]));
    leave("restarted", new Set(["y"]));
    leave("empty", new Set());
    handover.arrive("restarted");

    handover.reportOrphans();

    assert.deepEqual(reported, [["x"]]);
    assert.deepEqual(handover.take("restarted"), ["y"]);
  });

  it("keeps for a successor that cannot take it yet, over another restart too, in the old order", () => {
    leave("a", new Set(["one"]));
    handover.arrive("a");
    handover.reportOrphans();
    leave("a", new Set(["two"]));
    handover.arrive("a");
    handover.reportOrphans();

    assert.deepEqual(reported, []);
    assert.deepEqual(handover.take("a"), ["one", "two"]);
  });

  it("reports everything when the process ends", () => {
    leave("a", new Set(["one"]));
    handover.arrive("a");

    handover.reportAll();
    handover.reportAll();

    assert.deepEqual(reported, [["one"]]);
  });
});
