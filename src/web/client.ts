/**
 * Asks REGARDS' web side as somebody who has logged in. The token goes to the configured origin and nowhere else:
 * redirects are followed by hand. Enters: a path. Leaves: an answer, or a `WebTrouble`.
 */
import type { Account } from "./account";
import { bodyOf } from "./bodies";
import type { Answer, Http } from "./http";
import { placeOf } from "./login";
import { troubleOfStatus, WebTrouble } from "./troubles";

/** How a path is asked for. */
export interface Asking {
  readonly signal: AbortSignal;
  /** Also from another origin, without the token: where the sum of what comes is known. */
  readonly mayBeElsewhere?: boolean;
}

const MAX_REDIRECTS = 5;
const MAX_WORDS = 2_048;

export class WebClient {
  readonly #http: Http;
  readonly #account: Account;
  readonly #address: string;

  /** @param address `https://host[/prefix]`, without a slash at its end */
  constructor(http: Http, account: Account, address: string) {
    this.#http = http;
    this.#account = account;
    this.#address = address;
  }

  /** The answer to a GET, whatever its status, after redirects and, where it helps, one more login. */
  async get(path: string, asking: Asking): Promise<Answer> {
    const token = await this.#account.token();
    const answer = await this.#follow(path, token, asking);
    const { status } = answer;
    if (status !== 401 && status !== 403) {
      this.#account.worked(token);
      return answer;
    }
    const another = await this.#account.renew(token, status);
    if (another === undefined) {
      return answer;
    }
    answer.discard();
    const second = await this.#follow(path, another, asking);
    if (second.status !== 401) {
      this.#account.worked(another);
    }
    return second;
  }

  async #follow(path: string, token: string, { signal, mayBeElsewhere = false }: Asking): Promise<Answer> {
    const ours = new URL(this.#address);
    let url = new URL(`${this.#address}${path}`);
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const isOurs = url.origin === ours.origin;
      const headers = isOurs ? { Authorization: `Bearer ${token}` } : {};
      const answer = await this.#http.ask({ url, method: "GET", headers, signal, isOurs });
      const { location } = answer.headers;
      if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) {
        return answer;
      }
      answer.discard();
      const place = placeOf(answer);
      const next = URL.canParse(location, url) ? new URL(location, url) : undefined;
      const isSafe =
        next !== undefined &&
        /^https?:$/.test(next.protocol) &&
        next.username === "" &&
        next.password === "" &&
        !(url.protocol === "https:" && next.protocol === "http:") &&
        (next.origin === ours.origin || mayBeElsewhere);
      if (!isSafe) {
        throw new WebTrouble("redirected", { place });
      }
      url = next;
    }
    throw new WebTrouble("redirected", { place: ours.origin });
  }
}

/** What an answer that is no 200 means; of a 429 one has to read the words. Ends it. */
export async function refusalOf(answer: Answer): Promise<WebTrouble> {
  const { status, headers } = answer;
  const trouble = troubleOfStatus(status, headers);
  if (status !== 429) {
    answer.discard();
    return trouble;
  }
  const words = await bodyOf(answer, MAX_WORDS).catch(() => Buffer.alloc(0));
  // Without a time to wait, a quota is over until somebody raises it.
  const isQuota = /\bquota\b/i.test(words.toString("utf8")) && trouble.retryAfter === undefined;
  return isQuota ? new WebTrouble("quota", { status }) : trouble;
}

/** True for a page made for people. */
export function isPage({ headers }: Pick<Answer, "headers">): boolean {
  return /^text\/html\b|^application\/xhtml\+xml\b/i.test(headers["content-type"] ?? "");
}
