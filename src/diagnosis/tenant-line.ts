/**
 * What "Test connection" says of the tenant. AMQP does not tell which tenants there are, so only what has come can
 * tell. Enters: the tenant of a dialog, and those whose events came lately. Leaves: a line.
 */
import type { Line } from "./connection-report";

/** @param seen tenants whose events came lately to the in-nodes of this broker node, wanted or not */
export function tenantLine(tenant: string, seen: readonly string[]): Line {
  if (seen.includes(tenant)) {
    return { ok: true, name: tenant, text: "test.tenant-seen" };
  }
  const unseen = { name: tenant, text: "test.tenant-unseen" };
  return seen.length === 0
    ? { ok: null, ...unseen, next: "test.next.tenant-unknown" }
    : { ok: false, ...unseen, next: "test.next.tenant-others", values: { tenants: seen.join(", ") } };
}
