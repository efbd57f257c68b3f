/** What becomes of events and requests: held, given up, unwanted, waiting; and a good day. */
import { broadcastExchange, worker } from "../../../src/regards/services";
import { code, ORDERS } from "../../consume/stage";
import { exchangeOf } from "../../simulator/wire";
import { TcpProxy } from "../../support/tcp-proxy";
import type { FlowNode } from "../../support/test-node-red";
import { tab } from "../flows";
import type { Cause } from "./cause";
import type { StatusWorld } from "./status-world";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WORKERS = broadcastExchange("regards", worker.eventClass);
const TENANT = { "regards.tenant": "project1" };
/** So short that the node looks around ten times a second. */
const OFTEN = { deadline: 0.01 };
const orderOut: FlowNode = {
  id: "out",
  type: "regards-order-out",
  z: "tab",
  broker: "broker",
  ...{ user: "me", userType: "str" },
  wires: [[], [], []],
};

export const OF_EVENTS: readonly Cause[] = [
  { keys: ["in-flight"], says: /^2 in progress$/, make: (world) => world.hold(2) },
  { keys: ["live", "just-now"], says: /^1 · GRANTED just now$/, make: (world) => lived(world) },
  { keys: ["minutes-ago"], says: /^1 · GRANTED 2 min ago$/, make: (world) => lived(world, 2 * MINUTE) },
  { keys: ["hours-ago"], says: /^1 · GRANTED 3 h ago$/, make: (world) => lived(world, 3 * HOUR) },
  { keys: ["days-ago"], says: /^1 · GRANTED 2 d ago$/, make: (world) => lived(world, 50 * HOUR) },
  {
    keys: ["unrecognised"],
    says: /^1 · other \/ unreadable just now$/,
    make: async (world) => {
      await world.show({ wires: [[], [], [], [], [], ["seen"]] }, {}, [code("seen", "return null;")]);
      await world.publishFor({}, "no event", ORDERS, 1);
    },
  },
  {
    keys: ["held"],
    says: /^held 13 min by function "slow"$/,
    make: async (world) => {
      await holding(world, "slow");
      await world.later(13 * MINUTE);
    },
  },
  {
    keys: ["held-hours"],
    says: /^held 3 h by function "slow"$/,
    make: async (world) => {
      await holding(world, "slow");
      await world.later(3 * HOUR);
    },
  },
  {
    keys: ["the-flow"],
    says: /^held 13 min by the flow$/,
    make: async (world) => {
      await world.show({ ...OFTEN, settle: "manual" });
      await world.stage.untilReading();
      await world.stage.publish([1]);
      await world.nodeRed.untilMessages("first", 1);
      await world.nodeRed.release("first");
      await world.later(13 * MINUTE);
    },
  },
  {
    keys: ["given-up"],
    says: /^3 given up$/,
    make: async (world) => {
      await failing(world);
      await world.stage.publish([1, 2, 3]);
    },
  },
  {
    keys: ["dead-letters-stuck"],
    says: /^cannot keep given-up: .*locked/,
    make: async (world) => {
      await failing(world);
      const dead = `${world.queue}.dead`;
      await world.console.deleteQueue(dead, world.stage.vhost.vhost);
      await (await world.stranger()).assertQueue(dead, { exclusive: true });
      await world.stage.publish([1]);
    },
  },
  {
    keys: ["nothing-wanted", "condition.tenant"],
    says: /^0 of 20 wanted: tenant\?$/,
    make: async (world) => {
      await world.show({}, { tenant: "project2" });
      await world.publishFor(TENANT, { status: "DONE", orderId: 1 });
    },
  },
  {
    keys: ["condition.correlation"],
    says: /^0 of 20 wanted: correlation id\?$/,
    make: async (world) => {
      await world.show({ correlationType: "prefix", correlation: "mine-" });
      await world.publishFor(TENANT, { status: "DONE", orderId: 1, correlationId: "theirs" });
    },
  },
  {
    keys: ["condition.owner"],
    says: /^0 of 20 wanted: owner\?$/,
    make: (world) => unwantedOfWorkers(world, { owner: "me" }),
  },
  {
    keys: ["condition.content-type"],
    says: /^0 of 20 wanted: content type\?$/,
    make: (world) => unwantedOfWorkers(world, { contentType: "sentinel" }),
  },
  {
    keys: ["waiting-node"],
    says: /^waiting for function "unzip" \(disabled\)$/,
    make: async (world) => {
      const unzip = { ...code("unzip", "return null;"), d: true };
      await world.show({ wires: [["unzip"], [], [], [], [], []] }, {}, [unzip]);
      await world.stage.untilReading();
      await world.stage.publish([1]);
    },
  },
  {
    keys: ["paused", "pause.missing-type"],
    says: /^paused: a node type is missing$/,
    make: async (world) => {
      await world.show();
      await world.stage.untilReading();
      await world.nodeRed.redeploy(
        { strange: { type: "no-such-type", z: "tab", wires: [] } },
        { incomplete: true },
      );
    },
  },
  {
    keys: ["pause.stopped"],
    says: /^paused: flows are stopped$/,
    make: async (world) => {
      await world.show();
      await world.stage.untilReading();
      await turn(world, "stop");
      world.after(() => turn(world, "start"));
    },
  },
  {
    keys: ["blocked"],
    says: /^blocked by the broker$/,
    node: "out",
    make: async (world) => {
      const exchange = exchangeOf("regards", "orderRequest");
      await world.stage.channel.assertExchange(exchange, "fanout", { durable: true });
      await world.nodeRed.deploy([tab, world.stage.broker({ tenant: "project1" }), orderOut]);
      await world.status("out", /^connected$/);
      await world.console.setMemoryAlarm(true);
      world.after(() => world.console.setMemoryAlarm(false));
      await order(world);
    },
  },
  {
    keys: ["outbox"],
    says: /^1 waiting to leave$/,
    node: "out",
    make: async (world) => {
      const proxy = await TcpProxy.start(world.stage.vhost);
      world.after(() => proxy.close());
      await world.nodeRed.deploy([
        tab,
        world.stage.broker({ hosts: `127.0.0.1:${proxy.port}`, tenant: "project1" }),
        orderOut,
      ]);
      await world.status("out", /^connected$/);
      proxy.freeze();
      await order(world);
    },
  },
];

