/**
 * The codes a flow sees when something was not published. Enters: the AMQP room's own codes. Leaves: the
 * stable `REGARDS_…` codes that flows rely on.
 */
import type { RefusalCode } from "../amqp/outgoing";

/** What `msg.error.code` can be after all checks have passed. */
export type PublishCode = `REGARDS_${RefusalCode}`;

/** What a refusal of the AMQP room is called towards a flow. */
export function publishCode(code: RefusalCode): PublishCode {
  return `REGARDS_${code}`;
}
