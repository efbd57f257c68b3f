/**
 * What `npm run test:faults` starts, on a fresh clone too: every fault, each as long as it lasts in real life,
 * three times; then a table. `npm run test:faults -- --short` has each of them once, for seconds.
 */
import { installed, run, setUp } from "../setup.mjs";

const args = process.argv.slice(2);
await setUp({ quiet: true });
if (!args.includes("--short")) {
  process.env.REGARDS_FAULTS = "long";
}
const options = ["--no-package", "--enable-source-maps", "--timeout", "120000"];
const specs = ["test/faults/*.spec.js", "test/faults/*.fault.js"];
const rest = args.filter((arg) => arg !== "--short");
await run(process.execPath, [installed("mocha/bin/mocha.js"), ...options, ...rest, ...specs]).catch(
  (error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
