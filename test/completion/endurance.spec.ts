/** Many events through a flow of random delays, random errors and random crashes: none lost, none in doubt. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ChannelModel, type ConfirmChannel, connect } from "amqplib";
import { broadcastExchange, order } from "../../src/regards/services";
import { brokerNode, tab } from "../nodes/flows";
import { startNodeRed } from "../support/node-red";
import { sharedNodeRed } from "../support/shared-node-red";
import { type FreshVhost, freshVhost } from "../support/shared-rabbitmq";
import type { FlowNode, TestNodeRed } from "../support/test-node-red";
import { untilValue } from "../support/until";

const EVENTS = 20_000;
const KILLS = 20;
const AT_ONCE = 100;
const EXCHANGE = broadcastExchange("regards", order.eventClass);
const QUEUE = "nodered.endurance";
const DEAD = `${QUEUE}.dead`;

describe("twenty thousand events through five nodes with random delays, errors and asynchronous functions", function () {
  this.timeout(300_000);
  let vhost: FreshVhost;
  let connection: ChannelModel;
  let channel: ConfirmChannel;

  beforeEach(async () => {
    vhost = await freshVhost();
    connection = await connect(vhost.url);
    channel = await connection.createConfirmChannel();
    await channel.assertExchange(EXCHANGE, "fanout", { durable: true });
  });

  afterEach(async () => {
    await connection.close();
    await vhost.drop();
  });

  it("are each accepted once or kept in the dead-letter queue, and never more than maxInFlight are held", async () => {
    const nodeRed = await sharedNodeRed();
    try {
      await nodeRed.deploy(flow(vhost));
      await nodeRed.untilStatus("in", ({ code }) => code === "connected");

      const publishing = publish(0, EVENTS);
      let mostHeld = 0;
      const state = async () => {
        const queue = await vhost.broker.console.queue(QUEUE, vhost.vhost);
        mostHeld = Math.max(mostHeld, queue?.unacked ?? 0);
        return queue;
      };
      await publishing;
      await untilValue(state, (queue) => queue?.ready === 0 && queue.unacked === 0, {
        what: "the queue to be empty",
        timeout: 240_000,
      });

      const handled = nodeRed.messages("probe").map(({ id }) => Number(id));
      const dead = await deadIds();
      assert.equal(new Set(handled).size, handled.length, "no event was handled twice");
      assert.deepEqual(missing([...handled, ...dead]), []);
      assert.equal(handled.length + dead.length, EVENTS, "no event is both handled and dead");
      assert.ok(dead.length > 0, "some events failed every attempt");
      assert.ok(mostHeld > 0 && mostHeld <= AT_ONCE, `held at most ${mostHeld}`);
      assert.equal(await openRuns(nodeRed), 0);
    } finally {
      await nodeRed.deploy([]);
    }
  });

  it(`are none of them lost when Node-RED is killed ${KILLS} times, and every duplicate is marked redelivered`, async () => {
    await declareBefore();
    const queue = () => vhost.broker.console.queue(QUEUE, vhost.vhost);
    const portion = Math.ceil(EVENTS / (KILLS + 1));
    const directory = await mkdtemp(join(tmpdir(), "regards-endurance-"));
    const journal = join(directory, "journal");
    await writeFile(journal, "");
    let last: TestNodeRed | undefined;
    try {
      for (let kill = 0; kill <= KILLS; kill += 1) {
        const nodeRed = await startNodeRed({ version: 5 });
        last = nodeRed;
        await nodeRed.deploy(flow(vhost, journal));
        const publishing = publish(kill * portion, Math.min(EVENTS, (kill + 1) * portion));
        if (kill < KILLS) {
          const enough = 1 + Math.floor(Math.random() * 0.6 * portion);
          const received = () => nodeRed.received("probe");
          await untilValue(received, (count) => count >= enough, {
            what: `${enough} events`,
            timeout: 20_000,
            every: 1,
          });
          await nodeRed.kill();
          await nodeRed.stop();
        }
        await publishing;
      }
      await untilValue(queue, (found) => found?.ready === 0 && found.unacked === 0, {
        what: "the queue to be empty",
        timeout: 60_000,
      });

      const seen = sightingsIn(await readFile(journal, "utf8"));
      const dead = await deadIds();
      assert.deepEqual(missing([...seen.map(({ id }) => id), ...dead]), []);
      assert.deepEqual(unmarkedDuplicates(seen), []);
    } finally {
      await last?.stop();
      await rm(directory, { recursive: true, force: true });
    }
  });

  /** A short-lived node declares the queue, so that everything published has somewhere to wait. */
  async function declareBefore(): Promise<void> {
    const nodeRed = await sharedNodeRed();
    await nodeRed.deploy(flow(vhost));
    await nodeRed.untilStatus("in", ({ code }) => code === "connected");
    // Disabled, not deleted: the queue stays.
    await nodeRed.deploy(flow(vhost).map((node) => (node.id === "in" ? { ...node, d: true } : node)));
  }

  async function publish(from: number, to: number): Promise<void> {
    for (let id = from; id < to; id += 1) {
      const body = Buffer.from(JSON.stringify({ status: "GRANTED", orderId: id, correlationId: `c-${id}` }));
      channel.publish(EXCHANGE, "", body, { persistent: true, headers: { "regards.tenant": "project1" } });
      if (id % 500 === 499) {
        await channel.waitForConfirms();
      }
    }
    await channel.waitForConfirms();
  }

  async function deadIds(): Promise<number[]> {
    const ids: number[] = [];
    for (let letter = await channel.get(DEAD); letter; letter = await channel.get(DEAD)) {
      ids.push(JSON.parse(letter.content.toString()).orderId);
    }
    return ids;
  }
});

