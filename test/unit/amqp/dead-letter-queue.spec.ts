/** Looking at dead letters takes nothing; sending back moves them, each only when it is safe. */
import assert from "node:assert/strict";
import { DeadLetterQueue } from "../../../src/amqp/dead-letter-queue";
import { FakeRabbit } from "../../support/fake-rabbit";

const OWN = { mode: "own", name: "q", type: "quorum", exchange: "orders" } as const;
const DEAD = "q.dead";

describe("a dead-letter queue somebody looks into", () => {
  let rabbit: FakeRabbit;
  let queue: DeadLetterQueue;
  let leases: number;

  beforeEach(() => {
    rabbit = new FakeRabbit();
    leases = 0;
    rabbit.declare("q");
    rabbit.declare(DEAD);
    rabbit.exchanges.add(DEAD);
    rabbit.bindings.push({ queue: "q", exchange: DEAD, key: "back" });
    rabbit.bindings.push({ queue: DEAD, exchange: DEAD, key: "dead" });
    queue = new DeadLetterQueue(OWN, {
      lease: (role) => {
        leases += 1;
        const link = role === "consume" ? rabbit.consuming : rabbit.publishing;
        return {
          connection: link.typed,
          release: async () => {
            leases -= 1;
          },
        };
      },
    });
  });

  afterEach(() => {
    assert.equal(leases, 0);
    assert.equal(rabbit.consuming.channels.size, 0);
  });

  function letter(content: string, headers: object = {}): void {
    rabbit.publish(DEAD, "dead", content, {
      messageId: `id-${content}`,
      headers: {
        ...{ "regards-flow.reason": `bad ${content}`, "regards-flow.node": "first" },
        ...{ "regards-flow.attempts": 3, "regards-flow.given-up-at": "2026-01-01T00:00:00.000Z" },
        ...headers,
      },
    });
  }

  const contents = (name: string): string[] => rabbit.ready(name).map(({ content }) => content);

  it("is empty where it is not there", async () => {
    rabbit.delete(DEAD);

    assert.deepEqual(await queue.look(), { count: 0, letters: [] });
  });

  it("says why and when, and is as it was", async () => {
    letter("one");
    letter("two");

    const { count, letters } = await queue.look();

    assert.equal(count, 2);
    assert.deepEqual(
      letters.map(({ reason, node, attempts, time }) => ({ reason, node, attempts, time })),
      ["one", "two"].map((name) => {
        return { reason: `bad ${name}`, node: "first", attempts: 3, time: "2026-01-01T00:00:00.000Z" };
      }),
    );
    assert.deepEqual(contents(DEAD), ["one", "two"]);
  });

  it("shows twenty of many", async () => {
    for (let number = 0; number < 30; number += 1) letter(`${number}`);

    const { count, letters } = await queue.look();

    assert.deepEqual([count, letters.length, contents(DEAD).length], [30, 20, 30]);
  });

  it("is counted only where it was made with another limit, for looks would count", async () => {
    letter("one");
    rabbit.refuses = (call) =>
      call === `declare ${DEAD}`
        ? Object.assign(
            new Error(
              "PRECONDITION_FAILED - inequivalent arg 'x-delivery-limit' for queue 'q.dead': received '1', current is '20'",
            ),
            { code: 406 },
          )
        : undefined;

    assert.deepEqual(await queue.look(), { count: 1, letters: [], differs: "x-delivery-limit" });
    assert.ok(!rabbit.calls.includes(`get ${DEAD}`));
  });

  it("sends one back, without our headers, and keeps the others in their order", async () => {
    for (const name of ["one", "two", "three"]) letter(name, { "regards.tenant": "t" });
    const [, two] = (await queue.look()).letters;

    assert.deepEqual(await queue.sendBack(two?.id), { sent: 1 });

    assert.deepEqual(contents(DEAD), ["one", "three"]);
    assert.deepEqual(contents("q"), ["two"]);
    const headers = rabbit.ready("q")[0]?.headers ?? {};
    assert.equal(headers["regards.tenant"], "t");
    assert.equal(headers["regards-flow.reason"], undefined);
    assert.equal(headers["regards-flow.attempts"], undefined);
  });

  it("does not send what is not there any more", async () => {
    letter("one");

    assert.deepEqual(await queue.sendBack("another"), { sent: 0 });

    assert.deepEqual(contents(DEAD), ["one"]);
  });

  it("sends all back in their order, those that come again meanwhile left out", async () => {
    for (let number = 0; number < 120; number += 1) letter(`${number}`);
    const names = contents(DEAD);
    let taken = 0;
    rabbit.delays = async (call) => {
      taken += call === `get ${DEAD}` ? 1 : 0;
      // The first fifty are in the queue again, and one of them has failed once more.
      if (taken === 60) letter("again");
    };

    assert.deepEqual(await queue.sendBack(), { sent: 120 });

    assert.deepEqual(contents("q"), names);
    assert.deepEqual(contents(DEAD), ["again"]);
  });

  it("keeps a letter whose copy has nowhere to go, and says so", async () => {
    rabbit.delete("q");
    letter("one");

    const { sent, trouble } = await queue.sendBack();

    assert.equal(sent, 0);
    assert.equal(typeof trouble, "string");
    assert.deepEqual(contents(DEAD), ["one"]);
  });

  it("sends a letter that was written twice as one", async () => {
    letter("one");
    letter("one");

    await queue.sendBack();

    assert.deepEqual(contents("q"), ["one"]);
    assert.deepEqual(contents(DEAD), []);
  });

  it("has a letter known again whose acceptance was lost, and two equal ones of the broker's kept apart", async () => {
    rabbit.isListening = false;
    letter("one");
    await queue.sendBack();
    rabbit.isListening = true;
    assert.deepEqual(contents(DEAD), ["one"], "given back with the channel");
    await queue.sendBack();
    const [first, second] = rabbit.ready("q").splice(0);
    assert.equal(first?.properties.messageId, second?.properties.messageId);

    for (const time of [1, 1]) {
      rabbit.publish(DEAD, "dead", "same", {
        messageId: "same",
        headers: { "x-death": [{ queue: "q", reason: "rejected", count: 1, time }] },
      });
    }
    await queue.sendBack();
    const ids = rabbit.ready("q").map(({ properties }) => properties.messageId);
    assert.equal(new Set(ids).size, 2);
  });
});
