/**
 * Lets a connection that the broker closes in the very segment that opens it fail as any other: amqplib takes most
 * such closes for an error, nobody can listen to the connection yet, and Node-RED would end. Enters: amqplib as it was
 * loaded. Leaves: the same, with a listener while a connection takes what came with its opening, and not after that.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** What amqplib keeps to itself: it begins to take frames once the connection is open. */
interface Opened {
  acceptLoop?(): void;
  on(event: "error", listener: () => void): unknown;
  off(event: "error", listener: () => void): unknown;
}

let isInPlace: boolean | undefined;

/**
 * Once for this process.
 * @returns false when amqplib has changed too much for that
 */
export function surviveEarlyCloses(): boolean {
  isInPlace ??= patch();
  return isInPlace;
}

function patch(): boolean {
  const opened = openedPrototype();
  const acceptLoop = opened?.acceptLoop;
  if (opened === undefined || typeof acceptLoop !== "function") {
    return false;
  }
  opened.acceptLoop = function (this: Opened) {
    // That the stream has ended tells the rest.
    const heard = (): void => undefined;
    this.on("error", heard);
    acceptLoop.call(this);
    this.off("error", heard);
  };
  return true;
}

function openedPrototype(): Opened | undefined {
  try {
    const load = createRequire(__filename);
    const path = join(dirname(load.resolve("amqplib")), "lib", "connection.js");
    return (load(path) as { readonly Connection?: { readonly prototype?: Opened } }).Connection?.prototype;
  } catch {
    return undefined;
  }
}
