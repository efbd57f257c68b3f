/** A delivery as amqplib would bring it; what is done with it is noted. */
import type { ConsumeMessage } from "amqplib";
import { Delivery } from "../../src/amqp/delivery";
import type { Verdict } from "../../src/amqp/settlements";

interface Look {
  readonly content?: string | Buffer;
  readonly tag?: number;
  readonly redelivered?: boolean;
  readonly exchange?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly settled?: (verdict: Verdict) => void;
}

export function fakeDelivery(look: Look = {}): Delivery {
  const { content = "", tag = 1, redelivered = false, exchange = "x", properties = {}, headers = {} } = look;
  const message = {
    content: Buffer.from(content),
    fields: { deliveryTag: tag, redelivered, exchange, routingKey: "", consumerTag: "c" },
    properties: { ...properties, headers },
  } as unknown as ConsumeMessage;
  return new Delivery(message, 1, { settle: (_delivery, verdict) => look.settled?.(verdict) });
}
