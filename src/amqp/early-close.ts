/**
 * Lets a connection that the broker closes in the very segment that opens it fail as any other: amqplib takes most
 * such closes for an error, nobody can listen to the connection yet, and Node-RED would end. Enters: amqplib as it was
 * loaded. Leaves: the same, with a listener while a connection takes what came with its opening, and not after that.
 */
import { connectionPrototype } from "./amqplib-connection";

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
  const opened: Partial<Opened> | undefined = connectionPrototype();
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
