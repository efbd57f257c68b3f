import assert from "node:assert/strict";
import { sharedRabbitMq } from "../support/shared-rabbitmq";
import type { FlowNode } from "../support/test-node-red";
import { untilValue } from "../support/until";
import { property } from "./debug-sidebar";
import { Example } from "./example";
import { type ExampleStage, playExample } from "./example-stage";

const QUEUE = "nodered.project1.order.archive";
const DEAD = `${QUEUE}.dead`;

const example = Example.read("05 - Look after dead letters").with("tab", {
  env: [{ name: "REGARDS_DEAD_QUEUE", value: DEAD, type: "str" }],
});
const deadLetters = example.id("regards-order-in", "dead letters");
const chosen = example.id("function", "take the chosen ones");

/** A flow whose events end up in the dead-letter queue, until its function is mended. */
const archive: readonly FlowNode[] = [
  { id: "archive", type: "tab", label: "Archive" },
  {
    ...{
      id: "orders",
      type: "regards-order-in",
      z: "archive",
      broker: example.ofType("regards-broker")[0]?.id,
    },
    ...{ queue: QUEUE, attempts: 1, wires: [["save"], ["save"], ["save"], ["save"], ["save"], []] },
  },
  {
    ...{ id: "save", name: "save the product", type: "function", z: "archive", outputs: 1, libs: [] },
    ...{ func: "throw new Error('the disk is full');", wires: [["saved"]] },
  },
  { id: "saved", type: "test-probe", z: "archive", wires: [] },
];

for (const version of [5, 4] as const) {
  describe(`the example that looks after dead letters, on Node-RED ${version}`, function () {
    this.timeout(60_000);
    let stage: ExampleStage;

    beforeEach(async () => {
      stage = await playExample(new Example([...example.nodes, ...archive]), version);
    });
    afterEach(async () => {
      // Nothing is left undecided: a node that is closed lets its flow finish for some seconds.
      await stage.nodeRed.inject(chosen, { payload: "all", settle: "accept" });
      await untilInDeadQueue(0);
      await stage.strike();
    });

    it("shows why each letter is there, and which node had failed", async () => {
      const earliest = Date.now() - 1_000;

      for (const order of [1, 2, 3]) await publish(order);

      for (const number of [1, 2, 3]) {
        const letter = await stage.shown("letters");
        const [order, died] = ["order", "died"].map((name) => property(letter, name));
        assert.deepEqual(letter, {
          number,
          reason: "the disk is full",
          node: 'function "save the product"',
          attempts: 1,
          died,
          status: "DONE",
          order,
          correlationId: `c-${order}`,
          event: { status: "DONE", orderId: order, correlationId: `c-${order}` },
        });
        assert.ok(Date.parse(String(died)) > earliest && Date.parse(String(died)) <= Date.now(), `${died}`);
      }
      assert.deepEqual(stage.nodeRed.messages("saved"), []);
    });

    it("sends one back to be handled, drops another, and keeps the third over a deploy", async () => {
      const [first, second, third] = await die(1, 2, 3);
      await mend();

      await choose("send these back", first);
      assert.equal(await savedOrder(), 1);
      await choose("drop these for good", second);
      await untilInDeadQueue(1);
      await stage.nodeRed.deploy(await stage.nodeRed.flows());

      const again = await stage.shown("letters");
      assert.deepEqual([property(again, "number"), property(again, "order")], [third, 3]);
      await stage.press("send all back");
      assert.equal(await savedOrder(), 3);
      await untilInDeadQueue(0);
    });

    it("shows one that fails once more under another number", async () => {
      await die(1, 2);

      await stage.press("send all back");

      assert.equal(await stage.shown("decided"), "sent back: 1, 2");
      for (const number of [3, 4]) assert.equal(property(await stage.shown("letters"), "number"), number);
      await untilInDeadQueue(2);
    });

    it("decides nothing before somebody has chosen", async () => {
      await die(1);

      await stage.press("send these back");
      await stage.press("drop these for good");
      await choose("drop these for good", 7);

      assert.equal(await stage.shown("decided"), "sent back: none");
      assert.equal(await stage.shown("decided"), "dropped: none");
      assert.equal(await stage.shown("decided"), "dropped: none");
      await untilInDeadQueue(1);
    });

    it("shows what nobody could read, and shows it again when asked", async () => {
      await stage.regards.publish("order", "no JSON");
      const letter = await stage.shown("letters");
      assert.match(String(property(letter, "reason")), /^REGARDS_BAD_JSON: /);

      await stage.press("show them again");
      assert.deepEqual(await stage.shown("letters"), letter);

      await choose("drop these for good", 1);
      await untilInDeadQueue(0);
      await stage.press("show them again");
      assert.equal(await stage.shown("letters"), "no dead letters");
    });

    it("lets a letter stay undecided longer than the broker would wait, and then does what was chosen", async () => {
      await change(deadLetters, { deadline: 0.03 });
      const [number] = await die(1);
      await stage.nodeRed.untilLog(({ msg }) => /given back to RabbitMQ and taken up again/.test(msg));

      await choose("drop these for good", number);

      await untilInDeadQueue(0);
    });

    /** Publishes events the archive fails on; gives their letters' numbers, in the order of the orders. */
    async function die(...orders: readonly number[]): Promise<readonly unknown[]> {
      for (const order of orders) await publish(order);
      const numbers = new Map<unknown, unknown>();
      while (numbers.size < orders.length) {
        const letter = await stage.shown("letters");
        numbers.set(property(letter, "order"), property(letter, "number"));
      }
      return orders.map((order) => numbers.get(order));
    }

    function publish(orderId: number): Promise<void> {
      return stage.regards.publish("order", { status: "DONE", orderId, correlationId: `c-${orderId}` });
    }

    async function savedOrder(): Promise<unknown> {
      return property((await stage.nodeRed.nextMessage("saved")).payload, "orderId");
    }

    function mend(): Promise<void> {
      return change("save", { func: "return msg;" });
    }

    /** What a user does in a dialog, and Deploy of modified nodes. */
    async function change(id: string, properties: Readonly<Record<string, unknown>>): Promise<void> {
      const flows = await stage.nodeRed.flows();
      await stage.nodeRed.deploy(
        flows.map((node) => (node.id === id ? { ...node, ...properties } : node)),
        { type: "nodes" },
      );
    }

    /** Types numbers into the dialog of an inject node and presses "inject now" there. */
    async function choose(button: string, ...numbers: readonly unknown[]): Promise<void> {
      const id = example.id("inject", button);
      const props = example.nodes.find((node) => node.id === id)?.props;
      assert.ok(Array.isArray(props));
      const typed = { p: "payload", v: JSON.stringify(numbers), vt: "json" };
      const response = await stage.nodeRed.fetch(`/inject/${id}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          __user_inject_props__: props.map((prop: { p: string }) => (prop.p === "payload" ? typed : prop)),
        }),
      });
      assert.equal(response.status, 200);
    }

    /** Ready or in the hands of the flow. */
    async function untilInDeadQueue(count: number): Promise<void> {
      const { console: broker } = await sharedRabbitMq();
      const flows = await stage.nodeRed.flows();
      const vhost = String(flows.find(({ type }) => type === "regards-broker")?.vhost);
      await untilValue(
        () => broker.queue(DEAD, vhost),
        (queue) => queue !== undefined && queue.ready + queue.unacked === count,
        { what: `${count} letters in the dead-letter queue` },
      );
    }
  });
}
