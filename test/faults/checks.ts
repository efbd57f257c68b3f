/** What has to be true after every fault. */
import assert from "node:assert/strict";
import type { LogEntry } from "../support/test-node-red";
import { untilValue } from "../support/until";
import type { Balance } from "./account";
import type { Fault, Lines } from "./fault";
import { EVENTS } from "./flow";
import type { Scene } from "./scene";

/** One line when it breaks, one when it is mended. */
export const ONE_PAIR: Lines = { broken: 1, mended: 1 };

/** How much our nodes have written into the log. */
export function said(scene: Scene): Pick<Lines, "broken" | "mended"> {
  // That a Node-RED has connected for the first time is said, and is no fault's doing.
  const isOfFault = ({ msg }: LogEntry) => !msg.startsWith("Connected to RabbitMQ (");
  const lines = scene.lines().filter(isOfFault);
  const of = (wanted: string) => lines.filter(({ level }) => level === wanted).length;
  return { broken: of("warn"), mended: of("info") };
}

/**
 * Every event was handled or is kept; none came twice while its flow went on, and after the death of a process
 * every repeated one is marked; every acknowledgement is where it was sent.
 */
export function assertNothingLost(balance: Balance, { resends, stoppedBy }: Fault): void {
  assert.deepEqual(balance.lost, [], "events that are nowhere");
  assert.deepEqual(balance.unfinished, [], "events that were accepted and never acknowledged");
  if (stoppedBy === undefined) assert.equal(balance.duplicates, 0, "events that came twice");
  if (stoppedBy !== "deploy")
    assert.deepEqual(balance.unmarked, [], "events that came again as if for the first time");
  assert.deepEqual(balance.lostAcks, [], "acknowledgements that are nowhere");
  assert.deepEqual(balance.excessAcks, [], "acknowledgements published again under another id");
  if (resends === true) assert.ok(balance.resentAcks > 0, "acknowledgements published twice");
}

/** The log says it once a round, nothing was refused or unrecognised without a reason, and no secret is told. */
export function assertQuiet(
  scene: Scene,
  { lines = ONE_PAIR, refuses = false }: Fault,
  rounds: number,
): void {
  const words = scene.lines().map(({ level, type, msg }) => `${level} ${type}: ${msg}`);
  const { broken, mended } = said(scene);
  const { perhaps = 0 } = lines;
  const isFew = (found: number, each: number) => found >= rounds * each && found <= rounds * (each + perhaps);
  const isRight = isFew(broken, lines.broken) && isFew(mended, lines.mended);
  assert.ok(isRight, `lines in the log:\n${words.join("\n")}`);
  assert.ok(!words.join().includes(scene.password), "a secret in the log");
  if (refuses !== "perhaps") {
    assert.equal(scene.refused().length > 0, refuses, "refused acknowledgements");
  }
  for (const nodeRed of scene.nodeReds) {
    assert.deepEqual(nodeRed.messages("stray"), [], "unrecognised events");
    assert.deepEqual(nodeRed.errors(), []);
    assert.equal(nodeRed.output, "", "what the process wrote itself");
  }
}

/**
 * One consumer, and no verdict that came too late.
 * @param logged how long the broker's log was before
 */
export async function assertTidy({ broker, vhost }: Scene, logged: number): Promise<void> {
  const consumers = async () =>
    (await broker.console.consumers(vhost)).filter(({ queue_name: name }) => name === EVENTS);
  await untilValue(consumers, ({ length }) => length === 1, { what: "one consumer", timeout: 15_000 });
  assert.doesNotMatch((await broker.log()).slice(logged), /unknown delivery tag/);
}
