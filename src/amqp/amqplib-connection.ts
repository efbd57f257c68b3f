/** The class of amqplib's connections, which it keeps to itself: where two of our guards have their place. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Its prototype; undefined when amqplib has changed too much for that. */
export function connectionPrototype(): object | undefined {
  try {
    const load = createRequire(__filename);
    const path = join(dirname(load.resolve("amqplib")), "lib", "connection.js");
    return (load(path) as { readonly Connection?: { readonly prototype?: object } }).Connection?.prototype;
  } catch {
    return undefined;
  }
}
