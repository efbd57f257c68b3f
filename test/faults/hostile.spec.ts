/** Thousands of deliveries nobody should ever send: each ends on an output or in `.dead`, and nothing breaks. */
import assert from "node:assert/strict";
import { brokerNode, tab } from "../nodes/flows";
import { sharedNodeRed } from "../support/shared-node-red";
import { type FreshVhost, freshVhost, needsPrivateBroker } from "../support/shared-rabbitmq";
import type { FlowNode, TestNodeRed } from "../support/test-node-red";
import { untilValue } from "../support/until";
import { either } from "./form";
import { dice, hostileDelivery, SECRET } from "./hostile";
import { RawPublisher } from "./raw-publisher";
import { record } from "./scoreboard";
import { ORDERS } from "./stream";

const HOW_MANY = either(600, 10_000);
const SEED = Number(process.env.REGARDS_FAULTS_SEED ?? Date.now() % 1e9);
const OUTPUTS = ["GRANTED", "SUBORDER_DONE", "DONE", "FAILED", "DENIED", "unrecognised"];

describe(`hostile deliveries (REGARDS_FAULTS_SEED=${SEED})`, function () {
  this.timeout(either(60_000, 600_000));
  let vhost: FreshVhost;
  let nodeRed: TestNodeRed;
  let publisher: RawPublisher;
  let started: number;

  beforeEach(async function () {
    needsPrivateBroker(this);
    vhost = await freshVhost();
    nodeRed = await sharedNodeRed();
    started = performance.now();
    publisher = await RawPublisher.connect(vhost);
    await publisher.declareExchange(ORDERS);
  });

  afterEach(async () => {
    publisher?.close();
    await nodeRed?.deploy([]);
    await vhost?.drop();
  });

  it(`each of ${HOW_MANY} leaves by an output, or belongs to somebody else`, async () => {
    await deploy(OUTPUTS);
    const connections = await pids();

    const published = await publishAll();
    const left = await untilHandled(published, OUTPUTS.slice(0, -1));

    const { received, filtered = 0, rejected, retried, unrecognised } = counters();
    assert.deepEqual([received, rejected, retried], [published, 0, 0]);
    assert.equal(await nodeRed.received("unrecognised"), unrecognised);
    assert.ok(left.every((count) => count > 0) && filtered > 0, `by output: ${left}; filtered ${filtered}`);
    assert.equal(await waiting("in.dead"), 0);
    assert.deepEqual(await pids(), connections, "the connection was lost");
    record({
      title: "hostile deliveries",
      balance: { events: published, lost: [], duplicates: 0 },
      recoveries: [],
    });
    assertCalm();
  });

  it(`each of ${HOW_MANY} that cannot be recognised is in the dead-letter queue when nobody takes it`, async () => {
    await deploy(OUTPUTS.slice(0, -1));

    const published = await publishAll();
    await untilHandled(published, OUTPUTS.slice(0, -1));

    const { unrecognised = 0 } = counters();
    assert.ok(unrecognised > 0);
    await untilValue(
      () => waiting("in.dead"),
      (count) => count === unrecognised,
      { what: `${unrecognised} dead letters`, timeout: 20_000 },
    );
    assertCalm();
  });

  async function deploy(wired: readonly string[]): Promise<void> {
    const wires = OUTPUTS.map((output) => (wired.includes(output) ? [output] : []));
    // A quorum queue writes to disk before it confirms, and each is confirmed before the next: that takes long.
    const properties = {
      broker: "broker",
      queue: "in",
      queueType: "classic",
      maxInFlight: 50,
      retryDelay: 0,
    };
    const flow: FlowNode[] = [
      tab,
      brokerNode(vhost, { tenant: "project1" }),
      { id: "in", type: "regards-order-in", z: "tab", ...properties, wires },
      ...OUTPUTS.map((id) => ({ id, type: "test-probe", z: "tab", wires: [] })),
    ];
    await nodeRed.deploy(flow);
    await nodeRed.untilStatus("in", ({ code }) => code === "connected");
  }

  /** What RabbitMQ itself refuses closes the publisher's connection, not ours. */
  async function publishAll(): Promise<number> {
    const random = dice(SEED);
    let published = 0;
    for (let index = 0; index < HOW_MANY; index += 1) {
      const { headers, body } = hostileDelivery(random);
      try {
        await publisher.publish(ORDERS, headers, body);
        published += 1;
      } catch {
        publisher.close();
        publisher = await RawPublisher.connect(vhost);
      }
    }
    assert.ok(published > HOW_MANY * 0.9, `RabbitMQ took only ${published} of ${HOW_MANY}`);
    return published;
  }

  /** Waits until each has left by an output, was somebody else's, or could not be recognised. */
  async function untilHandled(published: number, outputs: readonly string[]): Promise<readonly number[]> {
    const left = () => Promise.all(outputs.map((output) => nodeRed.received(output)));
    const handled = async () => {
      const { filtered = 0, unrecognised = 0 } = counters();
      return (await left()).reduce((sum, count) => sum + count, filtered + unrecognised);
    };
    const limits = { timeout: either(30_000, 300_000), every: 100 };
    await untilValue(handled, (count) => count >= published, { what: `${published} handled`, ...limits });
    await untilValue(
      () => waiting("in"),
      (count) => count === 0,
      { what: "an empty queue", ...limits },
    );
    await nodeRed.untilStatus("in", ({ code = "" }) => ["connected", "dead-letters"].includes(code));
    assert.equal(await handled(), published);
    return left();
  }

  function counters(): Readonly<Record<string, number>> {
    const { counters: found = {} } = nodeRed.status("in") as { counters?: Record<string, number> };
    return found;
  }

  async function waiting(queue: string): Promise<number> {
    const state = await vhost.broker.console.queue(queue, vhost.vhost);
    return state === undefined ? Number.NaN : state.ready + state.unacked;
  }

  async function pids(): Promise<string[]> {
    const connections = await vhost.broker.console.connections(vhost.vhost);
    return connections
      .filter(({ name }) => name?.endsWith("(consume)"))
      .map(({ pid }) => pid)
      .sort();
  }

  /**
   * The process lives, and its log holds neither secrets nor a line for every message: of each kind the first, and
   * then at most one a minute.
   */
  function assertCalm(): void {
    assert.ok(nodeRed.isAlive);
    assert.equal(nodeRed.output, "");
    assert.deepEqual(nodeRed.errors(), []);
    const minutes = Math.floor((performance.now() - started) / 60_000);
    const lines = nodeRed.logs.filter(({ type }) => type?.startsWith("regards-"));
    const kinds = new Map<string, number>();
    for (const { msg } of lines) kinds.set(kindOf(msg), (kinds.get(kindOf(msg)) ?? 0) + 1);
    const isCalm = kinds.size <= 5 && [...kinds.values()].every((count) => count <= 1 + minutes);
    assert.ok(isCalm, `too many lines in ${minutes} min: ${JSON.stringify(lines.slice(0, 20))}`);
    assert.ok(!JSON.stringify(nodeRed.logs).includes(SECRET), "a secret in the log");
  }
});

/** A line without its details and without what it counts. */
function kindOf(line: string): string {
  return line.replace(/(:.*| \d+ more since the last such line\.)$/s, "");
}
