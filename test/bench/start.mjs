/**
 * What `npm run bench` starts, on a fresh clone too: sets up, then hands over to the compiled bench.
 * `npm run bench -- --short` only checks that it works, in under a minute; `--only in,out` measures less;
 * `--out file.json` says where the figures go; `--profile folder` adds CPU profiles of the Node-RED process.
 */
import { createRequire } from "node:module";
import { setUp } from "../setup.mjs";

await setUp({ quiet: true });
const { bench } = createRequire(import.meta.url)("./bench.js");
process.exitCode = await bench(process.argv.slice(2));
