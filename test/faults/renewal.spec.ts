/**
 * Each event once: a flow that takes seconds goes on while connections are cut and the broker is restarted
 * under it, and neither sees an event twice nor leaves one behind. Both kinds of queue at once; what is handed
 * to the flow is counted inside Node-RED. REGARDS_FAULTS_SEED repeats a run.
 */
import assert from "node:assert/strict";
import { type ConfirmChannel, connect } from "amqplib";
import { brokerNode, tab } from "../nodes/flows";
import { amqpUrl } from "../support/rabbitmq";
import { needsPrivateBroker } from "../support/shared-rabbitmq";
import { TcpProxy } from "../support/tcp-proxy";
import type { FlowNode } from "../support/test-node-red";
import { untilValue } from "../support/until";
import { either, isLong } from "./form";
import { dice } from "./hostile";
import { type Stage, sharedStage } from "./stage";
import { ORDERS, TENANT } from "./stream";

const SEED = Number(process.env.REGARDS_FAULTS_SEED ?? Date.now() % 1e9);
const EVENTS = either(400, 10_000);
const CUTS = either(4, 20);
const RESTARTS = either(1, 5);
/** How many a flow holds, and about how long, in milliseconds. */
const AT_ONCE = 100;
const FLOW_MS = 3_000;
/** So long the events would take by themselves. */
const UNDISTURBED_MS = (EVENTS / AT_ONCE) * FLOW_MS;

const TYPES = ["quorum", "classic"] as const;
type QueueType = (typeof TYPES)[number];
const DEADLINE_MINUTES = 0.01;

