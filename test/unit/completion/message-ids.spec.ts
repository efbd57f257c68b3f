/** Whose a message is, by its id. */
import assert from "node:assert/strict";
import { MessageIds } from "../../../src/completion/message-ids";
import { EndedRun, Run } from "../../../src/completion/run";

describe("the ids of messages", () => {
  const run = (id: string): Run => new Run(id, () => undefined);

  it("lead to the run of the event, and of what was made of it, also when it is over", () => {
    const ids = new MessageIds();
    const one = run("one");
    ids.begin(one);
    ids.join("made", one);

    assert.equal(ids.ownerOf("one"), one);
    assert.equal(ids.ownerOf("made"), one);

    const ended = new EndedRun(1, 1_000, one.notWaitedFor);
    ids.end(one, ended);
    assert.deepEqual(ids.ownerOf("one"), ended);
    assert.deepEqual(ids.ownerOf("made"), ended);
  });

  it("of strangers are known and lead to no run", () => {
    const ids = new MessageIds();
    ids.seenOutside("stranger");

    assert.equal(ids.ownerOf("stranger"), null);
    assert.equal(ids.ownerOf("new"), undefined);
  });

  it("are remembered for ten thousand others, and not for ever", () => {
    const ids = new MessageIds();
    ids.seenOutside("early");
    for (let each = 0; each < 10_000; each += 1) ids.seenOutside(`a${each}`);
    assert.equal(ids.ownerOf("early"), null);

    for (let each = 0; each < 10_000; each += 1) ids.seenOutside(`b${each}`);

    assert.equal(ids.ownerOf("early"), undefined);
    assert.equal(ids.ownerOf("b0"), null);
  });

  it("of runs that are over are each found, for ten thousand others and not for ever", () => {
    const ids = new MessageIds();
    const numberOf = (id: string): number | undefined => (ids.ownerOf(id) as EndedRun | undefined)?.number;
    for (let number = 0; number < 20_000; number += 1) {
      const each = run(number.toString(16).padStart(16, "0"));
      ids.begin(each);
      ids.end(each, new EndedRun(number, 0, each.notWaitedFor));
    }

    for (let number = 0; number < 20_000; number += 1) {
      assert.equal(numberOf(number.toString(16).padStart(16, "0")), number);
    }
    const next = run("next");
    ids.begin(next);
    ids.end(next, new EndedRun(20_000, 0, next.notWaitedFor));
    assert.equal(numberOf("0".padStart(16, "0")), undefined);
    assert.equal(numberOf("next"), 20_000);
    assert.equal(numberOf((19_999).toString(16).padStart(16, "0")), 19_999);
  });

  it("may be anything a flow has made of them", () => {
    const ids = new MessageIds();
    const one = run("one");
    ids.begin(one);
    for (const id of [undefined, null, 5, {}, Object.create(null), Symbol("id")] as unknown as string[]) {
      ids.join(id, one);
      assert.equal(ids.ownerOf(id), one);
    }
    ids.end(one, new EndedRun(1, 0, one.notWaitedFor));

    for (const id of [undefined, null, 5, {}, Object.create(null), Symbol("id")] as unknown as string[]) {
      assert.equal(ids.ownerOf(id), undefined);
      assert.equal(ids.seenOutside(id), true);
    }
  });

  it("of a run that goes on are never forgotten", () => {
    const ids = new MessageIds();
    const one = run("one");
    ids.begin(one);
    ids.join("made", one);
    for (let each = 0; each < 30_000; each += 1) ids.seenOutside(`a${each}`);

    assert.equal(ids.ownerOf("made"), one);
  });
});
