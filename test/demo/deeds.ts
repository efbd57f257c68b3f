/** What the buttons of *Start here* ask the demo's world for, and the sentence each answers with. */
import type { Simulator } from "../simulator/simulator";
import type { Deed } from "./control";
import type { Mishaps } from "./mishaps";

const FULL_MS = 15_000;

/** @param away how long RabbitMQ is away, in milliseconds */
export function deedsOf(regards: Simulator, mishaps: Mishaps, away: number): Readonly<Record<string, Deed>> {
  return {
    async disseminate() {
      await regards.disseminate({ service: "ingest" });
      await regards.disseminate({ service: "fem" });
      return "REGARDS disseminates two products, and waits for their acknowledgements.";
    },
    async "broken-event"() {
      await regards.publish("order", "this is no JSON");
      return "An event that nobody can read is on its way to every flow of orders.";
    },
    "full-disk"() {
      behind(mishaps.fillDisk(FULL_MS));
      return "The disk is full for 15 s: downloads wait, and go on.";
    },
    "no-rabbitmq"() {
      if (!mishaps.mayStopRabbitMq) return "This RabbitMQ is yours: it is left alone.";
      behind(mishaps.takeRabbitMqAway(away));
      return `RabbitMQ is away for ${Math.round(away / 1000)} s.`;
    },
  };
}

/** What is stopped in the middle of it has no more to tell. */
function behind(work: Promise<void>): void {
  work.catch(() => undefined);
}
