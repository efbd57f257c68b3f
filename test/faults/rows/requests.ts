/** What can go wrong between a request and its confirm: it must not be published again, whatever happens. */
import { until } from "../../support/until";
import type { Fault } from "../fault";
import { either, isLong, OUTAGE } from "../form";
import { ORDER_REQUESTS, REQUEST_SINK } from "../requests";
import { hireThief, PATIENCE, SILENT, thiefOf } from "./acknowledgements";

const FULL = "full-of-requests";

const unconfirmed: Fault = {
  title: `requests: confirm never comes for ${PATIENCE} s`,
  flow: { order: {} },
  lasts: PATIENCE,
  prepare: hireThief,
  inject(scene) {
    thiefOf(scene).steals = true;
  },
  mend(scene) {
    thiefOf(scene).steals = false;
  },
  shows: { order: /waiting to leave$/ },
  lines: SILENT,
  refuses: true,
  verdicts: { uncertain: true },
};

export const requestFaults: readonly Fault[] = [
  {
    title: "requests: TCP cut",
    isQuick: true,
    flow: { order: {} },
    lasts: 0,
    inject: ({ proxy }) => proxy.cut(),
    mend: () => undefined,
    verdicts: {},
    within: 10,
  },
  {
    title: "requests: connection lost between publish and confirm",
    isQuick: true,
    flow: { order: {} },
    lasts: 0,
    prepare: hireThief,
    async inject(scene) {
      const thief = thiefOf(scene);
      thief.steals = true;
      // Acknowledgements have one channel, orders the other.
      await until(() => thief.channels === 2, { what: "unconfirmed requests" });
      scene.proxy.cut();
      thief.steals = false;
    },
    mend: () => undefined,
    resends: true,
    verdicts: { uncertain: true },
    within: 10,
  },
  {
    title: `requests: broker stopped for ${either(2, OUTAGE)} s`,
    flow: { order: {} },
    lasts: either(2, OUTAGE),
    inject: ({ broker }) => broker.shutdown(),
    mend: ({ broker }) => broker.start(),
    shows: { order: /^connection .* · again in \d+ s$/ },
    verdicts: {},
    within: 10,
  },
  {
    title: "requests: broker killed (SIGKILL)",
    flow: { order: {} },
    lasts: either(0, 10),
    inject: ({ broker }) => broker.kill(),
    mend: ({ broker }) => broker.start(),
    verdicts: {},
    within: 10,
  },
  {
    title: "requests: unroutable, nobody listens",
    flow: { order: {} },
    lasts: either(1, 10),
    inject: ({ stream }) =>
      stream.administer(
        async (channel) => void (await channel.unbindQueue(REQUEST_SINK, ORDER_REQUESTS, "")),
      ),
    mend: (scene) => scene.openSink(),
    lines: SILENT,
    verdicts: { uncertain: false, refused: true },
  },
  {
    title: "requests: nacked, one queue of two is full",
    flow: { order: {} },
    lasts: either(1, 10),
    inject: ({ stream }) =>
      stream.administer(async (channel) => {
        const limits = { "x-max-length": 1, "x-overflow": "reject-publish" };
        await channel.assertQueue(FULL, { durable: true, arguments: limits });
        await channel.bindQueue(FULL, ORDER_REQUESTS, "");
      }),
    mend: async ({ broker, vhost }) => void (await broker.console.deleteQueue(FULL, vhost)),
    lines: SILENT,
    verdicts: { uncertain: true },
  },
  ...(isLong ? [unconfirmed] : []),
];
