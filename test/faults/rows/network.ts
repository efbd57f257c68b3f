/** Everything a network can do to a connection. */
import type { Fault } from "../fault";
import { either, HEARTBEAT } from "../form";

const SILENCE = 5 * HEARTBEAT;
/** Between two attempts, and during one. */
const MUTE = /^host does not answer · again in \d+ s$|^connecting$/;
const NONE = { broken: 0, mended: 0 };

export const networkFaults: readonly Fault[] = [
  {
    title: "TCP cut",
    isQuick: true,
    lasts: 0,
    inject: ({ proxy }) => proxy.cut(),
    mend: () => undefined,
    within: 10,
  },
  {
    title: `network away for ${either(2, 15)} s (cut, then refused)`,
    isQuick: true,
    lasts: either(2, 15),
    inject({ proxy }) {
      proxy.refuse();
      proxy.cut();
    },
    mend: ({ proxy }) => proxy.accept(),
    shows: { in: /^connection refused · again in \d+ s$/, ack: /^connection refused · again in \d+ s$/ },
    within: 10,
  },
  {
    title: `TCP frozen for ${SILENCE} s, heartbeat ${HEARTBEAT} s`,
    lasts: SILENCE,
    inject: ({ proxy }) => proxy.freeze(),
    mend: ({ proxy }) => proxy.thaw(),
    shows: { in: MUTE, ack: MUTE },
    within: 12,
  },
  {
    title: `TCP half-open: found out by the heartbeat of ${HEARTBEAT} s`,
    isQuick: true,
    lasts: 0,
    inject: ({ proxy }) => proxy.halfOpen(),
    mend: () => undefined,
    within: 4 * HEARTBEAT + 5,
  },
  {
    // Its first answer comes later than two heartbeats of the short form.
    title: "2 s of latency",
    flow: { broker: { heartbeat: 5 } },
    lasts: either(3, 15),
    inject: ({ proxy }) => proxy.latency(2_000),
    mend: ({ proxy }) => proxy.latency(0),
    lines: NONE,
  },
  {
    title: "1 kB/s",
    lasts: either(3, 15),
    inject: ({ proxy }) => proxy.throttle(1_000),
    mend: ({ proxy }) => proxy.throttle(Number.POSITIVE_INFINITY),
    lines: NONE,
  },
];
