/** Every fault recovers: each happens to a flow that takes a stream of events, and nothing may be lost. */
import { needsPrivateBroker } from "../support/shared-rabbitmq";
import type { Fault } from "./fault";
import { isLong, isWhole, ROUNDS } from "./form";
import { acknowledgementFaults } from "./rows/acknowledgements";
import { brokerFaults } from "./rows/broker";
import { channelFaults } from "./rows/channels";
import { mix } from "./rows/mix";
import { networkFaults } from "./rows/network";
import { processFaults } from "./rows/processes";
import { queueFaults } from "./rows/queues";
import { requestFaults } from "./rows/requests";
import { type Stage, sharedStage } from "./stage";
import { suffer } from "./suffer";

const all: readonly Fault[] = [
  ...networkFaults,
  ...channelFaults,
  ...queueFaults,
  ...acknowledgementFaults,
  ...requestFaults,
  ...brokerFaults,
  ...processFaults,
  mix,
];

describe("every fault recovers", function () {
  this.timeout(180_000);
  let stage: Stage;

  before(async function () {
    needsPrivateBroker(this);
    stage = await sharedStage();
  });

  for (const fault of all.filter(({ isQuick }) => isQuick || isWhole)) {
    it(fault.title, async function () {
      if (isLong) this.timeout((ROUNDS * (fault.lasts + 120) + 600) * 1_000);
      await suffer(fault, stage);
    });
  }
});
