/**
 * What "Test connection" of a web node tells a person: which of address, certificate, client, account and tenant is
 * wrong. Enters: settings. Leaves: lines in keys of the shared catalogue; never a token or a password.
 */
import { Http, type HttpOptions } from "../web/http";
import { type LoginSettings, logIn } from "../web/login";
import { type TroubleName, troubleOfConnection } from "../web/troubles";
import type { Line } from "./connection-report";

/** The first step of a login that a trouble is about; what is before it went well. */
const STEP_OF: Partial<Record<TroubleName, number>> = {
  ...{ "login-client": 1, "login-account": 2, "login-tenant": 3 },
};
/** What is said of it; whatever else there is keeps one from getting through. */
const SAID: Partial<Record<TroubleName, string>> = {
  ...{ certificate: "test.web.certificate", proxy: "test.web.proxy", "not-regards": "test.web.not-regards" },
  ...{ redirected: "test.web.redirected", server: "test.web.server" },
  ...{ "login-client": "test.web.login-client", "login-account": "test.web.login-account" },
  ...{ "login-tenant": "test.web.login-tenant" },
};
const OUT_OF_REACH = "test.web.unreachable";

/** How long somebody in front of a dialog is kept waiting. */
const STALL_MS = 5_000;
const HANDSHAKE_MS = 15_000;

/** Logs in once; never throws. The verdict is the first line. */
export async function webReport(settings: LoginSettings, options: HttpOptions): Promise<Line[]> {
  const { address, client, user, tenant } = settings;
  const steps: Line[] = [
    { ok: true, name: address, text: "test.reached" },
    { ok: true, name: client, text: "test.client" },
    { ok: true, name: user, text: "test.login" },
    { ok: true, name: tenant, text: "test.tenant" },
  ];
  try {
    const http = new Http({ ...options, stall: STALL_MS });
    await logIn(http, settings, AbortSignal.timeout(HANDSHAKE_MS));
    return [{ ok: true, name: "", text: "test.verdict.web" }, ...steps];
  } catch (error) {
    const { trouble, values } = troubleOfConnection(error);
    const step = STEP_OF[trouble] ?? 0;
    const name = steps[step]?.name ?? address;
    const text = SAID[trouble] ?? OUT_OF_REACH;
    const next = `test.next.${text.slice("test.".length)}`;
    const said = { code: trouble, ...values };
    return [
      { ok: false, name: "", text: "test.verdict.web-failed", values: said, listed: { cause: [text] } },
      ...steps.slice(0, step),
      { ok: false, name, text, next, values: said },
    ];
  }
}
