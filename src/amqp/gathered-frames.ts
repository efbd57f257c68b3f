/**
 * Lets frames leave together that are ready together: amqplib writes each to the socket by itself, which is a call of
 * the system, and a record of TLS, for every publication. Enters: a fresh connection. Leaves: the same, with fewer and
 * larger writes; the order of frames, and when amqplib waits for the socket, stay as they are.
 */
import type { Writable } from "node:stream";
import type { ChannelModel } from "amqplib";

/** What amqplib keeps to itself: one place where all frames go that wait for the socket. */
interface Muxer {
  readonly out: Pick<Writable, "cork" | "uncork">;
  _readIncoming(): void;
}

/**
 * From now on, the socket takes what is ready as one.
 * @returns false when amqplib has changed too much for that
 */
export function gatherFrames({ connection }: Pick<ChannelModel, "connection">): boolean {
  const { muxer } = connection as unknown as { readonly muxer?: Partial<Muxer> };
  const { out, _readIncoming: writeAll } = muxer ?? {};
  if (muxer === undefined || typeof out?.cork !== "function" || typeof writeAll !== "function") {
    return false;
  }
  muxer._readIncoming = () => {
    out.cork();
    try {
      writeAll.call(muxer);
    } finally {
      out.uncork();
    }
  };
  return true;
}
