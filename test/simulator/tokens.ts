/** rs-authentication: who may log in on the web side, and for how long a token is good. */
import { randomUUID } from "node:crypto";

/** The web account and the client every REGARDS instance knows by default. */
export const WEB_CLIENT = { user: "client", secret: "secret" } as const;

/** Who asks with a token. */
export interface Session {
  readonly user: string;
  readonly tenant: string;
}

/** An answer of the token endpoint. */
export interface TokenAnswer {
  readonly statusCode: 200 | 400 | 401;
  readonly body: unknown;
}

/** A request of the token endpoint. */
export interface TokenRequest {
  readonly authorization: string | undefined;
  readonly scope: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  /** The login in the query, as until 1.15; deprecated, and still read, since. */
  readonly query?: Readonly<Record<string, unknown>>;
}

/** The token endpoint and its memory. */
export class Tokens {
  readonly #users: Readonly<Record<string, string>>;
  readonly #tenants: readonly string[];
  readonly #lifetime: number;
  readonly #sessions = new Map<string, Session & { readonly until: number }>();
  readonly #readsBody: boolean;
  #issued = 0;
  #asked = 0;

  constructor(
    users: Readonly<Record<string, string>>,
    tenants: readonly string[],
    lifetime: number,
    version: "2.0" | "1.14" = "2.0",
  ) {
    this.#readsBody = version === "2.0";
    this.#users = users;
    this.#tenants = tenants;
    this.#lifetime = lifetime;
  }

  /** How often a token was asked for. */
  get asked(): number {
    return this.#asked;
  }

  /** How many tokens were given out. */
  get issued(): number {
    return this.#issued;
  }

  /** Answers `POST oauth/token`; bad credentials are a 400, a bad client a 401. */
  grant({ authorization, scope, body, query = {} }: TokenRequest): TokenAnswer {
    this.#asked += 1;
    const client = Buffer.from(`${WEB_CLIENT.user}:${WEB_CLIENT.secret}`).toString("base64");
    if (authorization !== `Basic ${client}`) return refused(401, "Bad client credentials");
    if (scope === undefined) return refused(401, "Missing 'scope' header or param");
    const { username, password } = this.#readsBody && body.username !== undefined ? body : query;
    if (typeof username !== "string" || !(username in this.#users)) return refused(400, "ACCOUNT_UNKNOWN");
    if (this.#users[username] !== password) return refused(400, "AUTHENTICATION_FAILED");
    if (!this.#tenants.includes(scope)) return refused(400, "USER_ACCESS_DENIED");
    return { statusCode: 200, body: this.#issue(username, scope) };
  }

  /** Who a bearer token belongs to; undefined when it is unknown or has expired. */
  session(authorization: string | undefined): Session | undefined {
    const session = this.#sessions.get(authorization?.replace(/^Bearer /, "") ?? "");
    return session !== undefined && session.until > Date.now() ? session : undefined;
  }

  /** Ends every token given out so far, as a restarted authentication server does. */
  expireAll(): void {
    this.#sessions.clear();
  }

  #issue(user: string, tenant: string) {
    const token = [randomUUID(), randomUUID(), randomUUID()].join(".");
    this.#issued += 1;
    this.#sessions.set(token, { user, tenant, until: Date.now() + this.#lifetime * 1000 });
    return {
      access_token: token,
      token_type: "bearer",
      expires_in: this.#lifetime,
      scope: tenant,
      tenant,
      role: "REGISTERED_USER",
      sub: user,
      email: user,
      service_provider_name: "regards",
    };
  }
}

function refused(statusCode: 400 | 401, error: string): TokenAnswer {
  return { statusCode, body: { error: "unauthorized", additionalInformation: { error } } };
}
