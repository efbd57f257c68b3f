/** "Try it without REGARDS": every sample through the real decoding, with no broker anywhere. */
import assert from "node:assert/strict";
import { sampleNames } from "../../src/regards/samples";
import { order, outputNames, outputOf, type Service, services, worker } from "../../src/regards/services";
import { ADMIN_AUTH, fetchAs, logInWriter } from "../diagnosis/admin-auth";
import { type FlowNode, startNodeRed, type TestNodeRed } from "../support/node-red";
import { sharedNodeRed } from "../support/shared-node-red";
import { ownQueue } from "./flows";

/** Nobody listens there. */
const BROKER = { id: "broker", type: "regards-broker", hosts: "127.0.0.1:1", tenant: "project7" };

/** An in-node with a probe on each of its outputs. */
function probed(service: Service, more = {}): FlowNode[] {
  const outputs = [...outputNames(service), "unrecognised"];
  const wires = outputs.map((output) => [`${service.name}-${output}`]);
  return [
    { id: "tab", type: "tab" },
    BROKER,
    {
      id: "in",
      type: `regards-${service.name}-in`,
      z: "tab",
      broker: "broker",
      exchange: "chosen",
      wires,
      ...more,
    },
    ...wires.map(([id = ""]) => ({ id, type: "test-probe", z: "tab", wires: [] })),
  ];
}

/** What the editor asks when the button is pressed. */
function pressing(type: string, sample: string, id = "in"): [string, RequestInit] {
  const headers = { "content-type": "application/json" };
  return [`${type}/${id}/sample`, { method: "POST", headers, body: JSON.stringify({ sample }) }];
}

const press = (nodeRed: TestNodeRed, ...button: [string, string, string?]): Promise<Response> =>
  nodeRed.fetch(...pressing(...button));

/** The message at a probe, as one of our nodes sends it. */
interface Event {
  readonly topic: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly regards: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: string };
}

const next = async (nodeRed: TestNodeRed, probe: string): Promise<Event> =>
  (await nodeRed.nextMessage(probe)) as unknown as Event;

describe("a sample", function () {
  this.timeout(30_000);

  after(async () => (await sharedNodeRed()).deploy([]));

  for (const service of services) {
    it(`of ${service.name} leaves by the output of its status, marked, whatever the filter`, async () => {
      const nodeRed = await sharedNodeRed();
      await nodeRed.deploy(probed(service, { correlationType: "prefix", correlation: "none-of-these" }));
      const pressed = new Set<string>();

      for (const name of sampleNames(service)) {
        const [status = ""] = name.split(" ");
        const output = outputNames(service)[outputOf(service, status)] ?? "unrecognised";
        pressed.add(output);
        const response = await press(nodeRed, `regards-${service.name}-in`, name);
        assert.deepEqual(await response.json(), { wired: true });

        const message = await next(nodeRed, `${service.name}-${output}`);

        assert.equal(message.topic, status);
        assert.equal(message.regards.sample, true);
        assert.equal(message.regards.tenant, "project7");
        assert.equal(
          message.regards.queue,
          await ownQueue(nodeRed, `nodered.project7.${service.name}`, "in"),
        );
        assert.equal(message.error?.code, output === "unrecognised" ? "REGARDS_UNKNOWN_STATUS" : undefined);
      }

      assert.deepEqual([...pressed], [...outputNames(service), "unrecognised"]);
      assert.deepEqual(nodeRed.errors(), []);
    });
  }

  it("of FAILED comes in its four shapes, with a download address where there is something to fetch", async () => {
    const nodeRed = await sharedNodeRed();
    await nodeRed.deploy(probed(order));
    const shapes: unknown[] = [];
    for (const name of sampleNames(order).filter((each) => each.startsWith("FAILED"))) {
      await press(nodeRed, "regards-order-in", name);
      const { payload, regards } = await next(nodeRed, "order-FAILED");
      shapes.push([payload.orderId, typeof regards.downloadUrl, payload.totalSubOrders]);
    }
    assert.deepEqual(shapes, [
      [undefined, "undefined", undefined],
      [1234, "undefined", 1],
      [1234, "string", 3],
      [1234, "string", 0],
    ]);
  });

  it("of a worker has its content decoded", async () => {
    const nodeRed = await sharedNodeRed();
    await nodeRed.deploy(probed(worker));
    await press(nodeRed, "regards-worker-in", "SUCCESS");
    const { payload, regards } = await next(nodeRed, "worker-SUCCESS");
    assert.deepEqual(payload.content, { cloudCover: 12.5 });
    assert.deepEqual([regards.workerId, regards.contentType], ["thumbnail", "image-processing"]);
  });

  it("settles nothing when it is wired back into a node that settles by hand", async () => {
    const nodeRed = await sharedNodeRed();
    const [tab, broker, node] = probed(order, { settle: "manual", wires: [["probe"]] });
    assert.ok(tab && broker && node);
    await nodeRed.deploy([tab, broker, node, { id: "probe", type: "test-probe", z: "tab", wires: [["in"]] }]);

    await press(nodeRed, "regards-order-in", "GRANTED");

    const { regards } = await next(nodeRed, "probe");
    await nodeRed.untilLog(({ msg }) => msg.includes(`No open delivery has the id ${regards.deliveryId}`));
  });

  it("is sent without a broker node too, and says when its output is not wired", async () => {
    const nodeRed = await sharedNodeRed();
    await nodeRed.deploy(probed(order, { broker: "", wires: [[], [], ["order-DONE"]] }));
    assert.deepEqual(await (await press(nodeRed, "regards-order-in", "GRANTED")).json(), { wired: false });
    assert.deepEqual(await (await press(nodeRed, "regards-order-in", "DONE")).json(), { wired: true });
    assert.equal((await next(nodeRed, "order-DONE")).regards.tenant, "project1");
  });

  it("is refused by a node that does not run, for a name that does not exist, and without permission", async () => {
    const nodeRed = await startNodeRed({ settings: { adminAuth: ADMIN_AUTH } });
    try {
      await logInWriter(nodeRed);
      await nodeRed.deploy(probed(order));
      const statuses = await Promise.all([
        press(nodeRed, "regards-order-in", "GRANTED"),
        press(nodeRed, "regards-order-in", "GRANTED", "elsewhere"),
        press(nodeRed, "regards-worker-in", "GRANTED"),
        press(nodeRed, "regards-order-in", "constructor"),
        fetchAs(undefined, nodeRed, ...pressing("regards-order-in", "GRANTED")),
        fetchAs("reader", nodeRed, ...pressing("regards-order-in", "GRANTED")),
      ]);
      assert.deepEqual(
        statuses.map(({ status }) => status),
        [200, 404, 404, 400, 401, 401],
      );
      await nodeRed.nextMessage("order-GRANTED");
      assert.equal(nodeRed.messages("order-GRANTED").length, 1);
    } finally {
      await nodeRed.stop();
    }
  });
});
