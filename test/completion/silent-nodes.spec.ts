/** Nodes that never tell when they are done, or tell what is not so. */
import assert from "node:assert/strict";
import type { FlowNode, LogEntry } from "../support/test-node-red";
import { untilValue } from "../support/until";
import { code } from "./failures";
import { type CompletionStage, completionStage } from "./stage";

const FINISHED = "finished";

const first = (type: string, properties: Readonly<Record<string, unknown>> = {}): FlowNode => ({
  id: "first",
  type,
  z: "tab",
  wires: [["gate"]],
  ...properties,
});

for (const version of [5, 4] as const) {
  describe(`a node that does not tell when it is done, Node-RED ${version}`, function () {
    this.timeout(30_000);
    let stage: CompletionStage;

    before(async () => {
      stage = await completionStage(version);
    });

    after(() => stage.nodeRed.deploy([]));

    it("is named alone, once, when it sends too late, and from then on its events wait for what it sends", async () => {
      await stage.deploy([
        first("test-silent-a", { wires: [["behind"]] }),
        code("behind", "setTimeout(() => { node.send(msg); node.done(); }, 20);", { wires: [["gate"]] }),
      ]);

      await stage.sends(["first"]);
      assert.deepEqual(await stage.untilEnded(), [FINISHED], "nobody can know");
      await stage.nodeRed.nextMessage("gate");
      await stage.nodeRed.release("gate", 1);
      assert.deepEqual(warned(), ["first"]);

      await stage.sends(["second"]);
      await stage.nodeRed.nextMessage("gate");
      assert.deepEqual(await stage.outcomes(), [FINISHED, undefined], "while only the gate holds it");
      await stage.nodeRed.release("gate", 1);
      assert.deepEqual(await stage.untilEnded(), [FINISHED, FINISHED]);
      assert.deepEqual(warned(), ["first"]);
    });

    it("is known by its first late error too, and its errors count from then on", async () => {
      await stage.deploy([first("test-silent-b")]);
      await stage.sends(["bad"]);
      assert.deepEqual(await stage.untilEnded(), [FINISHED], "nobody can know");
      await stage.nodeRed.untilLog(({ level, id }) => level === "error" && id === "first");

      await stage.sends(["bad"]);

      assert.deepEqual(await stage.untilEnded(), [FINISHED, "failed: no such table"]);
      assert.deepEqual(warned(), ["first"]);
    });

    it("is followed to a new message that it makes, once it is known", async () => {
      await stage.deploy([first("test-silent-c")]);
      await stage.sends(["first"]);
      await stage.nodeRed.nextMessage("gate");

      await stage.sends(["new"]);

      await stage.nodeRed.nextMessage("gate", { where: ({ payload }) => payload === "made" });
      assert.deepEqual(await stage.outcomes(), [FINISHED, undefined]);
      await stage.nodeRed.release("gate", 2);
      assert.deepEqual(await stage.untilEnded(), [FINISHED, FINISHED]);
    });

    it("is waited for when its output is not wired, once it is known", async () => {
      await stage.deploy([first("test-silent-d")]);
      await stage.sends(["first"]);
      await stage.nodeRed.nextMessage("gate");
      await stage.deploy([first("test-silent-d", { wires: [[]] })]);

      await stage.sends(["second"]);

      await untilHeldBy("test-silent-d", 0);
      assert.deepEqual(await stage.untilEnded(), [FINISHED]);
    });

    it("of a type known from the start is followed from its first event on", async () => {
      await stage.deploy([first("sqlite")]);

      await stage.sends(["event"]);

      await stage.passes(1);
      assert.deepEqual(warned(), []);
    });

    it("and stores messages is known when it sends the first", async () => {
      await stage.deploy([first("test-store")]);
      await stage.sends(["one"]);
      assert.deepEqual(await stage.untilEnded(), [FINISHED], "nobody can know");
      await stage.stranger("first", { payload: "open" });
      await stage.nodeRed.nextMessage("gate");

      await stage.sends(["two"]);

      await untilHeldBy("test-store", 1);
      await stage.stranger("first", { payload: "open" });
      await stage.nodeRed.nextMessage("gate");
      assert.deepEqual(await stage.outcomes(), [FINISHED, undefined]);
      await stage.nodeRed.release("gate", 2);
      assert.deepEqual(await stage.untilEnded(), [FINISHED, FINISHED]);
    });

    for (const type of ["cronplus", "uibuilder"]) {
      it(`of the type ${type} counts as finished when its handler returns`, async () => {
        await stage.deploy([first(type)]);

        await stage.sends(["event"]);

        assert.deepEqual(await stage.untilEnded(), [FINISHED]);
      });
    }

    it("and takes `done` is waited for, unless its type is among those not to be waited for", async () => {
      await stage.deploy([first("test-never")]);

      await stage.sends(["waited for"]);
      await stage.sends(["not waited for"], ["test-never"]);

      const isOver = ([, other]: readonly unknown[]): boolean => other === FINISHED;
      const outcomes = await untilValue(() => stage.outcomes(), isOver, { what: "the other event to end" });
      assert.deepEqual(outcomes, [undefined, FINISHED]);
    });

    it("of the type uibuilder that forwards is waited for", async () => {
      await stage.deploy([first("uibuilder", { fwdInMessages: true })]);

      await stage.sends(["event"]);

      await untilHeldBy("uibuilder", 0);
    });

    async function untilHeldBy(type: string, event: number): Promise<void> {
      await untilValue(
        () => stage.seen(),
        (all) => all[event]?.heldBy === type,
        { what: `${type} to hold it` },
      );
    }

    /** The nodes that were warned of, in order. */
    function warned(): (string | undefined)[] {
      const isWarning = ({ level, msg }: LogEntry): boolean =>
        level === "warn" && msg.includes("counted as finished");
      return stage.nodeRed.logs.filter(isWarning).map(({ id }) => id);
    }
  });
}
