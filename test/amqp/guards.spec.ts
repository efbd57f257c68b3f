/** Our guards on amqplib's private parts fit the amqplib that is installed. */
import assert from "node:assert/strict";
import { connect } from "amqplib";
import { guardLink } from "../../src/amqp/link";
import { sharedRabbitMq } from "../support/shared-rabbitmq";

describe("the guards on amqplib", () => {
  it("find their place in the amqplib that is installed", async () => {
    const { url } = await sharedRabbitMq();
    const model = await connect(url);
    try {
      assert.deepEqual(guardLink(model), []);
    } finally {
      await model.close();
    }
  });
});
