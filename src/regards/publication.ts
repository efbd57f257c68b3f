/**
 * The words every builder of requests shares. Enters: what a flow asks for. Leaves: what is to be published, ready for
 * the wire, or a refusal. It knows neither AMQP channels nor Node-RED.
 */
import type { Body } from "./event";

/** What one message of a flow asks for, every property of the dialog evaluated. */
export interface Asked {
  readonly values: Body;
  readonly payload: unknown;
  /** Made for this message; used where the flow gives none, the same at every attempt. */
  readonly correlationId: string;
}

/** One message to REGARDS, ready to publish. */
export interface Publication {
  /** What tells it from the others of the same message: a URN, a correlation id. */
  readonly key: string;
  /** Who is addressed: `msg.regards.service`. */
  readonly service: string;
  readonly tenant: string;
  readonly exchange: string;
  readonly content: Buffer;
  readonly properties: {
    readonly contentType: "application/json";
    readonly contentEncoding: "UTF-8";
    readonly priority: 1;
    readonly appId: string;
    readonly correlationId?: string;
    /** Strings only: REGARDS casts them unchecked, and a number takes a whole batch down with it. */
    readonly headers: Readonly<Record<string, string>>;
  };
}

/** A refusal found before publishing; the codes are stable, flows switch on them. */
export class RequestError<Code extends `REGARDS_${string}` = `REGARDS_${string}`> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string) {
    super(message);
    this.name = "RequestError";
    this.code = code;
  }
}
