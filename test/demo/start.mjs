/**
 * What `npm run demo` starts, on a fresh clone too: sets up, then hands over to the compiled demo.
 * `npm run demo -- --once` plays the story to its end and exits with 0, or with 1 when something is missing.
 */
import { createRequire } from "node:module";
import { setUp } from "../setup.mjs";

await setUp({ quiet: true });
const { demo } = createRequire(import.meta.url)("./demo.js");
process.exitCode = await demo(process.argv.slice(2));
