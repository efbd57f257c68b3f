/** Lets a fault happen while events stream in, and checks everything that has to be true of every recovery. */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import type { RabbitMq } from "../support/rabbitmq";
import type { LogEntry, TestNodeRed } from "../support/test-node-red";
import { until, untilValue } from "../support/until";
import { balanceOf } from "./account";
import type { Fault, Lines } from "./fault";
import { EVENTS } from "./flow";
import { isLong, ROUNDS } from "./form";
import { PlainClient } from "./plain-client";
import { Scene } from "./scene";
import { record } from "./scoreboard";

/** Events the flow handles before the first fault. */
const WARM_UP = 20;
const ONE_PAIR = { broken: 1, mended: 1 };

/** What all faults share. */
export interface Stage {
  readonly broker: RabbitMq;
  nodeRed: TestNodeRed;
}

/** Makes the fault happen as often as the form of the suite asks, and records the result. */
export async function suffer(fault: Fault, stage: Stage): Promise<void> {
  const { broker } = stage;
  const logged = (await broker.log()).length;
  const scene = await Scene.set(broker, stage.nodeRed, fault.flow ?? {}, fault.prepare);
  const restore = once(() => fault.restore?.(scene));
  try {
    await scene.nodeRed.untilMessages("published", WARM_UP);
    const plain = isLong ? await PlainClient.start(scene) : undefined;
    const recoveries: number[] = [];
    let mendedAt = 0;
    for (let round = 1; round <= roundsOf(fault); round += 1) {
      mendedAt = await happen(fault, scene);
      recoveries.push(await recovery(scene, mendedAt, fault.within ?? 60));
      await scene.untilConnected();
      await untilLines(scene, fault, round);
    }
    await scene.stream.pause();
    await scene.untilEmpty();
    await plain?.settle();
    const outcome = await plain?.stop(mendedAt);
    const balance = await balanceOf(scene);
    record({ title: fault.title, balance, recoveries, ...(outcome === undefined ? {} : { plain: outcome }) });

    await restore();

    assert.deepEqual(balance.lost, [], "events that are nowhere");
    assert.deepEqual(balance.unfinished, [], "events that were accepted and never acknowledged");
    assert.deepEqual(balance.unmarked, [], "events that came again as if for the first time");
    assert.deepEqual(balance.lostAcks, [], "acknowledgements that are nowhere");
    assert.deepEqual(balance.excessAcks, [], "acknowledgements published again under another id");
    if (fault.refuses !== "perhaps") {
      assert.equal(scene.refused().length > 0, fault.refuses === true, "refused acknowledgements");
    }
    if (fault.resends === true) assert.ok(balance.resentAcks > 0, "acknowledgements published twice");
    assert.equal(scene.nodeRed.messages("stray").length, 0, "unrecognised events");
    await untilValue(
      async () =>
        (await broker.console.consumers(scene.vhost)).filter(({ queue_name: name }) => name === EVENTS),
      (consumers) => consumers.length === 1,
      { what: "one consumer", timeout: 15_000 },
    );
    assert.doesNotMatch((await broker.log()).slice(logged), /unknown delivery tag/);
    assertQuiet(scene, fault);
  } catch (error) {
    // What is left of the scene must not hide what went wrong on it.
    await tidyUp().catch(() => undefined);
    throw error;
  }
  await tidyUp();

  async function tidyUp(): Promise<void> {
    stage.nodeRed = scene.nodeRed;
    broker.thaw();
    await broker.start();
    await restore();
    await scene.strike();
  }
}

/** One round: cause, time, cure. Says when the cause was gone. */
async function happen(fault: Fault, scene: Scene): Promise<number> {
  const causedAt = Date.now();
  const shown = new Map<string, number>();
  for (const node of Object.keys(fault.shows ?? {})) shown.set(node, scene.nodeRed.statuses(node).length);
  await fault.inject(scene);
  const nodeRed = scene.nodeRed;
  await pause(Math.max(0, causedAt + fault.lasts * 1_000 - Date.now()));
  for (const [node, words] of Object.entries(fault.shows ?? {})) {
    const since = nodeRed === scene.nodeReds[0] ? (shown.get(node) ?? 0) : 0;
    await until(
      () =>
        nodeRed
          .statuses(node)
          .slice(since)
          .some(({ text = "" }) => words.test(text)),
      { what: `${node} to show ${words}`, timeout: 15_000 },
    ).catch((error: unknown) => {
      const texts = nodeRed
        .statuses(node)
        .slice(since)
        .map(({ text }) => text);
      throw new Error(`${String(error)}; it showed ${JSON.stringify(texts)}`);
    });
  }
  await fault.mend(scene);
  return Date.now();
}

/** Seconds from the end of the cause until an event published since was received, and one acknowledged. */
async function recovery(scene: Scene, mendedAt: number, limit: number): Promise<number> {
  const { taken } = scene.stream;
  const isNew = ({ number, at }: { readonly number: number; readonly at: number }) =>
    at >= mendedAt && (taken.get(number) ?? 0) >= mendedAt;
  const found = await until(
    () => {
      const event = scene.received().findLast(isNew);
      const ack = scene.published().findLast(({ at }) => at >= mendedAt);
      return event !== undefined && ack !== undefined && Math.max(event.at, ack.at);
    },
    { what: "an event published after the mending", timeout: limit * 1_000, every: 50 },
  );
  return Math.max(0, (found - mendedAt) / 1_000);
}

/** The lines of this round are written. */
async function untilLines(scene: Scene, { lines = ONE_PAIR }: Fault, rounds: number): Promise<void> {
  await untilValue(
    () => count(scene.lines()),
    ({ broken, mended }) => broken >= rounds * lines.broken && mended >= rounds * lines.mended,
    { what: "the log lines" },
  );
}

/** The same promise, however often it is asked for. */
function once(work: () => Promise<void> | undefined): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work() ?? Promise.resolve();
    return done;
  };
}

const roundsOf = ({ rounds = ROUNDS }: Fault): number => rounds;

function assertQuiet(scene: Scene, fault: Fault): void {
  const { lines = ONE_PAIR } = fault;
  const rounds = roundsOf(fault);
  const said = scene.lines();
  const words = said.map(({ level, type, msg }) => `${level} ${type}: ${msg}`).join("\n");
  const { broken, mended } = count(said);
  const { perhaps = 0 }: Lines = lines;
  const isFew = (found: number, each: number) => found >= rounds * each && found <= rounds * (each + perhaps);
  assert.ok(isFew(broken, lines.broken) && isFew(mended, lines.mended), `lines in the log:\n${words}`);
  for (const nodeRed of scene.nodeReds) {
    assert.deepEqual(nodeRed.errors(), []);
    assert.equal(nodeRed.output, "", "what the process wrote itself");
  }
  assert.ok(!words.includes(scene.password), "a secret in the log");
}

function count(lines: readonly LogEntry[]): Lines {
  const of = (wanted: string) => lines.filter(({ level }) => level === wanted).length;
  return { broken: of("warn"), mended: of("info") };
}
