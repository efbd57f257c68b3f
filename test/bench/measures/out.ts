/** Acknowledgements out of Node-RED, each confirmed by the broker, with a window of them under way. */
import { ACK_EXCHANGE, LABEL, TENANT } from "../acknowledgements";
import { ground } from "../flows";
import type { Section } from "../result";
import type { Stage } from "../stage";
import { comparison, PROCESSOR_TIME, rounds, under } from "./rounds";

/** The outbox of a node as it comes. */
export const WINDOW = 1_000;
/** Processor time beside a raw confirm channel with the same window. */
const OUT_TIME = 1.25;

export async function measureOut(stage: Stage): Promise<Section> {
  const expected = stage.scale.acknowledgements;
  const window = Math.min(WINDOW, expected);
  const { url } = stage.broker;
  const queue = await outQueue(stage, ACK_EXCHANGE);
  const flow = [
    ...ground(stage.broker, { tenant: TENANT }),
    { id: "feed", type: "bench-feed", z: "tab", expected, window, wires: [["out"]] },
    {
      id: "out",
      type: "regards-ack-out",
      z: "tab",
      broker: "broker",
      recipientLabel: LABEL,
      outboxLimit: window,
      wires: [["feed"], []],
    },
  ];
  const emptied = async <T>(run: () => Promise<T>): Promise<T> => {
    const figures = await run();
    await stage.channel.purgeQueue(queue);
    return figures;
  };
  const { warm } = await rounds(
    stage.scale,
    [
      {
        name: "raw",
        run: () =>
          emptied(() =>
            stage.raw.carryOut({ kind: "publish", what: "acknowledgements", url, expected, window }),
          ),
      },
      {
        name: "ours",
        run: () =>
          emptied(() =>
            stage.runFlow("out", flow, "feed", {
              meanwhile: async () => {
                await stage.nodeRed.untilStatus("out", ({ fill }) => fill === "green");
                await stage.nodeRed.inject("feed", { start: true });
              },
            }),
          ),
      },
    ],
    stage.say,
  );
  await stage.remove(queue);
  return {
    title: `Out: ${expected} acknowledgements, confirmed, ${window} under way`,
    rows: [
      comparison(
        "regards-ack-out, beside a raw confirm channel",
        warm,
        ["ours", "raw"],
        under(OUT_TIME),
        PROCESSOR_TIME,
      ),
      comparison("regards-ack-out, beside a raw confirm channel", warm, ["ours", "raw"]),
    ],
  };
}

/** Where what is published on an exchange ends: REGARDS' place. */
export async function outQueue(stage: Stage, exchange: string): Promise<string> {
  const queue = await stage.queue("classic");
  await stage.channel.assertExchange(exchange, "fanout", { durable: true });
  await stage.channel.bindQueue(queue, exchange, "");
  return queue;
}
