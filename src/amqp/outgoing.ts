/** What is published, and what becomes of it. Types only. */
import type { Options } from "amqplib";

/** One message to publish; it is sent persistent and mandatory. */
export interface Outgoing {
  readonly exchange: string;
  readonly routingKey: string;
  readonly content: Buffer;
  readonly properties: Omit<Options.Publish, "mandatory" | "persistent" | "messageId">;
  /** Made by the publisher unless given: what is published a second time keeps the id of the first. */
  readonly messageId?: string;
  /**
   * What happens when the confirm of a sent message is lost with its channel: it is sent again until it is
   * confirmed (the default), or, where a second one would do harm, refused as UNCERTAIN.
   */
  readonly repeat?: "until-confirmed" | "never";
  /**
   * So many milliseconds after `publish()` it is given up, connected or not: UNSENT when it never left, else
   * NOT_CONFIRMED (UNCERTAIN where it is not repeated). Without it, it waits as long as it takes.
   */
  readonly giveUpAfter?: number;
}

/** What became of a message. */
export type PublishResult =
  | { readonly confirmed: true; readonly messageId: string }
  | { readonly confirmed: false; readonly code: RefusalCode; readonly message: string };

/** Stable codes of refusals. */
export type RefusalCode =
  /** No queue is bound to the exchange. */
  | "UNROUTABLE"
  /** The broker said no: a queue is full, and others behind the same exchange may have it. */
  | "NACKED"
  /** Sent, and no confirm came in time: the broker may have it. */
  | "NOT_CONFIRMED"
  /** Not sent in time: the broker does not have it. */
  | "UNSENT"
  /** Sent, its confirm was lost or said no, and it must not be repeated: the broker may have it. */
  | "UNCERTAIN"
  /** Too many wait already: it was not taken. */
  | "OUTBOX_FULL"
  /** amqplib refused it: it was not sent. */
  | "NOT_PUBLISHED"
  /** The publisher was closed before there was a verdict. */
  | "CLOSED";

/** A verdict that says no. */
export function refused(code: RefusalCode, message: string): PublishResult {
  return { confirmed: false, code, message };
}
