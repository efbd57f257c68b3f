/**
 * Killed at any moment (kill -9), again and again, until five orders with 60 files are there: every file whole, once,
 * under its final name, nothing fetched again that was whole, and nothing left over. REGARDS_KILLS=100 for many.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { md5 } from "../simulator/catalogue-files";
import { startWebSide, type WebSide } from "../simulator/web-side";
import type { Story } from "./downloader";
import { filesIn } from "./stage";

const KILLS = Number(process.env.REGARDS_KILLS ?? 6);
const ORDERS = 5;
const FILES = 12;
/** A life is cut short at some moment of the first part of what the whole story would take. */
const LONGEST_LIFE_MS = 120;

interface Life {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly told: { order: number; saved: number }[];
  readonly errors: string[];
}

async function live(story: Story): Promise<Life> {
  const child = spawn(process.execPath, [join(__dirname, "downloader.js"), JSON.stringify(story)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit").then(([code]) => code as number | null);
  const told: Life["told"] = [];
  const errors: string[] = [];
  child.stderr?.on("data", (chunk) => errors.push(String(chunk)));
  const lines = createInterface({ input: child.stdout });
  await new Promise<void>((resolve) => {
    lines.on("line", (line) => {
      if (line === "started") resolve();
      else told.push(JSON.parse(line));
    });
    child.once("exit", () => resolve());
  });
  return { process: child, ended, told, errors };
}

for (const version of ["2.0", "1.14"] as const) {
  for (const mode of ["files", "zip"] as const) {
    describe(`a download in mode ${mode} from REGARDS ${version} that is killed ${KILLS} times`, function () {
      this.timeout(60_000 + KILLS * 2_000);
      let side: WebSide;
      let folder: string;
      beforeEach(async () => {
        side = await startWebSide({ version });
        folder = await mkdtemp(join(tmpdir(), "regards-kills-"));
      });
      afterEach(async () => {
        await side.stop();
        await rm(folder, { recursive: true, force: true });
      });

      it("has every file whole, once, fetched again only if it was not, and nothing left over", async () => {
        const contents = new Map<string, Buffer>();
        let orders = enter();
        const whole = new Set<number>();
        let seen = 0;
        let kills = 0;
        for (let lives = 0; kills < KILLS; lives++) {
          const life = await live(storyOf(orders));
          await Promise.race([pause(Math.random() * LONGEST_LIFE_MS), life.ended]);
          if (life.process.exitCode === 0) {
            await check(orders);
            orders = enter();
            whole.clear();
            continue;
          }
          life.process.kill("SIGKILL");
          await life.ended;
          assert.deepEqual(life.errors, []);
          kills += 1;
          look(whole, seen);
          seen = side.seen.length;
          for (const [path, content] of await filesIn(folder)) remember(whole, path, content);
          assert.ok(lives < 10 * KILLS + 100, "lives enough");
        }
        const last = await live(storyOf(orders));
        assert.equal(await last.ended, 0, last.errors.join(""));
        look(whole, seen);
        assert.equal(
          last.told.reduce((sum, { saved }) => sum + saved, 0),
          ORDERS * FILES,
        );
        await check(orders);

        function enter() {
          return Array.from({ length: ORDERS }, () => {
            const files = Array.from({ length: FILES }, (_, place) => ({
              name: `${place}.dat`,
              productId: `P${place % 4}`,
              content: Buffer.alloc(20_000 + 17 * place, `${contents.size} ${place} ${Math.random()} `),
              pause: 1,
            }));
            const order = side.order(files);
            for (const file of order.subOrders[0]?.files ?? []) {
              contents.set(`${order.orderId}/${file.productId}_v1/${file.name}`, file.content);
            }
            return order;
          });
        }

        function storyOf(of: ReturnType<typeof enter>): Story {
          const { address, tenant, user } = side;
          return {
            ...{ address, tenant, user: user.login, password: user.password, isInQuery: version === "1.14" },
            ...{ folder, mode, orders: of.map(({ orderId }) => orderId) },
          };
        }

        /** What was whole before this life has not been asked for in it. */
        function look(before: ReadonlySet<number>, from: number): void {
          const asked = side.seen.slice(from).flatMap(({ path }) => {
            const [, id] = /\/orders\/files\/(\d+)$/.exec(path) ?? [];
            return id === undefined ? [] : [Number(id)];
          });
          assert.deepEqual(
            asked.filter((id) => before.has(id)),
            [],
          );
        }

        function remember(into: Set<number>, path: string, content: string): void {
          if (basename(path).startsWith(".") || path.endsWith(".part")) return;
          const right = contents.get(path);
          assert.ok(right, `${path} belongs there`);
          assert.equal(md5(Buffer.from(content, "latin1")), md5(right), `${path} is whole`);
          const [orderId, , name] = path.split("/");
          const order = orders.find((each) => String(each.orderId) === orderId);
          const file = order?.subOrders[0]?.files.find((each) => each.name === name);
          if (file !== undefined) into.add(file.id);
        }

        async function check(of: ReturnType<typeof enter>): Promise<void> {
          const found = await filesIn(folder);
          for (const { orderId } of of) {
            const ours = [...found].filter(([path]) => path.startsWith(`${orderId}/`));
            assert.equal(ours.length, FILES, "no part, no ZIP, nothing twice");
            for (const [path, content] of ours) {
              assert.equal(md5(Buffer.from(content, "latin1")), md5(contents.get(path) ?? Buffer.alloc(0)));
            }
          }
        }
      });
    });
  }
}
