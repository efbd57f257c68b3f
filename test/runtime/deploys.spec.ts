/** What a deploy changes for events, and what it does not: wires, missing types, work under way, subflows. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ConsumeStage, code, DEAD, inNode, ORDERS, probe, QUEUE, upTo } from "../consume/stage";
import { ownQueue, tab } from "../nodes/flows";
import { edited, inside, subflow } from "../support/flow-edits";
import { needsPrivateBroker } from "../support/shared-rabbitmq";
import type { FlowNode } from "../support/test-node-red";
import { untilValue } from "../support/until";

describe("an event and a deploy", function () {
  this.timeout(60_000);
  let stage: ConsumeStage;

  before(function () {
    needsPrivateBroker(this);
  });

  beforeEach(async () => {
    stage = await ConsumeStage.set();
  });

  afterEach(() => stage.strike());

  it("a wire that a Modified Nodes deploy adds is used, and one that it takes away is not (B1)", async () => {
    await stage.deploy([inNode(), probe("first"), probe("done"), probe("strange")]);
    const consumers = () => stage.vhost.broker.console.consumers(stage.vhost.vhost);
    const before = await consumers();

    await stage.redeploy({ in: { wires: [["first"], [], ["done"], [], [], ["strange"]] } });
    await stage.publish([1], { status: "DONE" });
    await stage.publish([2], { status: "NEVER_HEARD_OF" });
    await stage.nodeRed.nextMessage("done");
    await stage.nodeRed.nextMessage("strange");
    await stage.untilSettled();

    await stage.redeploy({ in: { wires: [["first"], [], [], [], [], []] } });
    await stage.publish([3], { status: "DONE" });
    await stage.publish([4], { status: "NEVER_HEARD_OF" });
    await stage.untilQueue(DEAD, { ready: 1 });
    await stage.untilSettled();

    assert.deepEqual(stage.ids("done"), [1]);
    assert.deepEqual(await consumers(), before, "the node was not restarted");
  });

  it("with a node type missing events go back after some seconds, said so, and come when it is there (B7)", async () => {
    await stage.deploy([inNode(), { ...probe("first"), hold: true }]);
    await stage.publish([1]);
    await stage.nodeRed.nextMessage("first");

    const missing = { type: "no-such-type", z: "tab", wires: [] };
    await stage.redeploy({ strange: missing }, { incomplete: true });
    await stage.publish([2, 3]);

    await stage.nodeRed.untilStatus("in", ({ text }) => text === "paused: a node type is missing");
    await stage.untilQueue(QUEUE, { ready: 2, unacked: 1, consumers: 0 });
    await stage.nodeRed.release("first", 1);
    await stage.untilQueue(QUEUE, { ready: 2, unacked: 0 });

    await stage.redeploy({ strange: undefined });
    await stage.nodeRed.untilMessages("first", 3);
    await stage.nodeRed.release("first", 2);
    await stage.untilSettled();
    assert.deepEqual(stage.ids("first").sort(), [1, 2, 3]);
  });

  it("four deploys are no attempts, and the fifth hand-out is the first attempt still, on both kinds of queue (B9)", async () => {
    const flow = (queueType: string, id: string, gate: string) => [
      inNode({ id, queue: `nodered.${queueType}`, queueType, wires: [[gate], [], [], [], [], []] }),
      { ...probe(gate), hold: true },
    ];
    const gates = ["first", "second"];
    await stage.deploy([...flow("quorum", "in", "first"), ...flow("classic", "in-2", "second")]);
    await stage.untilReading("in-2");
    await stage.publish([1]);

    for (const [index, type] of (["nodes", "full", "flows", "full"] as const).entries()) {
      for (const gate of gates) {
        await stage.nodeRed.untilMessages(gate, index + 1);
      }
      const name = `${type} ${index}`;
      await stage.redeploy({ first: { name }, second: { name } }, { type, timeout: 20_000 });
    }

    for (const gate of gates) {
      const messages = await stage.nodeRed.untilMessages(gate, 5);
      const regards = messages.map((message) => message.regards as Regards);
      assert.deepEqual(
        regards.map(({ attempt, redelivered }) => [attempt, redelivered]),
        Array(5).fill([1, false]),
      );
      await stage.nodeRed.release(gate, 1);
    }
    for (const queueType of ["quorum", "classic"]) {
      await stage.untilQueue(`nodered.${queueType}`, { ready: 0, unacked: 0 });
    }
  });

  describe("while a request is under way", () => {
    let server: Server;
    let url: string;
    let asked: ServerResponse[];

    beforeEach(async () => {
      asked = [];
      server = createServer((_request, response) => asked.push(response)).listen(0, "127.0.0.1");
      await once(server, "listening");
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    });

    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });

    for (const type of ["nodes", "full"] as const) {
      it(`a deploy (${type}) repeats no work that ends within five seconds: 5 requests for 5 events (q10)`, async () => {
        await stage.deploy([inNode(), request(url), probe("after")]);
        await stage.publish(upTo(5));
        await untilValue(
          () => asked.length,
          (count) => count === 5,
          { what: "five requests" },
        );

        const deployed = stage.redeploy({ first: { name: "edited" } }, { type, timeout: 20_000 });
        // The deploy is under way when the answers come.
        await stage.nodeRed.untilLog(({ msg }) => /^Stopping/.test(msg));
        for (const response of asked) {
          response.end("done");
        }
        await deployed;
        await stage.untilReading();
        await stage.untilSettled();

        assert.equal(asked.length, 5);
        assert.equal((await stage.queue(DEAD))?.ready, 0);
      });
    }
  });

  it("Selection to Subflow leaves the old queue unbound and says what waits in it (q9)", async () => {
    const nodes = [inNode({ queue: "" }), { ...probe("first"), hold: true }];
    await stage.deploy(nodes, {});
    const old = await ownQueue(stage.nodeRed, "nodered.all.order", "in");
    await stage.publish(upTo(12));
    await stage.nodeRed.untilMessages("first", 10);

    await stage.nodeRed.deploy(
      [
        tab,
        stage.broker(),
        ...subflow("sub", nodes),
        { id: "inst", type: "subflow:sub", z: "tab", wires: [] },
      ],
      { timeout: 30_000 },
    );
    await stage.untilReading(inside("inst", "in"));

    await stage.nodeRed.untilLog(
      ({ level, msg }) => level !== "debug" && msg.includes(old) && /\(12\): it was not deleted/.test(msg),
    );
    const bindings = await stage.vhost.broker.console.bindings(stage.vhost.vhost);
    const bound = bindings
      .filter(({ source_name: source }) => source === ORDERS)
      .map((each) => each.destination_name);
    assert.deepEqual(bound, [await ownQueue(stage.nodeRed, "nodered.all.order", "inst-in")]);
  });

  it("a node in a subflow in a subflow keeps its queue while its tab is disabled, and gets what came meanwhile", async () => {
    const nested = [{ id: "nested", type: "subflow:inner", z: "tab", wires: [] }];
    await stage.nodeRed.deploy([
      tab,
      stage.broker(),
      ...subflow("inner", [inNode(), probe("first")]),
      ...subflow("outer", nested),
      { id: "inst", type: "subflow:outer", z: "tab", wires: [] },
    ]);
    await stage.untilReading("inst-nested-in");

    await stage.redeploy({ tab: { disabled: true } });
    await stage.untilQueue(QUEUE, { consumers: 0 });
    // Long enough for a queue that is left to be gone.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await stage.publish([1, 2]);
    await stage.untilQueue(QUEUE, { ready: 2 });
    await stage.redeploy({ tab: { disabled: false } });

    await stage.nodeRed.untilMessages("inst-nested-first", 2);
  });

  it("a node that is deleted while it is disabled leaves its queue: nothing fills it any more (q9)", async () => {
    await stage.deploy([inNode(), probe("first")]);
    await stage.redeploy({ in: { d: true } });
    await stage.publish([1, 2]);
    await stage.untilQueue(QUEUE, { ready: 2 });

    await stage.redeploy({ in: undefined });

    await stage.nodeRed.untilLog(
      ({ level, msg }) => level !== "debug" && /\(2\): it was not deleted/.test(msg),
    );
    await stage.publish([3]).catch(() => undefined);
    await stage.untilQueue(QUEUE, { ready: 2 });
  });

  it("two instances of a subflow with one queue and a filter each: the second is refused, in red (q12)", async () => {
    const nodes = [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: for Node-RED to fill in
      inNode({ correlationType: "prefix", correlation: "${P}", wires: [[], [], [], [], [], []] }),
    ];
    const env = [{ name: "P", type: "str", value: "" }];
    const instance = (id: string, value: string): FlowNode => ({
      ...{ id, type: "subflow:sub", z: "tab", wires: [] },
      env: [{ name: "P", type: "str", value }],
    });
    const flows = [
      tab,
      stage.broker(),
      ...subflow("sub", nodes, { env }),
      instance("a", "x-"),
      instance("b", "y-"),
    ];

    await stage.nodeRed.deploy(flows);

    await stage.untilReading(inside("a", "in"));
    await stage.nodeRed.untilStatus(inside("b", "in"), ({ fill }) => fill === "red");
    await stage.nodeRed.untilLog(({ level, msg }) => level === "error" && msg.includes(`Queue ${QUEUE}`));
    await stage.nodeRed.deploy(edited(flows, { b: { env: [{ name: "P", type: "str", value: "x-" }] } }));
    await stage.untilReading(inside("b", "in"));
  });

  it("a function that throws after its handler has returned fails its attempt at the deadline (q13)", async () => {
    const func = "setTimeout(() => { throw new Error('too late'); node.done(); }, 10);";
    await stage.deploy([inNode({ attempts: 1, deadline: 0.01 }), code("first", func)]);

    await stage.publish([1]);

    const [letter] = await stage.letters(1);
    assert.match(String(letter?.properties.headers?.["regards-flow.reason"]), /too late/);
  });
});

interface Regards {
  readonly attempt: number;
  readonly redelivered: boolean;
}

function request(url: string): FlowNode {
  const settings = {
    method: "POST",
    ret: "txt",
    paytoqs: "ignore",
    url,
    tls: "",
    persist: false,
    senderr: false,
  };
  return { id: "first", type: "http request", z: "tab", ...settings, wires: [["after"]] };
}
