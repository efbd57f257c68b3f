/** A Node-RED that knows three people: one who may look, one who may change, and one who may do neither here. */
import type { TestNodeRed } from "../support/node-red";

const PASSWORD = "letmein-1";

/** bcrypt of PASSWORD, with the fewest rounds: it guards nothing. */
const HASH = "$2b$04$q10FWyZj2oQhjlF6TrofleCDzmDMsy6YoDuExPMf6yZdytYZO4CDu";

/** For settings.js. */
export const ADMIN_AUTH = {
  type: "credentials",
  users: [
    { username: "reader", password: HASH, permissions: "read" },
    { username: "guest", password: HASH, permissions: "inject.write" },
    { username: "writer", password: HASH, permissions: "*" },
  ],
};

/** Makes every later request of the test that of somebody who may change flows. */
export function logInWriter(nodeRed: TestNodeRed): Promise<void> {
  return nodeRed.login("writer", PASSWORD);
}

/** A request by somebody who may only look, or not even that, or, without a name, by nobody. */
export async function fetchAs(
  user: "reader" | "guest" | undefined,
  { url }: TestNodeRed,
  path: string,
  init: RequestInit,
): Promise<Response> {
  const headers = new Headers(init.headers);
  if (user !== undefined) {
    const client = { client_id: "node-red-admin", grant_type: "password", scope: "" };
    const body = new URLSearchParams({ ...client, username: user, password: PASSWORD });
    const response = await fetch(new URL("auth/token", url), { method: "POST", body });
    const { access_token } = (await response.json()) as { access_token: string };
    headers.set("authorization", `Bearer ${access_token}`);
  }
  return fetch(new URL(path, url), { ...init, headers });
}