function flow(vhost: FreshVhost, journal = ""): FlowNode[] {
  const code = (id: string, func: string, next: string): FlowNode => ({
    id,
    type: "function",
    z: "tab",
    func,
    outputs: 1,
    libs: [],
    wires: [[next]],
  });
  return [
    tab,
    brokerNode(vhost),
    {
      id: "in",
      type: "regards-order-in",
      z: "tab",
      broker: "broker",
      queue: QUEUE,
      queueType: "classic",
      maxInFlight: AT_ONCE,
      attempts: 2,
      retryDelay: 0.05,
      wires: [["fails"], [], [], [], [], []],
    },
    code("fails", "if (Math.random() < 0.03) { throw new Error('at random'); } return msg;", "waits"),
    {
      id: "waits",
      type: "delay",
      z: "tab",
      pauseType: "random",
      randomFirst: "0",
      randomLast: "8",
      randomUnits: "milliseconds",
      timeoutUnits: "milliseconds",
      rateUnits: "second",
      timeout: "1",
      rate: "1",
      nbRateUnits: "1",
      outputs: 1,
      wires: [["later"]],
    },
    code(
      "later",
      `if (Math.random() < 0.5) { node.send(msg); node.done(); return; }
       setTimeout(() => {
         if (Math.random() < 0.03) { node.done(new Error('later')); return; }
         node.send(msg); node.done();
       }, Math.random() * 5);`,
      "sorts",
    ),
    {
      id: "sorts",
      type: "switch",
      z: "tab",
      property: "topic",
      propertyType: "msg",
      rules: [{ t: "eq", v: "GRANTED", vt: "str" }],
      checkall: "true",
      outputs: 1,
      wires: [["slim"]],
    },
    code(
      "slim",
      "const { redelivered, attempt } = msg.regards; return { id: msg.payload.orderId, redelivered, attempt };",
      "probe",
    ),
    { id: "probe", type: "test-probe", z: "tab", journal, countOnly: journal !== "", wires: [] },
  ];
}

interface Sighting {
  readonly id: number;
  readonly redelivered: boolean;
  readonly attempt: number;
}

function sightingsIn(journal: string): Sighting[] {
  return journal
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Sighting);
}

function missing(ids: readonly number[]): number[] {
  const seen = new Set(ids);
  return Array.from({ length: EVENTS }, (_, id) => id).filter((id) => !seen.has(id));
}

function unmarkedDuplicates(sightings: readonly Sighting[]): number[] {
  const seen = new Set<number>();
  return sightings
    .filter(({ id, redelivered, attempt }) => {
      const isAgain = seen.has(id);
      seen.add(id);
      // Another attempt is marked as one.
      return isAgain && !redelivered && attempt === 1;
    })
    .map(({ id }) => id);
}

/** The tracker is found through the module cache of the process under test. */
function openRuns(nodeRed: TestNodeRed): Promise<number> {
  return nodeRed.evaluate((RED) => {
    const { _cache } = process.getBuiltinModule("node:module") as unknown as {
      _cache: NodeJS.Require["cache"];
    };
    const file = Object.keys(_cache).find((each) => each.endsWith("src/completion/tracker.js")) ?? "";
    return _cache[file]?.exports.trackerOf(RED).size as number;
  });
}
