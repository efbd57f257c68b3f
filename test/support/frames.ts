/** AMQP 0-9-1 frames by hand, for what no client library would say. */

const FRAME_END = 0xce;

/** The three kinds of frame a message travels in. */
export const METHOD = 1;
export const HEADER = 2;
export const BODY = 3;

export function frame(type: number, channel: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(7);
  head.writeUInt8(type, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.of(FRAME_END)]);
}

/** A method frame; the arguments are encoded already. */
export function method(
  channel: number,
  classId: number,
  methodId: number,
  ...args: readonly Buffer[]
): Buffer {
  const id = Buffer.alloc(4);
  id.writeUInt16BE(classId, 0);
  id.writeUInt16BE(methodId, 2);
  return frame(METHOD, channel, Buffer.concat([id, ...args]));
}

export function shortString(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

export function longString(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A frame as it came, and what can be said of it without decoding it. */
export interface Frame {
  readonly type: number;
  readonly channel: number;
  readonly payload: Buffer;
  /** The whole of it, to be sent on. */
  readonly bytes: Buffer;
}

/** `class.method` of a method frame, as in `basic.ack` = "60.80"; "" for any other frame. */
export function methodOf({ type, payload }: Frame): string {
  return type === METHOD ? `${payload.readUInt16BE(0)}.${payload.readUInt16BE(2)}` : "";
}

/** Puts frames together from the chunks of a socket. */
export class FrameReader {
  #rest = Buffer.alloc(0);

  /** The frames that are complete now. */
  read(chunk: Buffer): Frame[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    while (this.#rest.length >= 7) {
      const end = 7 + this.#rest.readUInt32BE(3) + 1;
      if (this.#rest.length < end) break;
      const bytes = this.#rest.subarray(0, end);
      const payload = bytes.subarray(7, -1);
      frames.push({ type: bytes.readUInt8(0), channel: bytes.readUInt16BE(1), payload, bytes });
      this.#rest = this.#rest.subarray(end);
    }
    return frames;
  }
}
