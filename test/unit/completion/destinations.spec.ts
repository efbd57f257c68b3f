/** Where an output leads, just now. */
import assert from "node:assert/strict";
import { leadsTo, stoppedBehind, undelivered } from "../../../src/completion/destinations";
import type { SendEvent } from "../../../src/completion/runtime";
import { type FakeNode, FakeNodeRed } from "./fake-node-red";

describe("an output", () => {
  let nodeRed: FakeNodeRed;
  let sender: FakeNode;

  beforeEach(() => {
    nodeRed = new FakeNodeRed();
    sender = nodeRed.node("sender", [], () => undefined);
    nodeRed.node("runs", [], () => undefined);
    nodeRed.configs.set("off", { id: "off", type: "function", name: "mend me", d: true });
  });

  it("leads nowhere, to stopped nodes or to one that runs; a deploy may change that any time", () => {
    assert.equal(leadsTo(sender, 0), "nowhere");
    assert.equal(leadsTo(sender, 1), "nowhere");
    sender.wires = [["off"], ["off", "runs"]];
    assert.equal(leadsTo(sender, 0), "stopped");
    assert.equal(leadsTo(sender, 1), "running");
  });

  it("names the stopped node: by its name, or by its id when nothing is known of it", () => {
    sender.wires = [["runs", "off"], ["unknown"], ["runs"]];
    assert.equal(stoppedBehind(nodeRed, sender, 0), 'function "mend me" (disabled)');
    assert.equal(stoppedBehind(nodeRed, sender, 1), "unknown (not running)");
    assert.equal(stoppedBehind(nodeRed, sender, 2), "");
  });

  it("loses a message when none of its nodes runs, whatever other outputs do", () => {
    const one = { _msgid: "one" };
    const two = { _msgid: "two" };
    const event = (msg: typeof one, port: number, id: string): SendEvent => ({
      msg,
      source: { node: sender, port },
      destination: { id },
    });

    const lost = undelivered([
      event(one, 0, "runs"),
      event(one, 0, "off"),
      event(two, 1, "off"),
      event(two, 1, "unknown"),
    ]);

    assert.deepEqual(
      lost.map(({ event: { msg, source }, isPartly }) => [msg._msgid, source.port, isPartly]),
      [
        ["one", 0, true],
        ["two", 1, false],
      ],
    );
  });
});