/** An event has come and gone, so long ago. */
async function lived(world: StatusWorld, ago = 0): Promise<void> {
  await world.hold(1, OFTEN);
  await world.nodeRed.release("first");
  await world.status("in", /^1 · GRANTED just now$/);
  if (ago > 0) await world.later(ago);
}

/** A node of that name has an event and does not finish. */
async function holding(world: StatusWorld, name: string): Promise<void> {
  const slow = { ...code("slow", "node.status({ text: 'begun' }); await new Promise(() => {});"), name };
  await world.show({ ...OFTEN, wires: [["slow"], [], [], [], [], []] }, {}, [slow]);
  await world.stage.untilReading();
  await world.stage.publish([1]);
  await world.status("slow", /^begun$/);
}

async function failing(world: StatusWorld): Promise<void> {
  const fails = code("fails", "throw new Error('no');");
  await world.show({ attempts: 1, wires: [["fails"], [], [], [], [], []] }, {}, [fails]);
  await world.stage.untilReading();
}

async function unwantedOfWorkers(world: StatusWorld, filter: object): Promise<void> {
  await world.stage.channel.assertExchange(WORKERS, "fanout", { durable: true });
  const wires = [["first"], [], [], [], [], [], []];
  await world.show({ type: "regards-worker-in", wires, ...filter });
  const headers = { ...TENANT, "regards.request.content_type": "other" };
  const body = { state: "GRANTED", requestId: "r", requestOwner: "somebody", messages: [] };
  await world.publishFor(headers, body, WORKERS);
}

async function order(world: StatusWorld): Promise<void> {
  await world.nodeRed.inject("out", { payload: ["P1"] });
}

async function turn(world: StatusWorld, state: "start" | "stop"): Promise<void> {
  await world.nodeRed.fetch("flows/state", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ state }),
  });
}
