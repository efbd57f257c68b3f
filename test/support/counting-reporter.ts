/**
 * Mocha's usual report on the terminal, and its counts in a file for the runner that adds them up. Where the
 * same specs run on several brokers, the titles name the one.
 */
import { writeFileSync } from "node:fs";
import Mocha from "mocha";

/** What the file holds, as JSON. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

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
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      const counts: Counts = { passed: passes, failed: failures, skipped: pending };
      writeFileSync(file, JSON.stringify(counts));
    });
  }
}
