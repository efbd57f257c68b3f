/** Who holds a run, and runs that end together. */
import assert from "node:assert/strict";
import { leave } from "../../../src/completion/leaving";
import { Pending, Run } from "../../../src/completion/run";

describe("a run", () => {
  const run = (): Run => new Run("id", () => undefined);
  const node = (id: string) => ({ id, type: "function", name: id });

  it("is held by the node that has held it longest", () => {
    const one = run();
    const pending = ["a", "b", "c"].map((id) => new Pending(one, node(id), undefined, true));
    for (const each of pending) one.add(each);
    const [a, b, c] = pending as [Pending, Pending, Pending];

    assert.equal(one.heldBy, 'function "a"');
    one.remove(b);
    one.remove(a);
    assert.equal(one.heldBy, 'function "c"');
    assert.equal(one.heldSince, c.since);
    one.remove(c);
    assert.equal(one.heldBy, "");
    assert.equal(one.heldSince, undefined);
    assert.equal(one.isIdle, true);
  });

  it("is passed on while every node that has something of it leaves that to its successor", () => {
    const [one, passing, another] = [run(), node("a"), node("b")];
    const pending = [passing, another].map((each) => new Pending(one, each, undefined, true));
    assert.equal(one.isPassedOn, false, "nobody has anything of it");
    for (const each of pending) one.add(each);

    leave(passing, "passes-on");
    assert.equal(one.isPassedOn, false);
    leave(another, "passes-on");
    assert.equal(one.isPassedOn, true);
  });

  it("keeps a failure when a node is stopped afterwards", () => {
    const one = run();
    one.fail(node("a"), "boom");
    one.abandon(node("b"));

    assert.deepEqual(one.failure, { kind: "failed", node: 'function "a"', reason: "boom" });
  });

  it("never waits for itself, over however many joins", () => {
    const [one, two, three] = [run(), run(), run()];
    two.joinInto(one);
    three.joinInto(two);
    one.joinInto(three);

    assert.equal(one.joinedInto, undefined);
    assert.equal(three.joinedInto, two);
  });
});