describe("each event once", function () {
  this.timeout(either(120_000, 1_800_000));
  let stage: Stage;
  let proxy: TcpProxy;
  let vhost: string;

  before(async function () {
    needsPrivateBroker(this);
    stage = await sharedStage();
  });

  beforeEach(async () => {
    vhost = `renewal-${Date.now()}`;
    await stage.broker.console.addVhost(vhost);
    await stage.broker.console.setPermissions(stage.broker.user, vhost);
    proxy = await TcpProxy.start(stage.broker);
    stage.nodeRed.forget();
  });

  afterEach(async () => {
    stage.broker.thaw();
    await stage.broker.start();
    await stage.nodeRed.deploy([], { timeout: 30_000 });
    await proxy.close();
    await stage.broker.console.deleteVhost(vhost);
  });

  it(`${EVENTS} events, ${CUTS} cuts, ${RESTARTS} restarts of the broker: each handed once, settled once`, async () => {
    const logged = (await stage.broker.log()).length;
    await deploy((type) => [
      inNode(type, { maxInFlight: AT_ONCE }),
      probe(`handed-${type}`, `work-${type}`),
      work(type),
      delay(type),
      probe(`ended-${type}`),
    ]);
    const published = await publish(EVENTS);

    const left = await sufferUntilDone();

    assert.ok(left > 0, "the last mishap came before the last event had ended");
    for (const type of TYPES) {
      await untilEmpty(type, 60_000);
      assert.deepEqual(differences(published, numbersAt(`handed-${type}`)), [], `handed (${type}, ${SEED})`);
      assert.deepEqual(differences(published, numbersAt(`ended-${type}`)), [], `ended (${type}, ${SEED})`);
      await untilCounted(type, EVENTS);
      assert.deepEqual([...new Set(attempts(type))], [1]);
    }
    assert.deepEqual(stage.nodeRed.errors(), []);
    assert.doesNotMatch((await stage.broker.log()).slice(logged), /unknown delivery tag/);
  });

  it("a killed broker has forgotten acknowledgements: what comes again is not handed again", async () => {
    await deploy((type) => [inNode(type, { maxInFlight: 10 }), probe(`handed-${type}`)]);
    const published = await publish(400);
    for (const type of TYPES) {
      await stage.nodeRed.untilMessages(`handed-${type}`, 400);
    }

    await crash();

    await stage.nodeRed.untilLog(({ msg }) => /^Connected to RabbitMQ again/.test(msg), { timeout: 30_000 });
    for (const type of TYPES) {
      await stage.nodeRed.untilStatus(`in-${type}`, ({ code }) => code === "connected");
      await untilEmpty(type);
      assert.deepEqual(differences(published, numbersAt(`handed-${type}`)), [], type);
    }
  });

  it("a flow of ten deadlines ends once, and the broker holds nothing", async () => {
    await deploy((type) => [
      inNode(type, { deadline: DEADLINE_MINUTES }),
      { ...probe(`handed-${type}`), hold: true },
    ]);
    await publish(1);
    for (const type of TYPES) {
      await stage.nodeRed.untilMessages(`handed-${type}`, 1);
    }

    await Promise.all(TYPES.map((type) => untilReceived(type, 11)));
    for (const type of TYPES) {
      await stage.nodeRed.release(`handed-${type}`);
    }

    for (const type of TYPES) {
      await untilEmpty(type);
      assert.equal(stage.nodeRed.messages(`handed-${type}`).length, 1);
      await untilCounted(type, 1);
    }
  });

  it("an event given back fifty times is still there, on every queue type", async () => {
    await deploy((type) => [inNode(type)]);
    const nodes = Object.fromEntries(TYPES.map((type) => [`in-${type}`, { d: true }]));
    await stage.nodeRed.redeploy(nodes);
    await publish(1);

    await onChannel(async (channel) => {
      for (const type of TYPES) {
        for (let times = 0; times < 50; times += 1) {
          const message = await untilValue(
            () => channel.get(queueOf(type)),
            (found) => found !== false,
            { what: "the event" },
          );
          assert.ok(message);
          channel.nack(message, false, true);
        }
      }
    });

    for (const type of TYPES) {
      await untilValue(
        () => stage.broker.console.queue(queueOf(type), vhost),
        (queue) => queue?.ready === 1,
        { what: "the event to wait" },
      );
      assert.equal((await stage.broker.console.queue(`${queueOf(type)}.dead`, vhost))?.ready, 0);
    }
  });

  /** Deploys a flow for each type of queue, and waits until both read. */
  async function deploy(flow: (type: QueueType) => readonly FlowNode[]): Promise<void> {
    const { user, password } = stage.broker;
    const broker = brokerNode(
      { host: proxy.host, port: proxy.port, vhost, user, password },
      { tenant: TENANT },
    );
    await onChannel((channel) => channel.assertExchange(ORDERS, "fanout", { durable: true }));
    await stage.nodeRed.deploy([tab, broker, ...TYPES.flatMap(flow)]);
    for (const type of TYPES) {
      await stage.nodeRed.untilStatus(`in-${type}`, ({ code }) => code === "connected");
    }
  }

  /** Publishes numbered events; each tenth has a twin that nothing tells from it. Says how often each. */
  async function publish(count: number): Promise<ReadonlyMap<number, number>> {
    const numbers = Array.from({ length: count }, (_, index) => (index % 10 === 9 ? index - 1 : index));
    await onChannel(async (channel) => {
      for (const number of numbers) {
        const body = { orderId: number, status: "GRANTED", correlationId: `order-${number}` };
        const headers = { "regards.tenant": TENANT };
        channel.publish(ORDERS, "", Buffer.from(JSON.stringify(body)), { persistent: true, headers });
      }
      await channel.waitForConfirms();
    });
    return tally(numbers);
  }

  /**
   * All mishaps in random order, each when some number of events has ended, however long a busy machine takes for
   * that; says how many were left then. The last comes early enough that what the flow holds can end meanwhile.
   */
  async function sufferUntilDone(): Promise<number> {
    const random = dice(SEED);
    const mishaps = [
      ...Array.from({ length: CUTS }, () => cut),
      ...Array.from({ length: RESTARTS }, (_, index) => (index % 2 === 0 ? crash : restart)),
    ]
      .map((mishap) => ({ mishap, place: random() }))
      .sort((one, other) => one.place - other.place);
    for (const { mishap, place } of mishaps) {
      await untilEnded(place * (EVENTS - 2 * AT_ONCE));
      await mishap();
    }
    return EVENTS - mostEnded();
  }

  async function untilEnded(count: number): Promise<void> {
    await untilValue(mostEnded, (ended) => ended >= count, {
      what: `${Math.ceil(count)} ended events (seed ${SEED})`,
      timeout: 2 * UNDISTURBED_MS + 60_000,
    });
  }

  /** How many events have ended of the type that is ahead. */
  function mostEnded(): number {
    return Math.max(...TYPES.map((type) => stage.nodeRed.messages(`ended-${type}`).length));
  }

  async function cut(): Promise<void> {
    proxy.cut();
  }

  async function crash(): Promise<void> {
    await stage.broker.kill();
    await stage.broker.start();
  }

  async function restart(): Promise<void> {
    await stage.broker.shutdown();
    await stage.broker.start();
  }

  /** The broker holds nothing of it, nor do the queues that belong to it. */
  async function untilEmpty(type: QueueType, extra = 0): Promise<void> {
    await untilValue(
      async () => {
        const queues = await stage.broker.console.queues(vhost);
        return queues
          .filter(({ name }) => name.startsWith(queueOf(type)))
          .map(({ name, ready, unacked }) => ({ name, ready, unacked }));
      },
      (queues) => queues.length > 0 && queues.every(({ ready, unacked }) => ready === 0 && unacked === 0),
      { what: `empty queues (seed ${SEED})`, timeout: 2 * UNDISTURBED_MS + 15_000 + extra, every: 200 },
    );
  }

  async function untilReceived(type: QueueType, count: number): Promise<void> {
    await stage.nodeRed.untilStatus(`in-${type}`, (status) => numbersOf(status).received >= count, {
      timeout: 30_000,
    });
  }

  async function onChannel<T>(use: (channel: ConfirmChannel) => Promise<T>): Promise<T> {
    const connection = await connect(amqpUrl({ ...stage.broker, vhost }));
    try {
      return await use(await connection.createConfirmChannel());
    } finally {
      await connection.close();
    }
  }

  function numbersAt(probeId: string): number[] {
    return stage.nodeRed.messages(probeId).map(({ payload }) => (payload as { orderId: number }).orderId);
  }

  /** Which attempts the flow was told of. */
  function attempts(type: QueueType): number[] {
    return stage.nodeRed
      .messages(`handed-${type}`)
      .map(({ regards }) => (regards as { readonly attempt: number }).attempt);
  }

  /** What the node has counted: so many accepted, and nothing else. */
  async function untilCounted(type: QueueType, accepted: number): Promise<void> {
    const wanted = { accepted, rejected: 0, retried: 0, inFlight: 0 };
    await untilValue(
      () => countersOf(type),
      (counters) => Object.entries(wanted).every(([name, count]) => Reflect.get(counters, name) === count),
      { what: `${JSON.stringify(wanted)} from the ${type} queue (seed ${SEED})` },
    );
  }

  function countersOf(type: QueueType): Counters {
    return numbersOf(stage.nodeRed.status(`in-${type}`));
  }
});

