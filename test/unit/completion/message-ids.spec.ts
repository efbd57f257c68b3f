/** Whose a message is, by its id. */
import assert from "node:assert/strict";
import { MessageIds } from "../../../src/completion/message-ids";
import { Run } from "../../../src/completion/run";

describe("the ids of messages", () => {
  const run = (id: string): Run => new Run(id, () => undefined);

  it("lead to the run of the event, and of what was made of it, also when it is over", () => {
    const ids = new MessageIds();
    const one = run("one");
    ids.begin(one);
    ids.join("made", one);

    assert.equal(ids.runOf("one"), one);
    assert.equal(ids.runOf("made"), one);
    ids.end(one);
    assert.equal(ids.runOf("one"), one);
    assert.equal(ids.runOf("made"), one);
  });

  it("of strangers are known and lead to no run", () => {
    const ids = new MessageIds();
    ids.seenOutside("stranger");

    assert.equal(ids.isKnown("stranger"), true);
    assert.equal(ids.runOf("stranger"), undefined);
    assert.equal(ids.isKnown("new"), false);
  });

  it("are remembered for ten thousand others, and not for ever", () => {
    const ids = new MessageIds();
    ids.seenOutside("early");
    for (let each = 0; each < 10_000; each += 1) ids.seenOutside(`a${each}`);
    assert.equal(ids.isKnown("early"), true);

    for (let each = 0; each < 10_000; each += 1) ids.seenOutside(`b${each}`);

    assert.equal(ids.isKnown("early"), false);
    assert.equal(ids.isKnown("b0"), true);
  });

  it("of a run that goes on are never forgotten", () => {
    const ids = new MessageIds();
    const one = run("one");
    ids.begin(one);
    ids.join("made", one);
    for (let each = 0; each < 30_000; each += 1) ids.seenOutside(`a${each}`);

    assert.equal(ids.runOf("made"), one);
  });
});
