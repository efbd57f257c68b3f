/**
 * What `npm test` does, on a fresh clone too: sets up, then checks everything, and closes with the count. A
 * step counts as one test. With arguments (`npm test -- --grep reconnects`, or spec files) it only sets up
 * and hands them to mocha.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installed, ROOT, run, setUp } from "./setup.mjs";
import { nodeFor } from "./support/node-binary.mjs";

const require = createRequire(import.meta.url);
const total = { passed: 0, failed: 0 };

/** Runs one step and counts it; a failed one does not keep the next from running. */
async function step(title, work) {
  console.log(`\n== ${title}`);
  try {
    await work();
    total.passed++;
    return true;
  } catch (error) {
    console.error(`${title}: ${error.message}`);
    total.failed++;
    return false;
  }
}

/** Tests start brokers and Node-REDs within their time limits, so what takes minutes is brought before. */
async function bringParts() {
  const { rabbitMqServer } = require("./support/rabbitmq-server.js");
  const rabbitMq = process.env.REGARDS_AMQP_URL
    ? "REGARDS_AMQP_URL"
    : await rabbitMqServer((line) => console.log(line));
  console.log(`RabbitMQ: ${rabbitMq}`);
  console.log(`Node.js for Node-RED 5: ${await nodeFor(5)}`);
  const { chromiumPath, NoBrowserError } = require("./editor/browser.js");
  const chromium = await chromiumPath().catch((error) => {
    if (error instanceof NoBrowserError) return error.message;
    throw error;
  });
  console.log(`Chromium: ${chromium}`);
}

/** Runs mocha and adds its counts to ours. */
async function mocha(args) {
  const { mocha: settings } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  const isFile = (arg) => /\.spec\.[jt]s$/.test(arg);
  const files = args.filter(isFile).map((file) => file.replace(/\.ts$/, ".js"));
  const directory = await mkdtemp(join(tmpdir(), "regards-mocha-"));
  const counts = join(directory, "counts.json");
  const options = [
    // The "mocha" section of package.json would add its files to those asked for.
    "--no-package",
    "--enable-source-maps",
    ...["--timeout", String(settings.timeout)],
    ...["--reporter", join(ROOT, "test/support/counting-reporter.js"), "--reporter-option", `file=${counts}`],
  ];
  const specs = files.length > 0 ? files : [settings.spec];
  try {
    const program = [
      installed("mocha/bin/mocha.js"),
      ...options,
      ...args.filter((arg) => !isFile(arg)),
      ...specs,
    ];
    const failure = await run(process.execPath, program).catch((error) => error);
    const { passed, failed, skipped } = JSON.parse(await readFile(counts, "utf8").catch(() => "{}"));
    total.passed += passed ?? 0;
    total.failed += failed ?? 0;
    if (skipped) console.log(`${skipped} skipped`);
    // A mocha that could not even load the specs has counted nothing.
    if (failure && !failed) throw failure;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function tests(args) {
  console.log("\n== Tests (mocha)");
  await mocha(args).catch((error) => {
    console.error(error.message);
    total.failed++;
  });
}

async function everything() {
  const isReady = await step("Set-up, types and compilation", () => setUp());
  if (!isReady) return;
  await step("Lint (biome)", () =>
    run(process.execPath, [installed("@biomejs/biome/bin/biome"), "check", "--error-on-warnings"]),
  );
  await step("RabbitMQ and Node.js to test with", bringParts);
  await tests([]);
  await step("The demo, to its end", () => run(process.execPath, ["test/demo/start.mjs", "--once"]));
}

async function some(args) {
  const isReady = await step("Set-up, types and compilation", () => setUp());
  if (isReady) await tests(args);
}

const args = process.argv.slice(2);
await (args.length > 0 ? some(args) : everything());
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;
