/** Mocha's usual report on the terminal, and its counts in a file for the runner that adds them up. */
import { writeFileSync } from "node:fs";
import Mocha from "mocha";

/** What the file holds, as JSON. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Told with `--reporter-option file=<path>` where to write. */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const { file } = options.reporterOptions as { readonly file: string };
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      const counts: Counts = { passed: passes, failed: failures, skipped: pending };
      writeFileSync(file, JSON.stringify(counts));
    });
  }
}
