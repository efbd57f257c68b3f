/** Lets a fault happen while events stream in, and checks everything that has to be true of every recovery. */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { until, untilValue } from "../support/until";
import { balanceOf } from "./account";
import { assertNothingLost, assertQuiet, assertTidy, ONE_PAIR, said } from "./checks";
import type { Fault } from "./fault";
import { isLong, ROUNDS } from "./form";
import { PlainClient } from "./plain-client";
import { assertAskedOnce } from "./requests";
import { Scene } from "./scene";
import { record } from "./scoreboard";
import type { Stage } from "./stage";

/** Events the flow handles before the first fault. */
const WARM_UP = 20;
/** The heap may breathe by so many bytes. */
const BREATH = 10 * 1024 * 1024;

/** Makes the fault happen as often as the form of the suite asks, and records the result. */
export async function suffer(fault: Fault, stage: Stage): Promise<void> {
  const { broker } = stage;
  const logged = (await broker.log()).length;
  const scene = await Scene.set(broker, stage.nodeRed, fault.flow ?? {}, fault.prepare);
  const { rounds = ROUNDS } = fault;
  const first = scene.nodeRed;
  let plain: PlainClient | undefined;
  const restore = once(() => fault.restore?.(scene));
  try {
    await scene.nodeRed.untilMessages("published", WARM_UP);
    const { heapUsed } = await first.resources();
    if (isLong && fault.alone !== true) {
      plain = await PlainClient.start(scene);
      scene.leftovers.push(plain);
    }
    const recoveries: number[] = [];
    let mendedAt = 0;
    for (let round = 1; round <= rounds; round += 1) {
      mendedAt = await happen(fault, scene);
      recoveries.push(await recovery(scene, mendedAt, fault.within ?? 60));
      await scene.untilConnected();
      await untilLines(scene, fault, round);
    }
    await scene.stream.pause();
    await scene.untilEmpty();
    await plain?.settle();
    const outcome = await plain?.outcome(mendedAt);
    const balance = await balanceOf(scene);
    record({ title: fault.title, balance, recoveries, ...(outcome === undefined ? {} : { plain: outcome }) });

    await restore();

    assertNothingLost(balance, fault);
    if (balance.requests !== undefined) assertAskedOnce(balance.requests, fault.verdicts ?? {});
    assertQuiet(scene, fault, rounds);
    await assertTidy(scene, logged);
    if (scene.nodeRed === first) {
      const growth = (await first.resources()).heapUsed - heapUsed;
      assert.ok(growth < BREATH, `the heap has grown by ${growth} bytes`);
    }
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
    () => said(scene),
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
