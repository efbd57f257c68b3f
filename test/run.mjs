/**
 * What `npm test` does, on a fresh clone too: sets up, then checks everything, and closes with the count. A
 * step counts as one test. With arguments (`npm test -- --grep reconnects`, or spec files) it only sets up
 * and runs what these choose; `npm run test:unit` runs the tests that need neither RabbitMQ nor Node-RED.
 * REGARDS_RABBITMQ=3.10 or 4.0 keeps to one version, REGARDS_AMQP_URL to the broker it names.
 */
import { createRequire } from "node:module";
import { lanes, RABBITMQ_VERSIONS } from "./lanes.mjs";
import { chosen, mocha } from "./mocha.mjs";
import { installed, run, setUp } from "./setup.mjs";
import { nodeFor } from "./support/node-binary.mjs";

const require = createRequire(import.meta.url);

/** Lanes at the same time: each waits for clocks and for its parts now and then, and four keep two cores busy. */
const AT_A_TIME = 4;

/** Milliseconds; it takes two minutes, on a busy machine four. */
const DEMO_LIMIT = 20 * 60_000;
/** Somebody ends it all. */
const SIGNALS = ["SIGINT", "SIGTERM"];

const total = { passed: 0, failed: 0 };

/** What failed, said once more at the end: above it may stand thousands of lines. */
const failures = [];

const toTerminal = (chunk) => process.stdout.write(chunk);

/** Counts what failed, and says why, at once and at the end. */
function fails(title, error, out) {
  const said = `${title}: ${explained(error)}`;
  out(`${said}\n`);
  total.failed++;
  failures.push(said);
}

/** Runs one step and counts it; a failed one does not keep the next from running. */
async function step(title, work, out = toTerminal) {
  out(`\n== ${title}\n`);
  const began = performance.now();
  try {
    await work();
    total.passed++;
    return true;
  } catch (error) {
    fails(title, error, out);
    return false;
  } finally {
    tellTime(title, began, out);
  }
}

/** What a lane takes decides how long all of them do. */
function tellTime(title, began, out) {
  out(`-- ${title}: ${Math.round((performance.now() - began) / 1000)} s\n`);
}

const explained = ({ message, cause }) => (cause ? `${message}\n${explained(cause)}` : message);

/** Runs specs and adds their counts to ours. */
async function tests(title, specs, { out = toTerminal, ...options } = {}) {
  out(`\n== ${title}\n`);
  const began = performance.now();
  try {
    const terminal = out === toTerminal ? {} : { out };
    const { passed, failed, skipped, failures: theirs } = await mocha(specs, { ...options, ...terminal });
    total.passed += passed;
    total.failed += failed;
    failures.push(...theirs);
    if (skipped > 0) out(`${skipped} skipped\n`);
  } catch (error) {
    fails(title, error, out);
  } finally {
    tellTime(title, began, out);
  }
}

/**
 * Carries out jobs, a few at a time. What the first of those that go on prints is seen at once, what the others print
 * when their turn has come, or when somebody ends it all.
 */