interface Counters {
  readonly received: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly retried: number;
  readonly inFlight: number;
}

function numbersOf(status: object): Counters {
  return (status as { readonly counters: Counters }).counters;
}

function queueOf(type: QueueType): string {
  return `renewal.${type}`;
}

function inNode(type: QueueType, properties: Readonly<Record<string, unknown>> = {}): FlowNode {
  return {
    id: `in-${type}`,
    type: "regards-order-in",
    z: "tab",
    broker: "broker",
    queue: queueOf(type),
    queueType: type,
    ...properties,
    wires: [[`handed-${type}`], [], [], [], [], []],
  };
}

/** About three seconds, and not in the order in which they came. */
function work(type: QueueType): FlowNode {
  const func = `msg.delay = ${FLOW_MS - 500} + (msg.payload.orderId * 7919) % 1000; return msg;`;
  const wires = [[`delay-${type}`]];
  return { id: `work-${type}`, type: "function", z: "tab", func, outputs: 1, libs: [], wires };
}

function delay(type: QueueType): FlowNode {
  const settings = { pauseType: "delayv", timeout: "3", timeoutUnits: "seconds" };
  return { id: `delay-${type}`, type: "delay", z: "tab", ...settings, wires: [[`ended-${type}`]] };
}

function probe(id: string, ...next: string[]): FlowNode {
  return { id, type: "test-probe", z: "tab", wires: [next] };
}

/** How often each number is there. */
function tally(numbers: readonly number[]): Map<number, number> {
  const times = new Map<number, number>();
  for (const number of numbers) {
    times.set(number, (times.get(number) ?? 0) + 1);
  }
  return times;
}

/** Numbers that came less or more often than they were published. */
function differences(published: ReadonlyMap<number, number>, came: readonly number[]): string[] {
  const times = tally(came);
  const wrong = [...published].filter(([number, count]) => times.get(number) !== count);
  return wrong.map(([number, count]) => `${number}: ${times.get(number) ?? 0} of ${count}`);
}

if (isLong) {
  console.log(`each event once: REGARDS_FAULTS_SEED=${SEED}`);
}
