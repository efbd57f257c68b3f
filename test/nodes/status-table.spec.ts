/** Every word under a node has a real cause, and is what a person sees then; the README says what to do about it. */
import assert from "node:assert/strict";
import { faultOf } from "../../src/amqp/fault";
import type { ConsumerView } from "../../src/consume/view";
import { CATALOGUE, consumerStatus, type Translate } from "../../src/nodes/status";
import { catalogue } from "../package/sources";
import { needsPrivateBroker } from "../support/shared-rabbitmq";
import { OF_CONNECTIONS } from "./status-causes/of-connections";
import { OF_EVENTS } from "./status-causes/of-events";
import { OF_QUEUES } from "./status-causes/of-queues";
import { StatusWorld } from "./status-causes/status-world";

const CAUSES = [...OF_CONNECTIONS, ...OF_QUEUES, ...OF_EVENTS];
const WORDS = new Map(
  [...catalogue("regards-broker", "en-US")].flatMap(([key, text]) =>
    key.startsWith("status.") ? [[key.slice("status.".length), text]] : [],
  ),
);

/** What a status says in a sentence of its own, and "Test connection" in these words. */
const TESTED = [
  { key: "fault.queue-missing", fault: "a queue that is not there", form: { queue: "nowhere" } },
];

const READING: ConsumerView = {
  connection: { phase: "connected" },
  subscription: { phase: "consuming" },
  ...{ inFlight: 0, maxInFlight: 10, heldSeconds: 0, counters: {} },
};

/**
 * States that have to have a name, and that nobody sees: the display has stopped when a connection is closed, Node-RED
 * makes no node in safe mode, an exchange that is missing is named, and a queue that exists with other arguments is
 * used as it is.
 */
const NEVER_SEEN: readonly { key: string; says: string; view: Partial<ConsumerView> }[] = [
  { key: "closing", says: `${CATALOGUE}:status.closing`, view: { connection: { phase: "closing" } } },
  { key: "pause.safe-mode", says: "paused: safe mode", view: { paused: "safe-mode" } },
  {
    key: "fault.exchange-missing",
    says: "exchange not found · again in 5 s",
    view: {
      connection: { phase: "reconnecting", fault: { code: "exchange-missing", detail: "" }, retryAt: 5_000 },
    },
  },
  {
    key: "fault.queue-differs",
    says: "queue has other arguments · again in 5 s",
    view: {
      subscription: {
        phase: "waiting",
        fault: faultOf(
          new Error("PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q' in vhost 'v'"),
        ),
        retryAt: 5_000,
      },
    },
  },
];

/** The words of a key with what is filled in, as Node-RED would put them together. */
const words: Translate = (key, values = {}) =>
  (WORDS.get(key) ?? key).replace(/__(\w+?)__/g, (_, name: string) => String(values[name]));

describe("the table of statuses", function () {
  this.timeout(60_000);
  let world: StatusWorld;

  before(async function () {
    needsPrivateBroker(this);
    world = await StatusWorld.make();
  });

  afterEach(() => world.mend());

  after(() => world?.end());

  for (const { keys, says, node = "in", make } of CAUSES) {
    it(`says ${says.source} when that is so (${keys.join(", ")})`, async () => {
      await make(world);

      const { text = "" } = await world.status(node, says);

      for (const key of keys.filter((each) => each !== "connecting")) {
        assert.match(text, said(WORDS.get(key)), key);
      }
    });
  }

  for (const { key, form, fault } of TESTED) {
    it(`has words for what "Test connection" finds: ${fault}`, async () => {
      const lines = await testConnection(form);

      assert.ok(lines.includes(`status.${key}`), lines.join());
    });
  }

  for (const { key, says, view } of NEVER_SEEN) {
    it(`would say "${says}" if it were ever looked at then (${key})`, () => {
      assert.equal(consumerStatus({ ...READING, ...view }, 0, words).text, says);
    });
  }

  it("has a cause for every word of the catalogue", () => {
    const caused = new Set([
      ...CAUSES.flatMap(({ keys }) => keys),
      ...[...TESTED, ...NEVER_SEEN].map(({ key }) => key),
    ]);

    assert.deepEqual(
      [...WORDS.keys()].filter((key) => !caused.has(key)),
      [],
    );
  });

  /** The keys of what "Test connection" says of a form. */
  async function testConnection(form: object): Promise<string[]> {
    const { credentials, ...broker } = world.stage.broker();
    const response = await world.nodeRed.fetch("regards-broker/unsaved/test", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ namespace: "regards", ...broker, ...(credentials as object), ...form }),
    });
    const { lines } = (await response.json()) as { lines: { text: string }[] };
    return lines.map(({ text }) => text);
  }
});

/** The words of a key, whatever is filled in. */
function said(words = ""): RegExp {
  return new RegExp(
    words
      .split(/__\w+?__/)
      .map(escaped)
      .join(".+"),
  );
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
