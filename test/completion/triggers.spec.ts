/** Nodes that say they are done before they send: an event stays open until the node has sent, or never will. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:net";
import type { FlowNode } from "../support/test-node-red";
import { untilValue } from "../support/until";
import { type CompletionStage, completionStage } from "./stage";

/** A trigger whose timer takes 150 ms. */
function trigger(properties: Readonly<Record<string, unknown>>): FlowNode {
  return {
    id: "first",
    type: "trigger",
    z: "tab",
    op1: "1",
    op2: "0",
    op1type: "nul",
    op2type: "payl",
    duration: "150",
    extend: false,
    overrideDelay: false,
    units: "ms",
    reset: "",
    bytopic: "all",
    topic: "topic",
    outputs: 1,
    wires: [["gate"]],
    ...properties,
  };
}

const FINISHED = "finished";

for (const version of [5, 4] as const) {
  describe(`an event in a trigger node, Node-RED ${version}`, function () {
    this.timeout(30_000);
    let stage: CompletionStage;

    before(async () => {
      stage = await completionStage(version);
    });

    after(() => stage.nodeRed.deploy([]));

    for (const [title, properties, count] of [
      ["sends nothing, then the latest", {}, 1],
      ["sends nothing, then the latest, extended", { extend: true }, 1],
      ["sends nothing, then the original payload", { op2type: "pay" }, 1],
      ["sends nothing, then a text", { op2type: "str", op2: "text" }, 1],
      ["sends the payload now, and the latest later", { op1type: "pay" }, 2],
      [
        "sends a text now, and another later by its second output",
        { op1type: "str", op2type: "str", outputs: 2, wires: [["gate"], ["gate"]] },
        2,
      ],
      ["sends once, and blocks for a while", { op1type: "pay", op2type: "nul" }, 1],
      ["sends once, and blocks until it is reset", { op1type: "pay", duration: "0" }, 1],
      ["has a timer for each topic", { bytopic: "topic" }, 1],
    ] as const) {
      it(`is open until the last message is through, when it ${title}`, async () => {
        await stage.deploy([trigger(properties)]);

        await stage.sends(["event"]);

        await stage.passes(count);
      });
    }

    it("that is reset ends with the reset", async () => {
      await stage.deploy([trigger({ duration: "60000" })]);
      await stage.sends(["event"]);
      await untilHeld(1);

      await stage.stranger("first", { reset: true });

      assert.deepEqual(await stage.untilEnded(), [FINISHED]);
    });

    it("and those that replaced it end when the timer fires, and the latest when it has been through", async () => {
      await stage.deploy([trigger({ extend: true })]);

      await stage.sends(["one", "two", "three"]);

      const message = await stage.nodeRed.nextMessage("gate");
      assert.equal(message.payload, "three");
      await untilValue(
        () => stage.outcomes(),
        ([one, two]) => one === FINISHED && two === FINISHED,
        { what: "the replaced ones to end" },
      );
      assert.deepEqual(await stage.outcomes(), [FINISHED, FINISHED, undefined]);
      await stage.nodeRed.release("gate", 1);
      assert.deepEqual(await stage.untilEnded(), [FINISHED, FINISHED, FINISHED]);
    });

    it("that is dropped, because another's timer runs, ends at once", async () => {
      await stage.deploy([trigger({ op2type: "pay", duration: "60000" })]);

      await stage.sends(["first", "dropped", "dropped too"]);

      const isRight = ([, one, two]: readonly unknown[]): boolean => one === FINISHED && two === FINISHED;
      const outcomes = await untilValue(() => stage.outcomes(), isRight, { what: "the dropped ones to end" });
      assert.deepEqual(outcomes, [undefined, FINISHED, FINISHED]);
      assert.equal((await stage.seen())[0]?.heldBy, "trigger");
    });

    it("that a stranger's timer is going to send stays open until that has fired", async () => {
      await stage.deploy([trigger({ duration: "300" })]);
      await stage.stranger("first", { payload: "stranger" });

      await stage.sends(["event"]);

      await stage.passes(1);
    });

    it("that sends every so often until it is reset ends with its first message", async () => {
      await stage.deploy([trigger({ op1type: "pay", op2type: "nul", duration: "-60000" })]);

      await stage.sends(["event"]);

      await stage.passes(1);
    });

    it("comes again when the trigger is redeployed before it has sent", async () => {
      await stage.deploy([trigger({ duration: "60000" })]);
      await stage.sends(["event"]);
      await untilHeld(1);

      await stage.deploy([trigger({ duration: "50000" })], "nodes");

      assert.deepEqual(await stage.untilEnded(), ["abandoned"]);
    });

    async function untilHeld(count: number): Promise<void> {
      await untilValue(
        () => stage.seen(),
        (all) => all.filter(({ heldBy }) => heldBy === "trigger").length === count,
        { what: "the trigger to hold it" },
      );
    }
  });

  describe(`an event in a tcp request node, Node-RED ${version}`, function () {
    this.timeout(30_000);
    let stage: CompletionStage;
    let server: Server;

    before(async () => {
      stage = await completionStage(version);
      server = createServer((socket) => {
        socket.on("error", () => undefined);
        socket.on("data", () => setTimeout(() => socket.write("answer\n"), 200));
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
    });

    after(async () => {
      await stage.nodeRed.deploy([]);
      server.close();
    });

    for (const [title, out, splitc] of [
      ["a number of characters", "count", "6"],
      ["a character", "char", "\\n"],
      ["some time", "time", "50"],
    ] as const) {
      it(`is open until the answer is through, when the node waits for ${title}`, async () => {
        const { port } = server.address() as AddressInfo;
        const properties = { server: "127.0.0.1", port: `${port}`, out, splitc, ret: "string", tls: "" };
        await stage.deploy([
          {
            id: "first",
            type: "tcp request",
            z: "tab",
            ...properties,
            newline: "",
            trim: false,
            wires: [["gate"]],
          },
        ]);

        await stage.sends(["question"]);

        await stage.passes(1);
      });
    }
  });
}
