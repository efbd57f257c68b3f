/**
 * What a node shows under itself: a good day as a line that lives, trouble with its cause first. Enters: what can be
 * seen of a consumer or publisher. Leaves: the status, in words of the catalogue; words without a number as the key of
 * those, which the editor says in its own language. Pure: it does not know when it is shown.
 */
import type { ConnectionState } from "../amqp/connection";
import type { Fault } from "../amqp/fault";
import type { ConsumerView } from "../consume/view";
import type { PublisherView } from "../publish/view";

/** A catalogue lookup: key under `status`, and what to fill in. */
export type Translate = (key: string, values?: Readonly<Record<string, string | number>>) => string;

/** The catalogue all nodes speak by. */
export const CATALOGUE = "@regards-flow/node-red-regards/regards-broker";

/** From two hours on, minutes say too much. */
const HOURS_FROM_MINUTES = 120;

/** From two days on, hours do. */
const DAYS_FROM_HOURS = 48;

/** What Node-RED shows, plus a stable code and counters for Status nodes. */
export interface NodeStatus {
  readonly fill: "red" | "green" | "yellow" | "blue" | "grey";
  readonly shape: "ring" | "dot";
  readonly text: string;
  readonly code: string;
  readonly counters?: Readonly<Record<string, number>>;
}

/**
 * The status of an in-node.
 * @param now on the clock nobody sets, as every `retryAt` is
 */
export function consumerStatus(view: ConsumerView, now: number, translate: Translate): NodeStatus {
  const status =
    linkStatus(view.connection, now, translate) ??
    subscriptionStatus(view, now, translate) ??
    concern(view, translate) ??
    progress(view, now, translate);
  const { counters, inFlight, deadLetters } = view;
  return {
    ...status,
    counters: { ...counters, inFlight, ...(deadLetters === undefined ? {} : { deadLetters }) },
  };
}

/** The status of an out-node. */
export function publisherNodeStatus(view: PublisherView, now: number, translate: Translate): NodeStatus {
  const status = linkStatus(view.connection, now, translate) ?? publisherStatus(view, now, translate);
  return { ...status, counters: { ...view.counters, waiting: view.waiting } };
}

function linkStatus(state: ConnectionState, now: number, translate: Translate): NodeStatus | undefined {
  switch (state.phase) {
    case "idle":
    case "connecting":
      return wordsOnly("yellow", "ring", "connecting");
    case "reconnecting":
      return retrying(state.fault, state.retryAt, now, translate);
    case "blocked":
      return wordsOnly("yellow", "dot", "blocked");
    case "closing":
      return wordsOnly("grey", "ring", "closing");
    case "connected":
      return undefined;
  }
}

/** What keeps a queue from being read; a pause is on purpose, and then there is nothing to wait for. */
function subscriptionStatus(view: ConsumerView, now: number, translate: Translate): NodeStatus | undefined {
  const { subscription, paused } = view;
  switch (subscription.phase) {
    case "waiting":
    case "unbound":
      return waiting(subscription.fault, subscription.retryAt, now, translate);
    case "idle":
    case "preparing":
    case "paused":
      return paused === undefined ? wordsOnly("yellow", "ring", "connecting") : pausedFor(paused, translate);
    case "consuming":
      return paused === undefined ? undefined : pausedFor(paused, translate);
  }
}

/** Also of an in-node that was stopped with its flow: what waits for it piles up. */
export function pausedFor(cause: NonNullable<ConsumerView["paused"]>, translate: Translate): NodeStatus {
  return light("yellow", "dot", translate("paused", { cause: translate(`pause.${cause}`) }), "paused");
}

/** What somebody should know of a queue that is being read, the gravest first. */
function concern(view: ConsumerView, translate: Translate): NodeStatus | undefined {
  const { givingUp, stoppedNode, held, nothingWanted, otherReaders = 0, usedAsItIs } = view;
  const warn = (text: string, code: string): NodeStatus => light("yellow", "dot", text, code);
  if (givingUp !== undefined) {
    return warn(translate("dead-letters-stuck", { cause: givingUp.reason }), "dead-letters-stuck");
  }
  if (stoppedNode !== undefined) {
    return warn(translate("waiting-node", { node: stoppedNode }), "waiting-node");
  }
  if (held !== undefined) {
    return warn(heldText(held, translate), "held");
  }
  const givenUp = givenUpText(view, translate);
  if (givenUp !== undefined) {
    return warn(givenUp, "dead-letters");
  }
  if (nothingWanted !== undefined) {
    const { received, condition } = nothingWanted;
    return warn(
      translate("nothing-wanted", { received, condition: translate(`condition.${condition}`) }),
      "nothing-wanted",
    );
  }
  if (otherReaders === 1) {
    return { ...wordsOnly("yellow", "dot", "shared-with-one"), code: "shared" };
  }
  if (otherReaders > 1) {
    return warn(translate("shared", { count: otherReaders }), "shared");
  }
  return usedAsItIs === undefined
    ? undefined
    : warn(translate("used-as-it-is", { argument: usedAsItIs }), "used-as-it-is");
}

