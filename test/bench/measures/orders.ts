/** Orders out of Node-RED, each confirmed by the broker, with a window of them under way. */
import { TENANT } from "../acknowledgements";
import { ground } from "../flows";
import { ORDER_EXCHANGE, USER } from "../orders";
import type { Section } from "../result";
import type { Stage } from "../stage";
import { outQueue, WINDOW } from "./out";
import { comparison, PROCESSOR_TIME, rounds } from "./rounds";

const PLAIN = "regards-order-out, beside a raw confirm channel";
const FOLLOWED = "the same, waiting for an answer to each";

export async function measureOrders(stage: Stage): Promise<Section> {
  const expected = stage.scale.acknowledgements;
  const window = Math.min(WINDOW, expected);
  const { url } = stage.broker;
  const queue = await outQueue(stage, ORDER_EXCHANGE);
  const flow = (noAnswerAfter: number) => [
    ...ground(stage.broker, { tenant: TENANT }),
    { id: "feed", type: "bench-feed", z: "tab", feeds: "products", expected, window, wires: [["out"]] },
    {
      ...{ id: "out", type: "regards-order-out", z: "tab", broker: "broker", user: USER },
      ...{ noAnswerAfter, outboxLimit: window, wires: [["feed"], [], []] },
    },
  ];
  const ours = (name: string, noAnswerAfter: number) => ({
    name,
    run: () =>
      emptied(() =>
        stage.runFlow(name, flow(noAnswerAfter), "feed", {
          meanwhile: async () => {
            await stage.nodeRed.untilStatus("out", ({ fill }) => fill === "green");
            await stage.nodeRed.inject("feed", { start: true });
          },
        }),
      ),
  });
  const emptied = async <T>(run: () => Promise<T>): Promise<T> => {
    const figures = await run();
    await stage.channel.purgeQueue(queue);
    return figures;
  };
  const raw = {
    name: "raw",
    run: () => emptied(() => stage.raw.carryOut({ kind: "publish", what: "orders", url, expected, window })),
  };
  const { warm } = await rounds(stage.scale, [raw, ours("ours", 0), ours("followed", 60)], stage.say);
  await stage.remove(queue);
  return {
    title: `Out: ${expected} orders, confirmed, ${window} under way`,
    rows: [
      comparison(PLAIN, warm, ["ours", "raw"], undefined, PROCESSOR_TIME),
      comparison(PLAIN, warm, ["ours", "raw"]),
      comparison(FOLLOWED, warm, ["followed", "raw"], undefined, PROCESSOR_TIME),
      comparison(FOLLOWED, warm, ["followed", "raw"]),
    ],
  };
}
