/**
 * Node-RED killed (kill -9) while it downloads, again and again, between a real broker and the simulated REGARDS: every
 * file whole and once, every event settled, nothing fetched again that was whole. Bare processes are killed far more
 * often in test/web.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PLAN } from "../../src/web/plan";
import { brokerNode, tab } from "../nodes/flows";
import { select } from "../simulator/catalogue";
import { type Stage, setStage } from "../simulator/stage";
import { startNodeRed, type TestNodeRed } from "../support/node-red";
import { needsPrivateBroker } from "../support/shared-rabbitmq";
import { until } from "../support/until";
import { filesIn } from "../web/stage";

const KILLS = Number(process.env.REGARDS_KILLS ?? 3);
/** The event memory lets an event be in hand at nine deaths; a story has fewer. */
const KILLS_PER_STORY = 6;
const ORDERS = 5;
const QUERY = "files:12 AND bytes:20000 AND slow:1";

for (const version of ["2.0", "1.14"] as const) {
  describe(`downloads from REGARDS ${version} while Node-RED dies ${KILLS} times`, function () {
    this.timeout(60_000 + KILLS * 15_000);
    let stage: Stage;
    let userDir: string;
    let folder: string;
    let nodeRed: TestNodeRed;

    before(function () {
      needsPrivateBroker(this);
    });
    beforeEach(async () => {
      stage = await setStage({ version });
      userDir = await mkdtemp(join(tmpdir(), "regards-deaths-"));
      folder = await mkdtemp(join(tmpdir(), "regards-downloads-"));
      nodeRed = await startNodeRed({ userDir });
    });
    afterEach(async () => {
      await nodeRed.stop();
      await stage.strike();
      await rm(userDir, { recursive: true, force: true });
      await rm(folder, { recursive: true, force: true });
    });

    it("end with every file whole, once, and every event settled", async () => {
      await nodeRed.deploy(flow());
      await nodeRed.untilStatus("in", ({ text }) => text === "connected");
      const right = new Map(
        (select([QUERY], undefined) ?? []).flat().map(({ name, content }) => [name, sum(content)]),
      );
      const whole = new Set<number>();
      let seen = 0;
      let expected = 0;
      for (let kills = 0; kills < KILLS; ) {
        for (let order = 0; order < ORDERS; order++) await stage.regards.requestOrder({ queries: [QUERY] });
        expected += ORDERS * right.size;
        for (let story = 0; story < KILLS_PER_STORY && kills < KILLS; story++, kills++) {
          await untilDownloading(stage.regards.transfers.length);
          await pause(Math.random() * 300);
          await nodeRed.kill();
          await look();
          nodeRed = await startNodeRed({ userDir });
        }
        await until(async () => (await settledFiles()) === expected, {
          what: `${expected} files and no event left`,
          timeout: 40_000,
        });
      }
      await look();
      const found = await filesIn(folder);
      check(right, found, true);
      assert.equal(found.size, expected);
      assert.equal(whole.size, expected);
      const dead = (await queues()).filter(({ name }) => name.endsWith(".dead"));
      assert.deepEqual(
        dead.map(({ ready }) => ready),
        [0],
      );

      /** What is there is whole, and what was whole at the last death has not been fetched since. */
      async function look(): Promise<void> {
        const since = stage.regards.transfers.slice(seen);
        seen = stage.regards.transfers.length;
        assert.deepEqual(
          since.filter(({ fileId }) => whole.has(fileId)),
          [],
        );
        const found = await filesIn(folder);
        check(right, found, false);
        for (const id of await idsIn(folder, found)) whole.add(id);
      }
    });

    const flow = () => [
      tab,
      brokerNode(stage.vhost, { tenant: "project1" }),
      {
        ...{ id: "web", type: "regards-web", address: stage.regards.address, tenant: "project1" },
        login: version === "1.14" ? "query" : "body",
        credentials: { user: stage.regards.user.login, password: stage.regards.user.password },
      },
      {
        ...{ id: "in", type: "regards-order-in", z: "tab", broker: "broker" },
        wires: [[], ["download"], ["download"], ["download"], [], []],
      },
      { id: "download", type: "regards-download", z: "tab", web: "web", folder, wires: [["saved"], [], []] },
      { id: "saved", type: "test-probe", z: "tab" },
    ];

    const queues = () => stage.vhost.broker.console.queues(stage.vhost.vhost);

    /** There is something to kill in the middle of, or nothing left to fetch. */
    async function untilDownloading(seen: number): Promise<void> {
      await until(async () => stage.regards.transfers.length > seen || (await settledFiles()) > 0, {
        what: "a transfer",
        timeout: 20_000,
      });
    }

    /** How many files are there, once no event is waiting, in progress or to be tried again. */
    async function settledFiles(): Promise<number> {
      const busy = (await queues()).some(
        ({ name, ready, unacked }) => /\.in(?:\.retry)?$/.test(name) && ready + unacked > 0,
      );
      return busy ? 0 : (await filesIn(folder)).size;
    }
  });
}

/** REGARDS' ids of the files that stand under their final names, as the plans have them. */
async function idsIn(folder: string, found: ReadonlyMap<string, string>): Promise<number[]> {
  const orders = new Set([...found.keys()].map((path) => path.split("/")[0] ?? ""));
  const plans = await Promise.all(
    [...orders].map(async (order) => {
      // A line that a death has torn is none.
      const lines = (await readFile(join(folder, order, PLAN), "utf8")).match(/^\{"file":\{.*\}\}$/gm) ?? [];
      const facts = lines.map((line) => JSON.parse(line) as { file: { id: string; path: string } });
      return facts.flatMap(({ file }) => (found.has(`${order}/${file.path}`) ? [Number(file.id)] : []));
    }),
  );
  return plans.flat();
}

function sum(content: Buffer): string {
  return createHash("md5").update(content).digest("hex");
}

/** What stands under a final name is whole; in the end nothing else stands there. */
function check(right: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>, isEnd: boolean): void {
  for (const [path, content] of found) {
    if (path.endsWith(".part")) {
      assert.ok(!isEnd, `${path} is left over`);
      continue;
    }
    const name = path.split("/").at(-1) ?? "";
    assert.equal(sum(Buffer.from(content, "latin1")), right.get(name), `${path} is whole`);
  }
}
