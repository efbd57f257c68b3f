/**
 * Everything that goes wrong between here and the files of an order, in one table: the code that flows switch on,
 * and what comes next. Enters: a name. Leaves: a `WebTrouble`. Its sentence is in the catalogue under the same name.
 * An error never holds what the other side has written, beyond a number or one word: it could be a token or a page.
 */

/**
 * What comes next. `later`: the same again when some time has passed, for as long as the patience lasts. `again`: a
 * few times, for it may have been bad luck. `fail`: nothing that passes by itself.
 */
export type Rule = "later" | "again" | "fail";

interface Row {
  readonly code: string;
  readonly rule: Rule;
}

/** The table. */
export const TROUBLES = {
  /** No connection, no answer, a reset before the answer. */
  unreachable: { code: "REGARDS_WEB_UNREACHABLE", rule: "later" },
  /** The certificate is not trusted, has expired or is another host's. */
  certificate: { code: "REGARDS_WEB_CERTIFICATE", rule: "fail" },
  proxy: { code: "REGARDS_WEB_PROXY", rule: "later" },
  /** Something else than REGARDS answers at this address. */
  "not-regards": { code: "REGARDS_WEB_ADDRESS", rule: "fail" },
  "login-client": { code: "REGARDS_LOGIN_REFUSED", rule: "fail" },
  "login-account": { code: "REGARDS_LOGIN_REFUSED", rule: "fail" },
  "login-tenant": { code: "REGARDS_LOGIN_REFUSED", rule: "fail" },
  /** A token that has just been given is refused. */
  "token-refused": { code: "REGARDS_LOGIN_REFUSED", rule: "fail" },
  "not-allowed": { code: "REGARDS_NOT_ALLOWED", rule: "fail" },
  /** The order was deleted, or has expired. */
  gone: { code: "REGARDS_GONE", rule: "fail" },
  /** A nearline copy has expired: to be ordered again. */
  expired: { code: "REGARDS_GONE", rule: "fail" },
  /** A disseminated product that the catalogue does not have yet. */
  "not-indexed": { code: "REGARDS_NOT_INDEXED", rule: "later" },
  /** 202: the storage brings it. */
  pending: { code: "REGARDS_PENDING", rule: "later" },
  storage: { code: "REGARDS_STORAGE_ERROR", rule: "fail" },
  licence: { code: "REGARDS_LICENCE", rule: "fail" },
  quota: { code: "REGARDS_QUOTA", rule: "fail" },
  /** Too many downloads at a time, or this one is under way already. */
  busy: { code: "REGARDS_BUSY", rule: "later" },
  server: { code: "REGARDS_SERVER_ERROR", rule: "later" },
  /** 504: the gateway waited a minute. */
  gateway: { code: "REGARDS_SERVER_ERROR", rule: "later" },
  unexpected: { code: "REGARDS_UNEXPECTED_STATUS", rule: "fail" },
  redirected: { code: "REGARDS_REDIRECTED", rule: "fail" },
  cut: { code: "REGARDS_CUT", rule: "again" },
  stalled: { code: "REGARDS_STALLED", rule: "again" },
  "too-short": { code: "REGARDS_WRONG_SIZE", rule: "again" },
  "too-long": { code: "REGARDS_WRONG_SIZE", rule: "again" },
  "wrong-size": { code: "REGARDS_WRONG_SIZE", rule: "again" },
  "wrong-sum": { code: "REGARDS_WRONG_SUM", rule: "again" },
  /** A page for people in place of a file or a list: a login, a proxy, a maintenance. */
  page: { code: "REGARDS_NOT_A_FILE", rule: "again" },
  /** 204 where a file was due. */
  empty: { code: "REGARDS_NOT_A_FILE", rule: "again" },
  "bad-answer": { code: "REGARDS_BAD_ANSWER", rule: "again" },
  "list-without-end": { code: "REGARDS_BAD_LIST", rule: "fail" },
  "list-changes": { code: "REGARDS_BAD_LIST", rule: "again" },
  "bad-zip": { code: "REGARDS_BAD_ZIP", rule: "again" },
  /** REGARDS counts a ZIP as handed out that never arrived whole, and does not let its files be fetched by id. */
  "handed-out": { code: "REGARDS_HANDED_OUT", rule: "fail" },
  /** NOTICE.txt names files that REGARDS could not put into the ZIP. */
  notice: { code: "REGARDS_NOTICE", rule: "fail" },
  "no-checksum": { code: "REGARDS_NO_CHECKSUM", rule: "fail" },
  "disk-full": { code: "REGARDS_DISK_FULL", rule: "later" },
  folder: { code: "REGARDS_FOLDER", rule: "fail" },
  /** The order of another REGARDS or tenant has this folder, under the same number. */
  "folder-taken": { code: "REGARDS_FOLDER", rule: "fail" },
} as const satisfies Readonly<Record<string, Row>>;