function heldText({ minutes, by }: NonNullable<ConsumerView["held"]>, translate: Translate): string {
  const node = by || translate("the-flow");
  return minutes < HOURS_FROM_MINUTES
    ? translate("held", { minutes, node })
    : translate("held-hours", { hours: Math.floor(minutes / 60), node });
}

/**
 * What was given up and nobody has looked after: an own queue's dead letters, until they are sent back or purged. Where
 * the administrator decides what becomes of them nobody can count them, so they are said until the next deploy.
 */
function givenUpText(
  { deadLetters, counters, inFlight }: ConsumerView,
  translate: Translate,
): string | undefined {
  const count = deadLetters ?? counters.rejected ?? 0;
  if (count === 0) {
    return undefined;
  }
  const inProgress = inFlight > 0 ? [translate("in-flight", { count: inFlight })] : [];
  return [translate("given-up", { count }), ...inProgress].join(" · ");
}

/** Nothing is wrong: what the flow has in hand, or else what came last. */
function progress(
  { inFlight, last, wanted = 0 }: ConsumerView,
  now: number,
  translate: Translate,
): NodeStatus {
  if (inFlight > 0) {
    return light("blue", "dot", translate("in-flight", { count: inFlight }), "in-flight");
  }
  if (last === undefined) {
    return wordsOnly("green", "dot", "connected");
  }
  const status = last.status || translate("unrecognised");
  const values = { count: wanted, status, ago: agoText(now - last.at, translate) };
  return light("green", "dot", translate("live", values), "connected");
}

/** In whole minutes, hours or days, so that it rarely changes. */
function agoText(milliseconds: number, translate: Translate): string {
  const minutes = Math.floor(milliseconds / 60_000);
  const hours = Math.floor(minutes / 60);
  if (minutes < 1) {
    return translate("just-now");
  }
  if (minutes < HOURS_FROM_MINUTES) {
    return translate("minutes-ago", { count: minutes });
  }
  return hours < DAYS_FROM_HOURS
    ? translate("hours-ago", { count: hours })
    : translate("days-ago", { count: Math.floor(hours / 24) });
}

function publisherStatus(view: PublisherView, now: number, translate: Translate): NodeStatus {
  if (view.publisher.phase === "waiting") {
    return waiting(view.publisher.fault, view.publisher.retryAt, now, translate);
  }
  return view.waiting === 0
    ? wordsOnly("green", "dot", "connected")
    : light("blue", "dot", translate("outbox", { count: view.waiting }), "outbox");
}

function waiting(fault: Fault, retryAt: number, now: number, translate: Translate): NodeStatus {
  const subject = fault.subject ?? "";
  switch (fault.code) {
    case "queue-missing":
      return light("yellow", "dot", translate("waiting-queue", { queue: subject }), fault.code);
    case "exchange-missing":
      return light("yellow", "dot", translate("waiting-exchange", { exchange: short(subject) }), fault.code);
    case "forbidden":
    case "queue-differs":
    case "queue-locked":
    case "queue-name":
      return { ...retrying(fault, retryAt, now, translate), fill: "red" };
    case "stream":
      return { ...wordsOnly("red", "ring", `fault.${fault.code}`), code: fault.code };
    default:
      return retrying(fault, retryAt, now, translate);
  }
}

function retrying(fault: Fault, retryAt: number, now: number, translate: Translate): NodeStatus {
  const seconds = Math.max(1, Math.ceil((retryAt - now) / 1_000));
  const cause = translate(`fault.${fault.code}`);
  return light("yellow", "ring", translate("retry", { seconds, cause }), fault.code);
}

/** REGARDS names its exchanges after Java classes, and the class says enough; a name somebody chose stands as it is. */
function short(exchange: string): string {
  return exchange.includes(".broadcast.") ? exchange.slice(exchange.lastIndexOf(".") + 1) : exchange;
}

/** A status whose words hold no number: the editor says them, and its language may be another than the server's. */
export function wordsOnly(fill: NodeStatus["fill"], shape: NodeStatus["shape"], key: string): NodeStatus {
  return light(fill, shape, `${CATALOGUE}:status.${key}`, key);
}

/** One status. */
export function light(
  fill: NodeStatus["fill"],
  shape: NodeStatus["shape"],
  text: string,
  code: string,
): NodeStatus {
  return { fill, shape, text, code };
}
