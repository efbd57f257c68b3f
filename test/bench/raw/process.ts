/**
 * The measure of all things: what one gets from amqplib with a few plain lines, in a process of its own like
 * Node-RED's. It parses and counts, and neither filters, nor reconnects, nor knows a flow.
 */
import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { type ChannelModel, connect } from "amqplib";
import { ACK_EXCHANGE, ACK_PROPERTIES, ackBody } from "../acknowledgements";
import { ORDER_EXCHANGE, order } from "../orders";
import { type Figures, Tally } from "../tally";
import type { ConsumeOrder, PublishOrder, RawOrder, RawReport } from "./wire";

/** What an expert acknowledges at once; half of the usual prefetch, so that the broker never waits. */
const TOGETHER = 50;

function tell(report: RawReport): void {
  if (process.connected) process.send?.(report);
}

async function consume(connection: ChannelModel, order: ConsumeOrder): Promise<Figures> {
  const { queue, prefetch, ack, expected, timed } = order;
  const channel = await connection.createChannel();
  await channel.prefetch(prefetch);
  const tally = new Tally(expected);
  const noAck = ack === "none";
  let received = 0;
  const finished = new Promise<Figures>((resolve, reject) => {
    channel.once("close", () => reject(new Error("the channel was closed")));
    const consuming = channel.consume(
      queue,
      (message) => {
        if (message === null) return;
        const body = JSON.parse(message.content.toString()) as { message: string };
        const figures = tally.add(timed ? body.message : undefined);
        received += 1;
        if (ack === "each") channel.ack(message);
        else if (ack === "fifty" && (received % TOGETHER === 0 || figures !== undefined))
          channel.ack(message, true);
        if (figures !== undefined) resolve(figures);
      },
      { noAck },
    );
    consuming.then(() => tell({ kind: "consuming" }), reject);
  });
  const figures = await finished;
  await channel.close();
  return figures;
}

async function publish(connection: ChannelModel, { what, expected, window }: PublishOrder): Promise<Figures> {
  const isOrders = what === "orders";
  const exchange = isOrders ? ORDER_EXCHANGE : ACK_EXCHANGE;
  const channel = await connection.createConfirmChannel();
  const tally = new Tally(expected);
  const figures = await new Promise<Figures>((resolve, reject) => {
    let sent = 0;
    const next = (): void => {
      if (sent >= expected) return;
      const number = sent++;
      const { content, properties } = isOrders
        ? order(number)
        : { content: ackBody(number), properties: ACK_PROPERTIES };
      channel.publish(exchange, "", content, { ...properties, messageId: randomUUID() }, confirmed);
    };
    const confirmed = (error: unknown): void => {
      if (error) {
        reject(error);
        return;
      }
      const done = tally.add();
      next();
      if (done !== undefined) resolve(done);
    };
    tally.begin();
    for (let each = 0; each < window; each += 1) next();
  });
  await channel.close();
  return figures;
}

async function carryOut(order: RawOrder): Promise<Figures> {
  const connection = await connect(order.url, { noDelay: true });
  try {
    return order.kind === "consume" ? await consume(connection, order) : await publish(connection, order);
  } finally {
    await connection.close();
  }
}

process.once("disconnect", () => process.exit());
process.on("message", (order: RawOrder) => {
  carryOut(order).then(
    (figures) => tell({ kind: "figures", figures }),
    (error: unknown) => tell({ kind: "failed", reason: inspect(error) }),
  );
});
tell({ kind: "ready" });