async function fewAtATime(jobs) {
  const begun = jobs.map((job) => ({ job, held: [], isOver: false }));
  let shown = 0;
  const show = () => {
    for (const { held, isOver } of begun.slice(shown)) {
      for (const chunk of held.splice(0)) toTerminal(chunk);
      if (!isOver) return;
      shown++;
    }
  };
  const showAll = () => {
    for (const { held } of begun) for (const chunk of held) toTerminal(chunk);
    process.exit(1);
  };
  for (const signal of SIGNALS) process.once(signal, showAll);
  const waiting = [...begun];
  const work = async () => {
    for (let each = waiting.shift(); each !== undefined; each = waiting.shift()) {
      const { held } = each;
      await each.job((chunk) => {
        held.push(chunk);
        show();
      });
      each.isOver = true;
      show();
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  for (const signal of SIGNALS) process.off(signal, showAll);
}

/**
 * The versions of RabbitMQ to test with; undefined stands for whatever there is: where somebody names a
 * broker, and where only this machine's own can be had.
 */
async function brokers() {
  if (process.env.REGARDS_AMQP_URL) return [undefined];
  if (process.env.REGARDS_RABBITMQ) return [process.env.REGARDS_RABBITMQ];
  const { canUnpackDebian } = require("./support/debian-packages.js");
  return (await canUnpackDebian()) ? RABBITMQ_VERSIONS : [undefined];
}

/** Tests start brokers and Node-REDs within their time limits, so what takes minutes is brought before. */
async function bringParts(out) {
  const say = (line) => out(`${line}\n`);
  const { chromiumPath, NoBrowserError } = require("./editor/browser.js");
  const chromium = async () =>
    await chromiumPath(say).catch((error) => {
      if (error instanceof NoBrowserError) return error.message;
      throw error;
    });
  // The network is the slower part of two of them, unpacking that of the others.
  await Promise.all([
    bringBrokers(say),
    nodeFor(5).then((path) => say(`Node.js for Node-RED 5: ${path}`)),
    chromium().then((path) => say(`Chromium: ${path}`)),
  ]);
}

async function bringBrokers(say) {
  const { rabbitMqServer } = require("./support/rabbitmq-server.js");
  for (const wanted of await brokers()) {
    const isTheirs = Boolean(process.env.REGARDS_AMQP_URL);
    const { version, script } = isTheirs
      ? { version: "of REGARDS_AMQP_URL", script: "somebody else's" }
      : await rabbitMqServer(say, wanted);
    say(`RabbitMQ ${version}: ${script}`);
  }
}

async function unitTests(out) {
  await tests("Unit tests", (await lanes()).unit, { out });
}

function lint(out) {
  const biome = [installed("@biomejs/biome/bin/biome"), "check", "--error-on-warnings"];
  return step("Lint (biome)", () => run(process.execPath, biome, { out }), out);
}

async function everything() {
  const isReady = await step("Set-up, types and compilation", () => setUp());
  if (!isReady) return;
  await fewAtATime([
    lint,
    unitTests,
    (out) => step("RabbitMQ, Node.js and Chromium to test with", () => bringParts(out), out),
  ]);
  const { broker, editor, looks, nodes, other, runs, ships } = await lanes();
  const versions = await brokers();
  const on = (rabbitMq) => (rabbitMq ? `, on RabbitMQ ${rabbitMq}` : "");
  const ofTheBroker = versions.map(
    (rabbitMq) => (out) => tests(`What depends on the broker${on(rabbitMq)}`, broker, { rabbitMq, out }),
  );
  const newest = versions.at(-1);
  const demo = ["test/demo/start.mjs", "--once"];
  // The longest first: at the end none is left alone for long.
  await fewAtATime([
    ...ofTheBroker,
    (out) => tests("What is done in the editor", editor, { out }),
    (out) => tests(`What else the nodes do${on(newest)}`, nodes, { rabbitMq: newest, out }),
    (out) => tests("The package, its examples and its bench", ships, { out }),
    (out) => tests("Everything else", other, { out }),
    (out) => tests("What follows the runs of messages", runs, { out }),
    (out) => tests("How it looks in the editor", looks, { out }),
    (out) => step("The demo, to its end", () => run(process.execPath, demo, { out, limit: DEMO_LIMIT }), out),
  ]);
}

/** Spec files and mocha's own arguments, in any order. */
async function some(args) {
  const isReady = await step("Set-up, types and compilation", () => setUp());
  if (!isReady) return;
  const isFile = (arg) => /\.spec\.[jt]s$/.test(arg);
  const named = args.filter(isFile).map((file) => file.replace(/\.ts$/, ".js"));
  const rest = args.filter((arg) => !isFile(arg));
  const among = named.length > 0 ? named : Object.values(await lanes()).flat();
  const specs = rest.length > 0 ? await chosen(among, rest) : among;
  if (specs.length > 0) await tests("Tests (mocha)", specs, { args: rest });
  else await step("Tests (mocha)", () => Promise.reject(new Error("no test is called that")));
}

const args = process.argv.slice(2);
if (args.includes("--unit")) {
  if (await step("Set-up, types and compilation", () => setUp())) await unitTests();
} else {
  await (args.length > 0 ? some(args) : everything());
}
if (failures.length > 0) console.log("\nWhat failed:");
for (const failure of failures) console.log(`  ${failure.replaceAll("\n", "\n    ")}`);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;
