/** A queue that does not answer: its leader is gone, and the answer may come long after nobody waits for it. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Channel } from "amqplib";
import type { Connection } from "../../../src/amqp/connection";
import { Subscription } from "../../../src/amqp/subscription";
import { until } from "../../support/until";

/** Answers everything at once but the requests named in `silent`. */
class FakeChannel extends EventEmitter {
  readonly asked: string[] = [];
  isClosed = false;
  readonly #silent: string | undefined;

  constructor(silent?: string) {
    super();
    this.#silent = silent;
  }

  assertQueue = () => Promise.resolve({ queue: "silent" });
  bindQueue = () => Promise.resolve({});
  checkQueue = () => Promise.resolve({ messageCount: 0, consumerCount: 1 });
  prefetch = () => this.#answer("prefetch", {});
  consume = () => this.#answer("consume", { consumerTag: "tag" });
  close = async () => {
    this.isClosed = true;
  };

  #answer<T>(request: string, answer: T): Promise<T> {
    this.asked.push(request);
    return request === this.#silent ? new Promise<T>(() => undefined) : Promise.resolve(answer);
  }
}

describe("a subscription to a queue that does not answer", () => {
  for (const silent of ["prefetch", "consume"]) {
    it(`tries again on another channel, so that a late answer to ${silent} changes nothing`, async () => {
      const channels = [new FakeChannel(silent), new FakeChannel()];
      const opened: FakeChannel[] = [];
      const connection = {
        isUp: true,
        onState: () => () => undefined,
        aside: (work: (channel: Channel) => unknown) => work(new FakeChannel() as unknown as Channel),
        channel: async () => {
          const channel = channels.shift() ?? new FakeChannel();
          opened.push(channel);
          return { channel, generation: 1 };
        },
      } as unknown as Connection;
      const timing = { answer: 10, backoff: { first: 1, longest: 1 }, upkeep: 60_000 };
      const nothing = () => undefined;
      const events = {
        delivered: nothing,
        lost: nothing,
        changed: nothing,
        found: nothing,
        surprised: nothing,
      };
      const queue = { mode: "temporary", name: "silent", exchange: "" } as const;
      const subscription = new Subscription(connection, { queue, prefetch: 10, timing }, events);

      subscription.start();
      await until(() => subscription.state.phase === "consuming", { what: "a consumer" });
      const seen = opened.map(({ isClosed, asked }) => [isClosed, asked.at(-1)]);
      await subscription.close(10);

      assert.deepEqual(seen, [
        [true, silent],
        [false, "consume"],
      ]);
    });
  }
});
