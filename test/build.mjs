/** What `npm run build` does, before packing too: compiles, and leaves nothing of sources that are gone. */
import { compile } from "./setup.mjs";

await compile();
