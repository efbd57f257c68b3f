/** What is learnt of a queue from how a broker refuses to declare it, and how often it is asked. */
import assert from "node:assert/strict";
import { type Fault, faultOf } from "../../../src/amqp/fault";
import { type Declared, type QueueKind, queueKind } from "../../../src/amqp/queue-kind";

/** What RabbitMQ compares, by type, in its order. */
const COMPARED = {
  classic: [
    "durable",
    "auto_delete",
    "x-message-ttl",
    "x-dead-letter-exchange",
    "x-dead-letter-routing-key",
    "x-max-priority",
    "x-queue-type",
  ],
  quorum: [
    "durable",
    "auto_delete",
    "x-dead-letter-exchange",
    "x-max-length",
    "x-single-active-consumer",
    "x-queue-type",
    "x-delivery-limit",
  ],
  stream: ["durable", "auto_delete", "x-queue-type", "x-max-age"],
};

/** A value as RabbitMQ writes it: with its type, unless the other one is of the same. */
function inWords(value: unknown, other: unknown): string {
  if (value === undefined) {
    return "none";
  }
  const type = { string: "longstr", boolean: "bool" }[typeof value as string] ?? "signedint";
  return other === undefined ? `the value '${value}' of type '${type}'` : `'${value}'`;
}

/** A broker with one queue; counts how often it refuses. */
class FakeQueue {
  readonly #type: keyof typeof COMPARED;
  readonly #has: Readonly<Record<string, unknown>>;
  refusals = 0;

  constructor(type: keyof typeof COMPARED, has: Readonly<Record<string, unknown>> = {}) {
    this.#type = type;
    const said = type === "classic" ? {} : { "x-queue-type": type };
    this.#has = { durable: true, auto_delete: false, ...said, ...has };
  }

  readonly declare = async ({ durable = true, autoDelete = false, arguments: args }: Declared) => {
    const wanted: Record<string, unknown> = { durable, auto_delete: autoDelete, ...args };
    const name = COMPARED[this.#type].find((each) => wanted[each] !== this.#has[each]);
    if (name === undefined) {
      return undefined;
    }
    this.refusals += 1;
    const words = `received ${inWords(wanted[name], this.#has[name])} but current is ${inWords(this.#has[name], wanted[name])}`;
    return fault(`PRECONDITION_FAILED - inequivalent arg '${name}' for queue 'q' in vhost '/': ${words}`);
  };
}

const fault = (words: string): Fault => faultOf(new Error(words));

describe("the kind of a queue", () => {
  const dead = { "x-dead-letter-exchange": "regards.DLX" };
  const rows: readonly [title: string, queue: FakeQueue, kind: QueueKind, refusals: number][] = [
    ["a plain classic queue", new FakeQueue("classic"), { type: "classic" }, 1],
    [
      "a queue of REGARDS' own",
      new FakeQueue("classic", { ...dead, "x-max-priority": 255 }),
      { type: "classic", maxPriority: 255 },
      2,
    ],
    [
      "a queue that goes with its connection",
      new FakeQueue("classic", { durable: false, auto_delete: true }),
      { type: "classic" },
      3,
    ],
    ["a quorum queue without a limit", new FakeQueue("quorum"), { type: "quorum" }, 1],
    [
      "a quorum queue with one",
      new FakeQueue("quorum", { ...dead, "x-delivery-limit": 5 }),
      { type: "quorum", deliveryLimit: 5 },
      3,
    ],
    [
      "a queue whose text is a number, or has a quote in it",
      new FakeQueue("classic", {
        ...{ "x-dead-letter-exchange": "l'ordre", "x-dead-letter-routing-key": "42" },
        ...{ "x-message-ttl": 1000, "x-max-priority": 255 },
      }),
      { type: "classic", maxPriority: 255 },
      4,
    ],
    [
      "a quorum queue with one consumer at a time",
      new FakeQueue("quorum", { "x-single-active-consumer": true, "x-delivery-limit": 5 }),
      { type: "quorum", deliveryLimit: 5 },
      3,
    ],
    ["a stream", new FakeQueue("stream", { "x-max-age": "1D" }), { type: "stream" }, 1],
  ];
  for (const [title, queue, kind, refusals] of rows) {
    it(`is told of ${title} by ${refusals} refusals`, async () => {
      assert.deepEqual(await queueKind(queue.declare), kind);
      assert.equal(queue.refusals, refusals);
    });
  }

  it("is not told to who may not configure the queue", async () => {
    assert.equal(await queueKind(async () => fault("ACCESS_REFUSED - configure access refused")), undefined);
  });

  it("is not told where the broker's sentence is longer than AMQP carries", async () => {
    const whole = `PRECONDITION_FAILED - inequivalent arg 'x-dead-letter-exchange' for queue '${"q".repeat(120)}'`;
    const rest = " in vhost '/': received none but current is the value 'regards.DLX' of type 'longstr'";
    const words = `${(whole + rest).slice(0, 252)}...`;

    assert.equal(await queueKind(async () => fault(words)), undefined);
  });

  it("is given up when the broker goes on about what it was given", async () => {
    const words =
      "PRECONDITION_FAILED - inequivalent arg 'x-queue-leader-locator': but current is 'balanced'";
    let asked = 0;
    const declare = async (): Promise<Fault> => {
      asked += 1;
      return fault(words);
    };

    assert.equal(await queueKind(declare), undefined);
    assert.equal(asked, 2);
  });

  it("is asked for by declarations that could never make a queue", async () => {
    const declared: Declared[] = [];
    const queue = new FakeQueue("quorum", { ...dead, "x-delivery-limit": 5 });
    await queueKind((each) => {
      declared.push(each);
      return queue.declare(each);
    });

    assert.equal(declared.length, 3);
    assert.ok(declared.every(({ arguments: args }) => args["x-max-priority"] === "unknown"));
  });
});
