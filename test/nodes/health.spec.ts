/** Health and metrics as a machine asks for them: by permission only, with the figures the broker has. */
import assert from "node:assert/strict";
import { ConsumeStage, code, DEAD, inNode, probe, QUEUE, upTo } from "../consume/stage";
import { ADMIN_AUTH, fetchAs, logInWriter } from "../diagnosis/admin-auth";
import { startNodeRed, type TestNodeRed } from "../support/node-red";
import { untilValue } from "../support/until";
import { tab } from "./flows";

const EVENTS = 1_000;

describe("health and metrics", function () {
  this.timeout(60_000);
  let nodeRed: TestNodeRed;
  let stage: ConsumeStage;

  before(async () => {
    nodeRed = await startNodeRed({ settings: { adminAuth: ADMIN_AUTH } });
    await logInWriter(nodeRed);
    stage = await ConsumeStage.set(nodeRed);
  });

  after(async () => {
    await stage?.strike();
    await nodeRed?.stop();
  });

  const read = (path: string): Promise<Response> => fetchAs("reader", nodeRed, path, {});

  for (const path of ["regards/health", "regards/metrics"]) {
    it(`${path} says nothing to somebody without the permission`, async () => {
      const response = await fetchAs(undefined, nodeRed, path, {});

      assert.equal(response.status, 401);
    });
  }

  it("are the broker's own figures after a thousand events, of which some failed for good", async () => {
    const fails = code(
      "first",
      'if (msg.payload.orderId % 10 === 0) throw new Error("bad"); return msg;',
      "good",
    );
    await stage.deploy([inNode({ attempts: 2, retryDelay: 0 }), fails, probe("good")]);

    await stage.publish(upTo(EVENTS));
    await stage.untilQueue(DEAD, { ready: EVENTS / 10 });
    await stage.untilQueue(QUEUE, { ready: 0 });
    await stage.untilCounted({ inFlight: 0 });

    const figures = await metricsOf("in");
    assert.deepEqual(
      {
        settled: (figures.accepted_total ?? 0) + (figures.given_up_total ?? 0),
        accepted: figures.accepted_total,
        retried: figures.retried_total,
        received: figures.received_total,
        filtered: figures.filtered_total,
        dead: figures.dead_letters,
        inFlight: figures.in_flight,
      },
      {
        settled: EVENTS,
        accepted: EVENTS * 0.9,
        retried: EVENTS * 0.1,
        received: EVENTS * 1.1,
        filtered: 0,
        dead: (await stage.queue(DEAD))?.ready,
        inFlight: 0,
      },
    );
  });

  it("is 200 while all is well, and 503 when a node is not, naming it, without a secret", async () => {
    await stage.deploy([inNode(), probe("first")]);
    const well = await read("regards/health");
    assert.equal(well.status, 200);
    const names = ((await well.json()) as Health).nodes.map(({ id, state }) => `${id} ${state}`);
    assert.ok(names.includes("broker connected"), names.join());

    await nodeRed.deploy(flowWith({ password: "wrong-password" }));

    const bad = await untilValue(
      async () => read("regards/health"),
      (response) => response.status === 503,
      { what: "503" },
    );
    const text = await bad.text();
    assert.ok(!text.includes("wrong-password") && !text.includes(stage.vhost.user), text);
    const { healthy, nodes } = JSON.parse(text) as Health;
    assert.equal(healthy, false);
    assert.equal(nodes.find(({ id }) => id === "in")?.healthy, false);
  });

  interface Health {
    readonly healthy: boolean;
    readonly nodes: readonly { readonly id: string; readonly state: string; readonly healthy: boolean }[];
  }

  function flowWith(credentials: object): Parameters<TestNodeRed["deploy"]>[0] {
    const broker = stage.broker();
    return [
      tab,
      { ...broker, credentials: { ...(broker.credentials as object), ...credentials } },
      inNode(),
      probe("first"),
    ];
  }

  async function metricsOf(id: string): Promise<Record<string, number>> {
    const text = await (await read("regards/metrics")).text();
    const rows = [...text.matchAll(/^regards_(\w+)\{node="([^"]*)".*\} (\d+)$/gm)];
    return Object.fromEntries(
      rows.filter(([, , node]) => node === id).map(([, name = "", , value]) => [name, Number(value)]),
    );
  }
});
