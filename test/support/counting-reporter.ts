/**
 * Mocha's usual report on the terminal, with the suites that took longest, and its counts in a file for the runner
 * that adds them up. Where the same specs run on several brokers, the titles name the one.
 */
import { writeFileSync } from "node:fs";
import Mocha from "mocha";

/** What the file holds, as JSON. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Each failed test by its full title, with what its error says first. */
  readonly failures: readonly string[];
}

/** How long the process may take to end after its last test, in milliseconds. */
const TIME_TO_END = 15_000;

/** Characters of an error: the whole of it stands further up, in mocha's own report. */
const SAID = 300;

/** So many suites are named, each with what it took, its set-up included. */
const LONGEST = 12;
const WORTH_NAMING_S = 10;

interface Told {
  readonly file: string;
  readonly rabbitMq?: string;
}

/** Told with `--reporter-option file=<path>,rabbitMq=<version>` where to write, and what to name. */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const { file, rabbitMq } = options.reporterOptions as Told;
    if (rabbitMq !== undefined) {
      for (const suite of runner.suite.suites) suite.title += `, on RabbitMQ ${rabbitMq}`;
    }
    const took = timesOf(runner);
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      tellLongest(took);
      const { passes, failures, pending } = this.stats;
      const told = this.failures.map((test) => `${test.fullTitle()}: ${test.err?.message.slice(0, SAID)}`);
      const counts: Counts = { passed: passes, failed: failures, skipped: pending, failures: told };
      writeFileSync(file, JSON.stringify(counts));
      setTimeout(() => endWithWhatIsLeft(failures), TIME_TO_END).unref();
      // Its loop over, Node.js 20 may still wait for ever to close a handle (a socket reset while it was being ended).
      // Ended like this it does not. After everybody else who listens for the exit, mocha included.
      setImmediate(() => process.once("exit", (code) => process.exit(code || Math.min(failures, 1))));
    });
  }
}

/** What each outermost suite took, in seconds, once it is over. */
function timesOf(runner: Mocha.Runner): ReadonlyMap<string, number> {
  const { EVENT_SUITE_BEGIN, EVENT_SUITE_END } = Mocha.Runner.constants;
  const took = new Map<string, number>();
  let began = 0;
  const onOutermost = (then: (suite: Mocha.Suite) => void) => (suite: Mocha.Suite) => {
    if (suite.parent?.root) then(suite);
  };
  runner.on(
    EVENT_SUITE_BEGIN,
    onOutermost(() => {
      began = performance.now();
    }),
  );
  runner.on(
    EVENT_SUITE_END,
    onOutermost(({ title }) => {
      took.set(title, (took.get(title) ?? 0) + (performance.now() - began) / 1_000);
    }),
  );
  return took;
}

function tellLongest(took: ReadonlyMap<string, number>): void {
  const longest = [...took]
    .filter(([, seconds]) => seconds >= WORTH_NAMING_S)
    .sort(([, a], [, b]) => b - a)
    .slice(0, LONGEST);
  if (longest.length > 0) console.log("  What took longest:");
  for (const [title, seconds] of longest) console.log(`  ${seconds.toFixed(0).padStart(5)} s  ${title}`);
}

/**
 * Only called where the process did not end by itself: a test has left something running, which would keep
 * the whole run waiting for ever. It is named, so that the test can be mended.
 */
function endWithWhatIsLeft(failures: number): never {
  const { _getActiveHandles } = process as unknown as { _getActiveHandles(): readonly object[] };
  const kinds = process.getActiveResourcesInfo().join(", ");
  console.log(`\nThe tests are over, but something of theirs is still running: ${kinds}`);
  for (const handle of _getActiveHandles.call(process)) console.log(`  ${described(handle)}`);
  process.exit(failures > 0 ? 1 : 0);
}

/** A child process by its command line, a socket by its two ends, anything else by its kind. */
function described(handle: object): string {
  const kind = handle.constructor.name;
  const { spawnargs, pid, localPort, remotePort, fd } = handle as Record<string, unknown>;
  if (Array.isArray(spawnargs)) return `${kind} ${pid}: ${spawnargs.join(" ").slice(0, 300)}`;
  if (localPort !== undefined) return `${kind} from port ${localPort} to port ${remotePort}`;
  return fd === undefined ? kind : `${kind} of file descriptor ${fd}`;
}
