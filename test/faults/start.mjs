/**
 * What `npm run test:faults` starts, on a fresh clone too: every fault, each as long as it lasts in real life,
 * three times; then a table. `npm run test:faults -- --short` has each of them once, for seconds, and
 * REGARDS_RABBITMQ=3.10 or 4.0 chooses the broker.
 */
import { installed, run, setUp } from "../setup.mjs";

const args = process.argv.slice(2);
await setUp({ quiet: true });
const env = { REGARDS_FAULTS: args.includes("--short") ? "short" : "long" };
const options = ["--no-package", "--enable-source-maps", "--timeout", "120000"];
const specs = ["test/faults/*.spec.js"];
const rest = args.filter((arg) => arg !== "--short");
const mocha = [installed("mocha/bin/mocha.js"), ...options, ...rest, ...specs];
await run(process.execPath, mocha, { env }).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
