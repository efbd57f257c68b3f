/** On a Node-RED with `adminAuth`: no route of ours is open, and the password stays where it belongs. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "amqplib";
import { ADMIN_AUTH, fetchAs, logInWriter } from "../diagnosis/admin-auth";
import { brokerNode, tab } from "../nodes/flows";
import { startNodeRed, type TestNodeRed } from "../support/node-red";
import { type FreshVhost, freshVhost, needsPrivateBroker } from "../support/shared-rabbitmq";
import { ORDERS, TENANT } from "./stream";

/** A route of the admin API: its method and its path, with an id filled in. */
interface Route {
  readonly method: string;
  readonly path: string;
}

/** What changes nothing and shows no more than the editor does: `regards.read`, which `read` includes. */
const LOOKS = [/^regards\/(?:health|metrics)$/, /^regards\/(?:last-event|tenants|dead-letters)\//];

describe("Node-RED with adminAuth", function () {
  this.timeout(60_000);
  let nodeRed: TestNodeRed;
  let vhost: FreshVhost;

  before(async function () {
    needsPrivateBroker(this);
    vhost = await freshVhost();
    nodeRed = await startNodeRed({ settings: { adminAuth: ADMIN_AUTH } });
    await logInWriter(nodeRed);
  });

  after(async () => {
    await nodeRed?.stop();
    await vhost?.drop();
  });

  it("lets nobody use a route of ours without permission, and who may only look at flows only look", async () => {
    const routes = await ourRoutes();

    assert.ok(routes.length > 0, "the router has to be looked into differently");
    for (const { method, path } of routes) {
      const content = { headers: { "content-type": "application/json" }, body: "{}" };
      const request = method === "GET" ? { method } : { method, ...content };
      const [asNobody, asReader] = [
        await fetchAs(undefined, nodeRed, path, request),
        await fetchAs("reader", nodeRed, path, request),
      ];
      const mayLook = method === "GET" && LOOKS.some((look) => look.test(path));
      assert.equal(asNobody.status, 401, `${method} ${path} as nobody`);
      assert.equal(asReader.status === 401, !mayLook, `${method} ${path} as reader: ${asReader.status}`);
    }
  });

  it("keeps the password out of flows, files, logs, statuses, errors and messages", async () => {
    const connection = await connect(vhost.url);
    const channel = await connection.createConfirmChannel();
    await channel.assertExchange(ORDERS, "fanout", { durable: true });
    const wrong = `${vhost.password}-wrong`;
    await nodeRed.deploy([...flow("right", vhost.password), ...flow("wrong", wrong), tab]);
    await nodeRed.untilStatus("in-right", ({ code }) => code === "connected");
    await nodeRed.untilStatus("in-wrong", ({ text = "" }) => /login refused/.test(text));
    const event = Buffer.from('{"status":"GRANTED","orderId":1}');
    channel.publish(ORDERS, "", event, { headers: { "regards.tenant": TENANT } });
    await nodeRed.inject("ack-right", { payload: "URN:nonsense" });
    await nodeRed.nextMessage("seen-right");
    await nodeRed.nextMessage("refused-right");
    await connection.close();

    const written = await Promise.all(
      (await readdir(nodeRed.userDir, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => readFile(join(parentPath, name), "utf8")),
    );
    const answers = await Promise.all(
      ["flows", "settings", "nodes", "credentials/regards-broker/broker-right", "flows/state"].map(
        async (path) => (await nodeRed.fetch(path)).text(),
      ),
    );
    const said = JSON.stringify([
      nodeRed.logs,
      nodeRed.events,
      nodeRed.output,
      ...["seen-right", "refused-right"].map((probe) => nodeRed.messages(probe)),
      ...["in-right", "in-wrong", "ack-right", "ack-wrong"].map((node) => nodeRed.statuses(node)),
    ]);
    for (const text of [...written, ...answers, said]) {
      assert.ok(!text.includes(vhost.password), `the password is in: ${text.slice(0, 300)}`);
    }
    assert.match(answers[3] ?? "", /"has_password":true/);
  });

  function flow(name: string, password: string) {
    const id = (node: string) => `${node}-${name}`;
    const broker = brokerNode({ ...vhost, password }, { id: id("broker"), tenant: TENANT });
    const common = { z: "tab", broker: id("broker") };
    return [
      broker,
      { id: id("in"), type: "regards-order-in", ...common, wires: [[id("seen")], [], [], [], [], []] },
      {
        id: id("ack"),
        type: "regards-ack-out",
        ...common,
        recipientLabel: "x",
        wires: [[], [id("refused")]],
      },
      { id: id("seen"), type: "test-probe", z: "tab", wires: [] },
      { id: id("refused"), type: "test-probe", z: "tab", wires: [] },
    ];
  }

  /** What our nodes have added to the admin API, found in the router itself. */
  function ourRoutes(): Promise<Route[]> {
    return nodeRed.evaluate((RED) => {
      interface Layer {
        readonly route?: { readonly path: string; readonly methods: Record<string, boolean> };
        readonly handle?: { readonly stack?: readonly Layer[] };
      }
      const found: { method: string; path: string }[] = [];
      const visit = (layers: readonly Layer[]): void => {
        for (const { route, handle } of layers) {
          if (route && /regards/.test(String(route.path))) {
            for (const method of Object.keys(route.methods)) {
              found.push({
                method: method.toUpperCase(),
                path: route.path.slice(1).replace(/:\w+/g, "some-id"),
              });
            }
          }
          visit(handle?.stack ?? []);
        }
      };
      // The application behind `RED.httpAdmin` of a node; Express 4 and 5 keep its router under different names.
      const { adminApp } = (
        RED as unknown as { runtime: { _: { adminApp: Record<string, Layer["handle"]> } } }
      ).runtime._;
      visit((adminApp._router ?? adminApp.router)?.stack ?? []);
      return found;
    });
  }
});
