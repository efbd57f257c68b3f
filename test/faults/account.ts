/** Compares what was published with what the flow received, what it acknowledged and what the broker holds. */
import { connect, type GetMessage } from "amqplib";
import { amqpUrl } from "../support/rabbitmq";
import { drained } from "./drained";
import { EVENTS } from "./flow";
import { REQUEST_SINK, type RequestBalance, requestBalance } from "./requests";
import { type Scene, SINK } from "./scene";

/** The balance of one fault; every list in it has to be empty. */
export interface Balance {
  /** Events the broker confirmed. */
  readonly events: number;
  /** Numbers that were confirmed and are nowhere. */
  readonly lost: readonly number[];
  /** Events that came again, and said so. */
  readonly duplicates: number;
  /** Numbers that came again as if for the first time. */
  readonly unmarked: readonly number[];
  /** Numbers that were received, and whose acknowledgement was neither published nor refused in the end. */
  readonly unfinished: readonly number[];
  /** Numbers whose acknowledgement was said to be published and is not there. */
  readonly lostAcks: readonly number[];
  /** Acknowledgements that are there twice with the same message id. */
  readonly resentAcks: number;
  /** Numbers acknowledged more often than received: a resent one keeps its message id and does not count. */
  readonly excessAcks: readonly number[];
  /** Where the flow asks for orders, too. */
  readonly requests?: RequestBalance | undefined;
}

/** Empties the scene's queues and draws up its balance. */
export async function balanceOf(scene: Scene): Promise<Balance> {
  const url = amqpUrl({ ...scene.broker, vhost: scene.vhost });
  const connection = await connect(url);
  try {
    const dead = (await drained(connection, `${EVENTS}.dead`)).map(orderNumber);
    const held = (await drained(connection, EVENTS)).map(orderNumber);
    const acks = [...scene.acks, ...(await drained(connection, SINK))];
    const asked = [...new Set(scene.received().map(({ number }) => number))];
    const requests =
      scene.options.order === undefined
        ? undefined
        : requestBalance(asked, scene.verdicts(), await drained(connection, REQUEST_SINK));
    return { ...compare(scene, [...held, ...dead], acks), requests };
  } finally {
    await connection.close();
  }
}

function compare(
  scene: Scene,
  kept: readonly number[],
  acks: readonly GetMessage[],
): Omit<Balance, "requests"> {
  const times = new Map<number, number>();
  const unmarked: number[] = [];
  for (const { number, redelivered } of scene.received()) {
    const before = times.get(number) ?? 0;
    if (before > 0 && !redelivered) unmarked.push(number);
    times.set(number, before + 1);
  }
  const safe = new Set([...times.keys(), ...kept]);
  const copies = new Map<number, Set<string>>();
  for (const ack of acks) {
    const number = ackNumber(ack);
    const ids = copies.get(number) ?? new Set();
    copies.set(number, ids.add(String(ack.properties.messageId)));
  }
  const published = new Set(scene.published().map(({ number }) => number));
  const received = [...times.values()].reduce((sum, count) => sum + count, 0);
  // A published one may have been on its way to the probe when the flow was redeployed.
  const ended = new Set([...copies.keys(), ...scene.refused().map(({ number }) => Number(number))]);
  const different = [...copies.values()].reduce((sum, ids) => sum + ids.size, 0);
  return {
    events: scene.stream.taken.size,
    lost: [...scene.stream.taken.keys()].filter((number) => !safe.has(number)),
    duplicates: received - times.size,
    unmarked,
    unfinished: [...times.keys()].filter((number) => !ended.has(number) && !kept.includes(number)),
    resentAcks: acks.length - different,
    lostAcks: [...published].filter((number) => !copies.has(number)),
    excessAcks: [...copies].filter(([number, ids]) => ids.size > (times.get(number) ?? 0)).map(([id]) => id),
  };
}

function orderNumber({ content }: GetMessage): number {
  return (JSON.parse(content.toString()) as { readonly orderId: number }).orderId;
}

function ackNumber({ content }: GetMessage): number {
  const { urn } = JSON.parse(content.toString()) as { readonly urn: string };
  return Number(/-(\d{12}):V1$/.exec(urn)?.[1]);
}
