/** The outbox without a broker: what is sent when, what is sent again, and which verdict each message gets. */
import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import amqplib, { type Message } from "amqplib";
import { type Outgoing, Publisher, type PublishResult } from "../../../src/amqp/publisher";
import { type FakeChannel, FakeConnection } from "../../support/fake-channel";
import { FakeClock } from "../../support/fake-clock";

const lost = { fault: { code: "lost", detail: "Connection lost" }, retryAt: 0 } as const;
const missing = (exchange: string) => new Error(`NOT_FOUND - no exchange '${exchange}' in vhost '/'`);

describe("the publisher", () => {
  let connection: FakeConnection;
  let clock: FakeClock;
  let publisher: Publisher;
  let changes: number;

  function open(limit = 10, fake = new FakeConnection()): void {
    connection = fake;
    clock = new FakeClock();
    changes = 0;
    const changed = () => {
      changes += 1;
    };
    publisher = new Publisher(connection, limit, changed, { backoff: { first: 100, longest: 100 } }, clock);
  }

  beforeEach(() => open());

  it("confirms what the broker confirms, with the id it was sent with", async () => {
    const result = publisher.publish(message("a"));
    const [sent] = await sentOn(0, 1);

    sent?.confirm(null);

    assert.deepEqual(await result, { confirmed: true, messageId: sent?.messageId });
    assert.equal(publisher.waiting, 0);
    assert.equal(publisher.state.phase, "ready");
  });

  it("keeps an id it is given", async () => {
    void publisher.publish(message("a", { messageId: "mine" }));

    const [sent] = await sentOn(0, 1);

    assert.equal(sent?.messageId, "mine");
  });

  it("gives each message its own verdict: not routed, not taken, not fit to be sent", async () => {
    const results = ["a", "b"].map((each) => publisher.publish(message(each)));
    const [a, b] = await sentOn(0, 2);
    channel(0).emit("return", { properties: { messageId: a?.messageId } } as Message);
    a?.confirm(null);
    b?.confirm(new Error("message nacked"));
    channel(0).failure = new RangeError("too long");
    const unfit = publisher.publish(message("c"));

    assert.deepEqual(await codes(results), ["UNROUTABLE", "NACKED"]);
    assert.deepEqual(await codes([unfit]), ["NOT_PUBLISHED"]);
  });

  it("sends what was not confirmed again when the channel is lost, with the same ids, before what came later", async () => {
    const results = ["a", "b"].map((each) => publisher.publish(message(each)));
    const first = await sentOn(0, 2);
    first[0]?.confirm(null);
    channel(0).breakDown(new Error("PRECONDITION_FAILED"));
    results.push(publisher.publish(message("c")));
    await turn();
    clock.advance(100);

    const second = await sentOn(1, 2);
    assert.deepEqual(
      second.map(({ content }) => content),
      ["b", "c"],
    );
    assert.equal(second[0]?.messageId, first[1]?.messageId);
    for (const { confirm } of second) confirm(null);
    assert.deepEqual(await codes(results), ["ok", "ok", "ok"]);
  });

  it("sends again after a lost connection as soon as there is one", async () => {
    void publisher.publish(message("a"));
    await sentOn(0, 1);

    connection.become({ phase: "reconnecting", ...lost });
    assert.deepEqual(publisher.state, { phase: "waiting", ...lost });
    connection.become({ phase: "connected" });

    const [again] = await sentOn(1, 1);
    assert.equal(again?.content, "a");
  });

  it("refuses as UNCERTAIN what must not be repeated and was not taken: another queue may have it", async () => {
    const result = publisher.publish(message("order", { repeat: "never" }));
    const [sent] = await sentOn(0, 1);

    sent?.confirm(new Error("message nacked"));

    assert.deepEqual(await codes([result]), ["UNCERTAIN"]);
  });

  it("refuses as UNCERTAIN, and never repeats, what must not be repeated when its confirm is lost", async () => {
    const result = publisher.publish(message("order", { repeat: "never" }));
    await sentOn(0, 1);

    connection.become({ phase: "reconnecting", ...lost });
    connection.become({ phase: "connected" });

    assert.deepEqual(await codes([result]), ["UNCERTAIN"]);
    await turn();
    assert.equal(connection.channels.length, 1);
  });

  it("keeps what must not be repeated as long as it was not sent", async () => {
    connection.become({ phase: "reconnecting", ...lost });
    const result = publisher.publish(message("order", { repeat: "never" }));
    connection.become({ phase: "connected" });

    const [sent] = await sentOn(0, 1);
    sent?.confirm(null);

    assert.deepEqual(await codes([result]), ["ok"]);
  });

  it("keeps it too when the broker has closed the channel over exactly that message", async () => {
    const result = publisher.publish(message("order", { repeat: "never" }));
    await sentOn(0, 1);

    channel(0).breakDown(new Error("ACCESS_REFUSED - write access to exchange 'x' refused"));
    await turn();
    clock.advance(100);

    const [again] = await sentOn(1, 1);
    again?.confirm(null);
    assert.deepEqual(await codes([result]), ["ok"]);
  });

  it("is not ready again before the broker has confirmed something: only that shows that it may write", async () => {
    const refusal = new Error("ACCESS_REFUSED - write access to exchange 'x' refused");
    void publisher.publish(message("a"));
    await sentOn(0, 1);
    channel(0).breakDown(refusal);
    await turn();
    clock.advance(100);
    const [again] = await sentOn(1, 1);
    assert.equal(publisher.state.phase, "waiting");

    again?.confirm(null);

    assert.equal(publisher.state.phase, "ready");
  });

  it("is sure that such a message was not published when it is closed before the next try", async () => {
    const result = publisher.publish(message("order", { repeat: "never" }));
    await sentOn(0, 1);
    channel(0).breakDown(new Error("ACCESS_REFUSED - write access to exchange 'x' refused"));
    await turn();

    await publisher.close(1);

    assert.deepEqual(await codes([result]), ["CLOSED"]);
  });

  it("gives up on a confirm that does not come: the broker may have it", async () => {
    const results = [
      publisher.publish(message("a")),
      publisher.publish(message("order", { repeat: "never" })),
    ];
    await sentOn(0, 2);

    clock.advance(31_000);

    assert.deepEqual(await codes(results), ["NOT_CONFIRMED", "UNCERTAIN"]);
  });

  it("starts the wait for a confirm anew when a blocked broker is unblocked, and sends nothing meanwhile", async () => {
    const result = publisher.publish(message("a"));
    const [sent] = await sentOn(0, 1);
    connection.become({ phase: "blocked", reason: "low on memory" });
    void publisher.publish(message("b"));
    clock.advance(60_000);
    assert.deepEqual(publisher.state, { phase: "blocked", reason: "low on memory" });
    assert.equal(channel(0).published.length, 1);

    connection.become({ phase: "connected" });
    clock.advance(20_000);
    sent?.confirm(null);

    assert.deepEqual(await codes([result]), ["ok"]);
    assert.equal(channel(0).published.length, 2);
  });

  for (const [title, state] of [
    ["disconnected", { phase: "reconnecting", ...lost }],
    ["blocked", { phase: "blocked", reason: "low on disk" }],
  ] as const) {
    it(`gives up a message with a limit of its own while ${title}, saying why it was not sent`, async () => {
      connection.become(state);
      const result = publisher.publish(message("a", { giveUpAfter: 5_000 }));
      clock.advance(4_000);
      assert.equal(publisher.waiting, 1);

      clock.advance(2_000);

      const verdict = await result;
      assert.ok(!verdict.confirmed);
      assert.equal(verdict.code, "UNSENT");
      assert.match(
        verdict.message,
        title === "blocked" ? /within 5 s: low on disk/ : /within 5 s: Connection lost/,
      );
    });
  }

  it("says of a message with a limit that was sent once that the broker may have it", async () => {
    const result = publisher.publish(message("a", { giveUpAfter: 5_000 }));
    await sentOn(0, 1);
    connection.become({ phase: "reconnecting", ...lost });

    clock.advance(6_000);

    assert.deepEqual(await codes([result]), ["NOT_CONFIRMED"]);
  });

  it("does not let a missing exchange, or a forbidden one, hold up or repeat what goes elsewhere", async () => {
    connection.refuses = (exchange) => (exchange === "gone" ? missing(exchange) : undefined);
    void publisher.publish({ ...message("a"), exchange: "gone" });
    const other = publisher.publish(message("b"));
    const [sent] = await sentOn(0, 1);
    assert.equal(sent?.content, "b");
    sent?.confirm(null);
    assert.deepEqual(await codes([other]), ["ok"]);
    const { state } = publisher;
    assert.equal(state.phase === "waiting" && state.fault.code, "exchange-missing");

    connection.refuses = undefined;
    clock.advance(100);

    const [late] = await sentOn(1, 1);
    assert.equal(late?.content, "a");
    assert.equal(publisher.state.phase, "ready");
    assert.equal(channel(0).published.length, 1);
  });

  it("waits out its pause after a refusal, whatever is published meanwhile", async () => {
    let looks = 0;
    connection.refuses = (exchange) => {
      looks += 1;
      return missing(exchange);
    };
    for (let index = 0; index < 5; index += 1) {
      void publisher.publish(message("a"));
      await turn();
    }

    assert.equal(looks, 1);
  });

  it("waits out its pause also when what was lost with the channel makes room for more", async () => {
    open(1);
    const all = publisher.publishAll(["a", "b"].map((each) => message(each, { repeat: "never" })));
    await sentOn(0, 1);

    channel(0).breakDown(new Error("PRECONDITION_FAILED"));
    await turn();
    assert.equal(connection.channels.length, 1);
    assert.equal(publisher.state.phase, "waiting");
    clock.advance(100);

    const [sent] = await sentOn(1, 1);
    sent?.confirm(null);
    assert.deepEqual((await all).map(code), ["UNCERTAIN", "ok"]);
  });

  it("goes on when the broker is unblocked, although the channel was lost while it was blocked", async () => {
    const result = publisher.publish(message("a"));
    await sentOn(0, 1);
    connection.become({ phase: "blocked", reason: "low on memory" });
    channel(0).breakDown(new Error("PRECONDITION_FAILED"));
    await turn();

    connection.become({ phase: "connected" });

    const [sent] = await sentOn(1, 1);
    sent?.confirm(null);
    assert.deepEqual(await codes([result]), ["ok"]);
  });

  it("publishes to the default exchange without looking for it, which the broker forbids", async () => {
    connection.refuses = () => new Error("ACCESS_REFUSED - operation not permitted on the default exchange");
    void publisher.publish({ ...message("letter"), exchange: "" });

    const [sent] = await sentOn(0, 1);

    assert.equal(sent?.content, "letter");
  });

  it("stops when the channel is full, and goes on in order when it is drained", async () => {
    connection.room = 2;
    for (const each of ["a", "b", "c"]) void publisher.publish(message(each));
    await sentOn(0, 2);

    channel(0).drain();

    assert.deepEqual(
      channel(0).published.map(({ content }) => content),
      ["a", "b", "c"],
    );
  });

  it("waits for the close of a channel that has gone without a word, and sends again", async () => {
    void publisher.publish(message("a"));
    const [sent] = await sentOn(0, 1);
    sent?.confirm(null);
    channel(0).failure = new amqplib.IllegalOperationError("Channel closed", new Error("here").stack ?? "");

    const result = publisher.publish(message("b"));
    await turn();
    clock.advance(100);

    const [again] = await sentOn(1, 1);
    assert.equal(again?.content, "b");
    again?.confirm(null);
    assert.deepEqual(await codes([result]), ["ok"]);
  });

  describe("with a bounded outbox", () => {
    it("refuses what does not fit, and takes more when there is room", async () => {
      open(2);
      const results = ["a", "b", "c"].map((each) => publisher.publish(message(each)));
      const [a] = await sentOn(0, 2);
      assert.deepEqual(await codes(results.slice(2)), ["OUTBOX_FULL"]);

      a?.confirm(null);
      await results[0];
      void publisher.publish(message("d"));

      assert.equal(channel(0).published.at(-1)?.content, "d");
    });

    it("feeds many messages as room comes, in order, with one answer for all of them", async () => {
      open(2);
      const names = ["a", "b", "c", "d", "e"];
      const all = publisher.publishAll(names.map((each) => message(each)));
      await sentOn(0, 2);
      assert.equal(publisher.waiting, 2);
      assert.deepEqual(await codes([publisher.publish(message("other"))]), ["OUTBOX_FULL"]);

      for (let index = 0; index < names.length; index += 1) {
        assert.ok(publisher.waiting <= 2);
        channel(0).published[index]?.confirm(index === 3 ? new Error("message nacked") : null);
      }

      const results = await all;
      assert.deepEqual(results.map(code), ["ok", "ok", "ok", "NACKED", "ok"]);
      assert.deepEqual(
        channel(0).published.map(({ content }) => content),
        names,
      );
    });

    it("takes again what was taken before, even when it is full, and feeds it in its turn", async () => {
      open(1);
      void publisher.publish(message("a"));
      const insisted = publisher.publishAll([message("b")], true);
      const [a] = await sentOn(0, 1);
      assert.equal(publisher.waiting, 1);

      a?.confirm(null);
      channel(0).published[1]?.confirm(null);

      assert.deepEqual((await insisted).map(code), ["ok"]);
    });

    it("looks at each message as often with 65 535 waiting as with 100", async () => {
      assert.deepEqual(await looksAtTheLast(65_535), await looksAtTheLast(100));
    });
  });

  describe("when it is closed", () => {
    it("waits for the confirms that can still come", async () => {
      const result = publisher.publish(message("a"));
      const [sent] = await sentOn(0, 1);

      const closing = publisher.close(10_000);
      sent?.confirm(null);

      assert.equal(await closing, 0);
      assert.deepEqual(await codes([result]), ["ok"]);
      assert.ok(channel(0).isClosed);
    });

    it("does not wait for what cannot go out, and concludes it as CLOSED", async () => {
      connection.refuses = missing;
      const results = [publisher.publish(message("a")), publisher.publishAll([message("b")])];
      await turn();

      assert.equal(await publisher.close(3_600_000), 2);

      assert.deepEqual(await codes([results[0] as Promise<PublishResult>]), ["CLOSED"]);
      assert.deepEqual(await codes([publisher.publish(message("late"))]), ["CLOSED"]);
    });

    it("says that it cannot know of what was sent and must not be repeated", async () => {
      const result = publisher.publish(message("order", { repeat: "never" }));
      await sentOn(0, 1);

      await publisher.close(1);

      assert.deepEqual(await codes([result]), ["UNCERTAIN"]);
    });

    it("concludes what has not had its turn in the outbox", async () => {
      open(1);
      connection.refuses = missing;
      const all = publisher.publishAll([message("a"), message("b")]);
      await turn();

      await publisher.close(1);

      assert.deepEqual((await all).map(code), ["CLOSED", "CLOSED"]);
    });

    it("closes a channel that opens later, opens none any more, and says nothing of it", async () => {
      void publisher.publish(message("a"));
      await publisher.close(1);
      const before = changes;

      await turn();
      connection.become({ phase: "reconnecting", ...lost });
      connection.become({ phase: "connected" });
      clock.advance(60_000);
      await turn();

      assert.ok(connection.channels.every(({ isClosed }) => isClosed));
      assert.ok(connection.channels.length <= 1);
      assert.equal(changes, before);
    });
  });

  /** How often the last of so many waiting messages is looked at until its verdict. */
  async function looksAtTheLast(count: number): Promise<number> {
    open(count);
    connection.room = 1;
    let looks = 0;
    const watched: Outgoing = {
      ...message("last"),
      get exchange() {
        looks += 1;
        return "x";
      },
      get properties() {
        looks += 1;
        return {};
      },
      get repeat() {
        looks += 1;
        return "until-confirmed" as const;
      },
    };
    for (let index = 1; index < count; index += 1) void publisher.publish(message("a"));
    const result = publisher.publish(watched);
    await sentOn(0, 1);
    for (let index = 0; index < count; index += 1) {
      channel(0).published[index]?.confirm(null);
      if (channel(0).room <= 0) {
        channel(0).room = 500;
        channel(0).emit("drain");
      }
    }
    assert.deepEqual(await codes([result]), ["ok"]);
    await publisher.close(1);
    return looks;
  }

  function message(content: string, more: Partial<Outgoing> = {}): Outgoing {
    return { exchange: "x", routingKey: "", content: Buffer.from(content), properties: {}, ...more };
  }

  function channel(index: number): FakeChannel {
    return connection.channels[index] ?? assert.fail(`no channel ${index} was opened`);
  }

  /** What was published on a channel, once there is so much of it. */
  async function sentOn(index: number, count: number): Promise<FakeChannel["published"]> {
    for (
      let turns = 0;
      turns < 20 && (connection.channels[index]?.published.length ?? 0) < count;
      turns += 1
    ) {
      await turn();
    }
    assert.equal(channel(index).published.length, count);
    return channel(index).published;
  }
});

async function codes(results: readonly Promise<PublishResult>[]): Promise<string[]> {
  return (await Promise.all(results)).map(code);
}

function code(result: PublishResult): string {
  return result.confirmed ? "ok" : result.code;
}
