/** What can go wrong between an acknowledgement and its confirm. */
import assert from "node:assert/strict";
import { until } from "../../support/until";
import { ConfirmThief } from "../confirm-thief";
import type { Fault } from "../fault";
import { ACKS } from "../flow";
import { either, isLong } from "../form";
import { type Scene, SINK } from "../scene";

export const SILENT = { broken: 0, mended: 0 };
const FULL = "full";

/** The publisher's own patience with a confirm, in seconds, and a little more. */
export const PATIENCE = 35;

const thieves = new WeakMap<Scene, ConfirmThief>();

/** A relay that can keep confirms to itself, between the proxy and the broker. */
export async function hireThief(scene: Scene): Promise<void> {
  const thief = await ConfirmThief.start(scene.broker);
  scene.proxy.target = thief.address;
  scene.leftovers.push(thief);
  thieves.set(scene, thief);
}

export function thiefOf(scene: Scene): ConfirmThief {
  const thief = thieves.get(scene);
  if (thief === undefined) throw new Error("no thief was hired");
  return thief;
}

/** The refused acknowledgements all say the same, and there are some. */
function assertRefused(scene: Scene, code: string): void {
  const codes = scene.refused().map(({ error }) => (error as { readonly code: string }).code);
  assert.deepEqual([...new Set(codes)], [code]);
}

const unconfirmed: Fault = {
  title: `confirm never comes for ${PATIENCE} s`,
  lasts: PATIENCE,
  prepare: hireThief,
  inject(scene) {
    thiefOf(scene).steals = true;
  },
  mend(scene) {
    thiefOf(scene).steals = false;
    assertRefused(scene, "REGARDS_NOT_CONFIRMED");
  },
  shows: { ack: /waiting to leave$/ },
  lines: SILENT,
  refuses: true,
};

export const acknowledgementFaults: readonly Fault[] = [
  {
    title: "acknowledgements unroutable: nobody listens",
    isQuick: true,
    lasts: either(1, 10),
    inject: ({ stream }) =>
      stream.administer(async (channel) => void (await channel.unbindQueue(SINK, ACKS, ""))),
    async mend(scene) {
      await scene.openSink();
      assertRefused(scene, "REGARDS_UNROUTABLE");
    },
    lines: SILENT,
    refuses: true,
  },
  {
    title: "acknowledgements nacked: a full queue",
    lasts: either(1, 10),
    inject: ({ stream }) =>
      stream.administer(async (channel) => {
        const limits = { "x-max-length": 1, "x-overflow": "reject-publish" };
        await channel.assertQueue(FULL, { durable: true, arguments: limits });
        await channel.bindQueue(FULL, ACKS, "");
      }),
    async mend(scene) {
      await scene.broker.console.deleteQueue(FULL, scene.vhost);
      assertRefused(scene, "REGARDS_NACKED");
    },
    lines: SILENT,
    refuses: true,
  },
  {
    title: "connection lost between publish and confirm",
    isQuick: true,
    lasts: 0,
    prepare: hireThief,
    async inject(scene) {
      const thief = thiefOf(scene);
      const stolenBefore = thief.stolen;
      thief.steals = true;
      // One confirm may be for many.
      await until(() => thief.stolen > stolenBefore, { what: "unconfirmed acknowledgements" });
      scene.proxy.cut();
      thief.steals = false;
    },
    mend: () => undefined,
    resends: true,
    within: 10,
  },
  ...(isLong ? [unconfirmed] : []),
];
