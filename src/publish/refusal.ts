/**
 * What a flow sees when something was not published. Enters: the AMQP room's own codes, and those of REGARDS' rules.
 * Leaves: the stable `REGARDS_…` codes that flows rely on, in an error.
 */
import type { RefusalCode } from "../amqp/outgoing";
import type { Body } from "../regards/event";

/** What `msg.error.code` can be after all checks have passed. */
export type PublishCode = `REGARDS_${RefusalCode}`;

/** What a refusal of the AMQP room is called towards a flow. */
export function publishCode(code: RefusalCode): PublishCode {
  return `REGARDS_${code}`;
}

/** Why nothing, or not everything, was published. */
export class RefusedError extends Error {
  readonly code: string;
  /** What the kind of request adds: which parts were not published. */
  readonly details: Body;

  constructor(code: string, message: string, details: Body) {
    super(message);
    this.name = "RefusedError";
    this.code = code;
    this.details = details;
  }
}
