/**
 * Runs mocha in a process of its own and brings back what it counted. What enters are spec files and
 * mocha's own arguments; what leaves are the counts.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { installed, ROOT, run } from "./setup.mjs";

const settings = async () => JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")).mocha;

/** Hands over a file that mocha has written. */
async function withFile(use) {
  const directory = await mkdtemp(join(tmpdir(), "regards-mocha-"));
  try {
    return await use(join(directory, "written.json"));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function options() {
  // The "mocha" section of package.json would add its files to those asked for.
  const always = ["--no-package", "--enable-source-maps", "--timeout", String((await settings()).timeout)];
  // Where nobody reads along, a test that is left out has failed.
  return process.env.CI ? [...always, "--forbid-only", "--forbid-pending"] : always;
}

/** The longest takes 30 minutes beside the others; one that hangs must not keep the count from being told. */
const LIMIT = 60 * 60_000;

const MOCHA = installed("mocha/bin/mocha.js");

/**
 * The spec files that hold a test the arguments choose. Only these need be loaded: a spec that is loaded
 * starts what its tests share.
 */
export function chosen(specs, args) {
  return withFile(async (file) => {
    const look = ["--dry-run", "--reporter", "json", "--reporter-option", `output=${file}`];
    await run(process.execPath, [MOCHA, ...(await options()), ...look, ...args, ...specs], { quiet: true });
    const { tests } = JSON.parse(await readFile(file, "utf8"));
    return [...new Set(tests.map((test) => relative(ROOT, test.file).split(sep).join("/")))];
  });
}

/**
 * Runs the specs; with `rabbitMq` on that version, which the titles then name. `out` takes what is printed, in
 * place of the terminal.
 */
export function mocha(specs, { args = [], rabbitMq, out } = {}) {
  return withFile(async (file) => {
    const reporter = ["--reporter", join(ROOT, "test/support/counting-reporter.js")];
    const told = ["--reporter-option", `file=${file}${rabbitMq ? `,rabbitMq=${rabbitMq}` : ""}`];
    const program = [MOCHA, ...(await options()), ...reporter, ...told, ...args, ...specs];
    const env = rabbitMq ? { REGARDS_RABBITMQ: rabbitMq } : {};
    const failure = await run(process.execPath, program, { env, out, limit: LIMIT }).catch((error) => error);
    const written = await readFile(file, "utf8").catch(() => undefined);
    // A mocha that could not even load the specs has counted nothing; nor has one that a test has ended.
    if (written === undefined) throw failure ?? new Error("mocha ended before its tests were over");
    const counts = JSON.parse(written);
    if (failure && counts.failed === 0) throw failure;
    return counts;
  });
}
