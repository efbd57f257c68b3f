/**
 * Keeps one message from taking the connection down for ever. amqplib 2.3 decodes headers while it reads,
 * and over a type it does not know ("L") or tables nested too deep for it the whole connection ends. RabbitMQ
 * accepts both, so it would deliver the same message again, and again. Here such a message arrives without
 * its headers, and says so. Enters: a fresh connection. It knows nothing of queues.
 */
import type { ChannelModel } from "amqplib";

/** Where such a message's properties say why they are empty. */
const UNREADABLE = Symbol("unreadable headers");

const HEADER_FRAME = 2;
const FRAME_HEAD = 7;
const FRAME_END = 1;
const BASIC = 60;

/** What amqplib keeps to itself: bytes not looked at yet, and the reading of one frame from them. */
interface FrameSource {
  rest: Buffer;
  recvFrame(): unknown;
}

/**
 * From now on, unreadable headers cost the message its headers, and nothing else.
 * @returns false when amqplib has changed too much for that
 */
export function surviveUnreadableHeaders({ connection }: Pick<ChannelModel, "connection">): boolean {
  const source = connection as unknown as Partial<FrameSource>;
  const { recvFrame } = source;
  if (typeof recvFrame !== "function" || !Buffer.isBuffer(source.rest)) {
    return false;
  }
  source.recvFrame = () => {
    const bytes = source.rest;
    try {
      return recvFrame.call(connection);
    } catch (error) {
      // amqplib steps over a frame before it decodes it: reading can go on behind this one.
      const headless = source.rest === bytes ? undefined : withoutHeaders(bytes, error);
      if (headless === undefined) {
        throw error;
      }
      return headless;
    }
  };
  return true;
}

/** Why the headers of a message could not be read, if so. */
export function unreadableHeaders(properties: object): string | undefined {
  const reason = (properties as Readonly<Record<symbol, unknown>>)[UNREADABLE];
  return typeof reason === "string" ? reason : undefined;
}

/** The frame as amqplib would have decoded it, had it been empty; undefined when it is of another kind. */
function withoutHeaders(bytes: Buffer | undefined, error: unknown): object | undefined {
  if (bytes === undefined || bytes.length < FRAME_HEAD || bytes.readUInt8(0) !== HEADER_FRAME) {
    return undefined;
  }
  const length = bytes.readUInt32BE(3);
  const payload = bytes.subarray(FRAME_HEAD, FRAME_HEAD + length);
  if (bytes.length < FRAME_HEAD + length + FRAME_END || length < 12 || payload.readUInt16BE(0) !== BASIC) {
    return undefined;
  }
  const reason = error instanceof Error ? error.message : String(error);
  return {
    id: BASIC,
    channel: bytes.readUInt16BE(1),
    size: Number(payload.readBigUInt64BE(4)),
    fields: { headers: {}, [UNREADABLE]: reason },
  };
}
