/**
 * Keeps RabbitMQ's own words when it refuses to open a connection on a vhost: unknown, down, forbidden, or as many
 * connections as it may have. amqplib says no more than that it expected another frame. Enters: amqplib as it was
 * loaded. Leaves: the same, with those words in the error.
 */
import { connectionPrototype } from "./amqplib-connection";

/** What amqplib keeps to itself: it hands over one frame after the other until the connection is open. */
interface Opening {
  step?(heard: Heard): void;
}

type Heard = (error: Error | null, frame?: Frame) => void;

interface Frame {
  readonly id?: unknown;
  readonly fields?: { readonly replyCode?: unknown; readonly replyText?: unknown };
}

/** `connection.close`, as amqplib numbers methods. */
const CLOSE = (10 << 16) + 50;

/** What a login is refused with, and amqplib tells of in words. */
const ACCESS_REFUSED = 403;

let isInPlace: boolean | undefined;

/**
 * Once for this process.
 * @returns false when amqplib has changed too much for that
 */
export function keepRefusalWords(): boolean {
  isInPlace ??= patch();
  return isInPlace;
}

function patch(): boolean {
  const opening: Opening | undefined = connectionPrototype();
  const step = opening?.step;
  if (opening === undefined || typeof step !== "function") {
    return false;
  }
  opening.step = function (heard) {
    step.call(this, (error, frame) => {
      const words = wordsOf(frame);
      if (words === undefined) heard(error, frame);
      else heard(new Error(words));
    });
  };
  return true;
}

function wordsOf(frame: Frame | undefined): string | undefined {
  const { replyCode, replyText } = frame?.fields ?? {};
  const isOurs = frame?.id === CLOSE && replyCode !== ACCESS_REFUSED;
  return isOurs && typeof replyText === "string" && replyText !== "" ? replyText : undefined;
}
