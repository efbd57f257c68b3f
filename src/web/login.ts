/**
 * Logs in at rs-authentication. Enters: an address, a tenant, an account and the client every REGARDS knows. Leaves:
 * a token and how long it lasts, or which of these is wrong.
 */
import type { Login } from "./account";
import { bodyOf } from "./bodies";
import type { Answer, Http } from "./http";
import { WebTrouble } from "./troubles";

/** Who logs in, where. */
export interface LoginSettings {
  /** `https://host[/prefix]`, without a slash at its end. */
  readonly address: string;
  readonly tenant: string;
  readonly user: string;
  readonly password: string;
  readonly client: string;
  readonly secret: string;
  /** REGARDS up to 1.15 reads the login in the query, and there only. */
  readonly isInQuery: boolean;
}

const PATH = "/api/v1/rs-authentication/oauth/token";
const MAX_BYTES = 64 * 1024;
/** Where the answer does not say how long: what REGARDS ships with. */
const USUAL_SECONDS = 3_600;

/** Logs in once. */
export async function logIn(http: Http, settings: LoginSettings, signal: AbortSignal): Promise<Login> {
  const { address, tenant, user, password, client, secret, isInQuery } = settings;
  const url = new URL(`${address}${PATH}`);
  const fields = { grant_type: "password", username: user, password, scope: tenant };
  const query: Record<string, string> = isInQuery ? fields : { scope: tenant };
  url.search = new URLSearchParams(query).toString();
  const answer = await http.ask({
    url,
    method: "POST",
    headers: {
      Authorization: `Basic ${Buffer.from(`${client}:${secret}`).toString("base64")}`,
      Accept: "application/json",
      ...(isInQuery ? {} : { "Content-Type": "application/json" }),
    },
    body: isInQuery ? "" : JSON.stringify(fields),
    signal,
    isOurs: true,
  });
  const body = await bodyOf(answer, MAX_BYTES);
  const said = parsed(body);
  if (answer.status === 200 && typeof said?.access_token === "string" && said.access_token !== "") {
    const seconds = Number(said.expires_in);
    return { token: said.access_token, lifetime: (seconds > 0 ? seconds : USUAL_SECONDS) * 1_000 };
  }
  throw refusal(answer, said, settings);
}

/** Which of address, client, account and tenant is wrong. */
function refusal(answer: Answer, said: Said | undefined, { tenant, user }: LoginSettings): WebTrouble {
  const { status } = answer;
  if (status >= 500 || status === 429) {
    return new WebTrouble("server", { status });
  }
  if (status >= 300 && status < 400) {
    return new WebTrouble("redirected", { place: placeOf(answer) });
  }
  if (said === undefined || status === 404 || status === 405 || status === 200) {
    return new WebTrouble("not-regards", { status });
  }
  if (status === 401) {
    return new WebTrouble("login-client", { status });
  }
  const word = wordOf(said);
  const isTenant = /ACCESS_DENIED|TENANT|PROJECT|SCOPE|USER_UNKNOWN|INACTIVE/.test(word);
  return isTenant
    ? new WebTrouble("login-tenant", { tenant, word })
    : new WebTrouble("login-account", { user, word });
}

interface Said {
  readonly access_token?: unknown;
  readonly expires_in?: unknown;
  readonly additionalInformation?: { readonly error?: unknown };
}

function parsed(body: Buffer): Said | undefined {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** REGARDS' own word, as `ACCOUNT_LOCKED`; nothing else of what it says. */
function wordOf({ additionalInformation }: Said): string {
  const word = additionalInformation?.error;
  return typeof word === "string" && /^[A-Z][A-Z_]{2,40}$/.test(word) ? word : "?";
}

/** Where a redirect leads, without its path: that may hold a secret. */
export function placeOf({ headers, url }: Pick<Answer, "headers" | "url">): string {
  const { location = "" } = headers;
  return URL.canParse(location, url) ? new URL(location, url).origin : "?";
}
