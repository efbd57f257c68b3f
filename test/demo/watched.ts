/** What the flow of *Start here* has made of its events, and what came of the mishaps around it. */
import { allShown, property } from "../examples/debug-sidebar";
import type { Fact } from "./facts";
import { FAILS_FOR_GOOD, FAILS_ONCE, START } from "./start-here";
import type { World } from "./world";

/** An event that the flow has finished with, as its debug node shows it. */
interface Handled {
  readonly correlationId: string;
  readonly status: string;
  readonly part?: number;
  readonly attempt: number;
  readonly at: number;
}

/** @param expected how many events the orders of the page bring */
export async function watchedFacts(world: World, expected: number): Promise<readonly Fact[]> {
  const { nodeRed, mishaps } = world;
  const handled = allShown(nodeRed, START.handled) as readonly Handled[];
  const distinct = new Set(
    handled.map(({ correlationId, status, part }) => [correlationId, status, part].join()),
  );
  const endOf = (prefix: string): Handled | undefined =>
    handled.find(({ correlationId, status }) => correlationId.startsWith(prefix) && status === "DONE");
  const sentBack = allShown(nodeRed, START.sentBack).map((shown) => Number(property(shown, "sent")));
  const outages = mishaps.outages.filter(({ to }) => to !== undefined);
  const during = handled.filter(({ at }) => outages.some(({ from, to = 0 }) => at > from && at < to));
  const { status } = await nodeRed.fetch("regards/health");
  return [
    is("an event whose flow failed once: accepted as attempt", 2, endOf(FAILS_ONCE)?.attempt ?? "none"),
    is("events given up, then sent back", 1, sentBack.join() || "none"),
    is("and accepted then", 1, endOf(FAILS_FOR_GOOD) === undefined ? 0 : 1),
    ...(mishaps.mayStopRabbitMq
      ? [
          is("outages of RabbitMQ, gone and back", 1, outages.length),
          fact("events the flow finished with meanwhile", "1 or more", during.length, during.length > 0),
        ]
      : []),
    is("events of the page's orders handled, each once", expected, distinct.size),
    is("events that came a second time, for an outage or otherwise", 0, handled.length - distinct.size),
    is("health of Node-RED's REGARDS nodes at the end (HTTP)", 200, status),
  ];
}

/** Fails because somebody asked for it. */
export function wasToldToFail({ msg }: { readonly msg: string }): boolean {
  return msg.includes("this flow was told to fail");
}

function is(what: string, expected: string | number, seen: string | number): Fact {
  return fact(what, String(expected), seen, String(expected) === String(seen));
}

function fact(what: string, expected: string, seen: string | number, ok: boolean): Fact {
  return { what, expected, seen: String(seen), ok };
}
