/** Health and metrics as a machine asks for them: by permission only, with the figures the broker has. */
import assert from "node:assert/strict";
import { ConsumeStage, code, DEAD, inNode, probe, QUEUE, upTo } from "../consume/stage";
import { ADMIN_AUTH, fetchAs, logInWriter } from "../diagnosis/admin-auth";
import { startNodeRed, type TestNodeRed } from "../support/node-red";
import { untilValue } from "../support/until";
import { tab } from "./flows";

const EVENTS = 1_000;
/** At least: health, metrics, the last event, dead letters, sending them back; two connection tests, four samples. */
const ROUTES = 11;
const JSON_BODY = { "content-type": "application/json" };

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

  it("answer nobody without the permission, as no other address of this package does", async () => {
    const routes = await routesOf(nodeRed);
    const paths = routes.map(({ path }) => path).sort();
    assert.ok(paths.includes("/regards/health") && paths.includes("/regards/metrics"), paths.join());
    assert.ok(paths.length >= ROUTES, paths.join());

    for (const { method, path } of routes) {
      const asked = { method, body: method === "POST" ? "{}" : null, headers: JSON_BODY };
      const statuses = await Promise.all(
        ([undefined, "guest"] as const).map(
          async (user) => (await fetchAs(user, nodeRed, path.replace(":id", "in").slice(1), asked)).status,
        ),
      );
      assert.deepEqual(statuses, [401, 401], `${method} ${path}`);
    }
  });

  it("are the broker's own figures after a thousand events, filtered, tried again and given up among them", async () => {
    // Every tenth is another's; of the others every ninth fails, and of those every other one for good.
    const fails = code(
      "first",
      `const { orderId } = msg.payload;
       if (orderId % 9 === 0 && (orderId % 2 === 0 || msg.regards.attempt === 1)) throw new Error("bad");
       return msg;`,
      "good",
    );
    await nodeRed.deploy([
      tab,
      stage.broker({ tenant: "project1" }),
      inNode({ attempts: 2, retryDelay: 0 }),
      fails,
      probe("good"),
    ]);
    await stage.untilReading();
    const [theirs, ours] = [upTo(EVENTS / 10), upTo((EVENTS * 9) / 10)];
    const failing = ours.filter((id) => id % 9 === 0);
    const lost = failing.filter((id) => id % 2 === 0);

    await stage.publish(theirs, {}, { "regards.tenant": "project2" });
    await stage.publish(ours);
    await stage.untilQueue(DEAD, { ready: lost.length });
    await stage.untilQueue(QUEUE, { ready: 0, unacked: 0 });
    await stage.untilCounted({ inFlight: 0, rejected: lost.length });

    const figures = await metricsOf("in");
    const { counters } = (await healthOf("in")) ?? {};
    assert.deepEqual(
      [counters?.accepted, counters?.rejected, counters?.deadLetters],
      [figures.accepted_total, figures.given_up_total, figures.dead_letters],
    );
    assert.equal(figures.accepted_total, EVENTS - theirs.length - lost.length);
    assert.equal(
      (await nodeRed.untilMessages("good", ours.length - lost.length)).length,
      figures.accepted_total,
    );
    assert.deepEqual(figures, {
      ...figures,
      received_total: EVENTS + failing.length,
      filtered_total: theirs.length,
      retried_total: failing.length,
      given_up_total: lost.length,
      dead_letters: (await stage.queue(DEAD))?.ready,
      in_flight: (await stage.queue(QUEUE))?.unacked,
    });
    await stage.letters(lost.length);
  });

  it("go into Node-RED's log too where its settings ask for metrics, and nowhere else", async () => {
    await stage.deploy([inNode(), probe("first")]);
    await collectMetrics(false);
    await stage.publish([1]);
    await stage.untilCounted({ accepted: 1 });
    assert.deepEqual(await measured(), []);

    await collectMetrics(true);
    await stage.publish([2]);
    await stage.untilCounted({ accepted: 2 });

    const entries = await measured();
    const { _msgid: id } = (await nodeRed.untilMessages("first", 2))[1] ?? {};
    assert.deepEqual(
      entries.map(({ event, msgid }) => [event, msgid]),
      ["receive", "send", "done"].map((name) => [`node.regards-order-in.${name}`, id]),
    );
    assert.equal(typeof entries[2]?.value, "number");
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

  /** Keeps what the in-node measures, as a log handler for metrics would; `isOn` as `metrics: true` in settings.js. */
  async function collectMetrics(isOn: boolean): Promise<void> {
    await nodeRed.evaluate((RED, metrics) => {
      const { log } = RED as unknown as {
        log: { metric(): boolean; METRIC: number; addHandler(handler: object): void };
      };
      const entries: { level: number; nodeid?: string }[] = [];
      Object.assign(globalThis, { measured: entries });
      log.metric = () => metrics;
      log.addHandler({
        emit: (_name: string, entry: { level: number; nodeid?: string }) => {
          if (entry.level === log.METRIC && entry.nodeid === "in" && metrics) entries.push(entry);
        },
      });
    }, isOn);
  }

  function measured(): Promise<{ event: string; msgid: string; value?: number }[]> {
    return nodeRed.evaluate(() => (globalThis as unknown as { measured: never[] }).measured);
  }

  async function healthOf(node: string): Promise<Health["nodes"][number] | undefined> {
    const { nodes } = (await (await read("regards/health")).json()) as Health;
    return nodes.find(({ id }) => id === node);
  }

  interface Health {
    readonly healthy: boolean;
    readonly nodes: readonly {
      readonly id: string;
      readonly state: string;
      readonly healthy: boolean;
      readonly counters: Readonly<Record<string, number>>;
    }[];
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

/** The addresses that nodes of this package answer under Node-RED's admin address. */
function routesOf(nodeRed: TestNodeRed): Promise<{ method: string; path: string }[]> {
  return nodeRed.evaluate((RED) => {
    interface Layer {
      readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
      readonly handle?: { readonly stack?: readonly Layer[] };
    }
    type App = Readonly<Record<"_router" | "router", { readonly stack: readonly Layer[] } | undefined>>;
    const app = (RED as unknown as { runtime: { httpAdmin: App } }).runtime.httpAdmin;
    const routes = (stack: readonly Layer[]): { method: string; path: string }[] =>
      stack.flatMap(({ route, handle }) =>
        route === undefined
          ? routes(handle?.stack ?? [])
          : Object.keys(route.methods).map((method) => ({
              method: method.toUpperCase(),
              path: String(route.path),
            })),
      );
    return routes((app._router ?? app.router)?.stack ?? []).filter(({ path }) => path.startsWith("/regards"));
  });
}