export type TroubleName = keyof typeof TROUBLES;

/** What is filled into the sentence. */
export type TroubleValues = Readonly<Record<string, string | number>>;

/** One of these troubles. */
export class WebTrouble extends Error {
  readonly trouble: TroubleName;
  readonly values: TroubleValues;
  readonly code: string;
  readonly rule: Rule;
  /** How long the other side asks to wait, in milliseconds. */
  readonly retryAfter: number | undefined;

  constructor(trouble: TroubleName, values: TroubleValues = {}, retryAfter?: number) {
    super(`${trouble}${Object.keys(values).length > 0 ? ` ${JSON.stringify(values)}` : ""}`);
    this.name = "WebTrouble";
    this.trouble = trouble;
    this.values = values;
    this.code = TROUBLES[trouble].code;
    this.rule = TROUBLES[trouble].rule;
    this.retryAfter = retryAfter;
  }
}

/** What a status that is no success means, whatever was asked for. */
export function troubleOfStatus(
  status: number,
  headers: { readonly "retry-after"?: string | undefined },
): WebTrouble {
  const values = { status };
  const retryAfter = waitOf(headers["retry-after"]);
  const named = BY_STATUS[status];
  if (named !== undefined) {
    return new WebTrouble(named, values, retryAfter);
  }
  return new WebTrouble(status >= 500 ? "server" : "unexpected", values, retryAfter);
}

const BY_STATUS: Readonly<Record<number, TroubleName>> = {
  ...{ 202: "pending", 204: "empty", 401: "token-refused", 403: "not-allowed", 404: "gone", 410: "expired" },
  ...{ 409: "busy", 422: "storage", 423: "busy", 425: "busy", 429: "busy", 504: "gateway" },
};

/** `Retry-After` in seconds or as a date; never more than an hour, whatever it says. */
export function waitOf(header: string | undefined, now: number = Date.now()): number | undefined {
  if (header === undefined) {
    return undefined;
  }
  const seconds = /^\s*\d+\s*$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1_000;
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), 3_600) * 1_000;
}

const CERTIFICATE =
  /^(?:CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED|ERR_TLS_CERT|HOSTNAME_MISMATCH|CRL_|INVALID_CA|ERR_SSL)/;
const FOLDER = new Set([
  "ENOENT",
  "EACCES",
  "EPERM",
  "EROFS",
  "ENOTDIR",
  "EISDIR",
  "EEXIST",
  "ENAMETOOLONG",
  "ELOOP",
]);
const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** What an error of a connection means; an error of the disk comes from elsewhere. */
export function troubleOfConnection(error: unknown): WebTrouble {
  if (error instanceof WebTrouble) {
    return error;
  }
  const code = codeOf(error);
  return new WebTrouble(CERTIFICATE.test(code) ? "certificate" : "unreachable", { code });
}

/** What an error of the disk means. */
export function troubleOfDisk(error: unknown): unknown {
  const code = codeOf(error);
  if (error instanceof WebTrouble || (!FULL.has(code) && !FOLDER.has(code))) {
    return error;
  }
  return new WebTrouble(FULL.has(code) ? "disk-full" : "folder", { code });
}

/** `ECONNREFUSED` and its like; of several addresses the last one's. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return codeOf(error.errors.at(-1));
  }
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : error instanceof Error ? error.name : "?";
}
