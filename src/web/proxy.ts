/**
 * Which proxy stands before an address: that of the settings, else that of the environment, as in Node-RED's own
 * http request. Enters: a URL, the settings, the environment. Leaves: a proxy, or none.
 */
import type { HttpProxy } from "./http";

/** As the core `http proxy` node holds it. */
export interface ProxySettings {
  readonly url: string;
  /** Hosts that are reached without it. */
  readonly noproxy: readonly string[];
  readonly user?: string;
  readonly password?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** How to find the proxy of an address. */
export function proxyFinder(
  settings: ProxySettings | undefined,
  environment: Environment,
): (url: URL) => HttpProxy | undefined {
  return (url) => {
    const { protocol } = url;
    const of = (name: string): string => environment[name] ?? environment[name.toUpperCase()] ?? "";
    const exceptions =
      settings?.noproxy ??
      of("no_proxy")
        .split(/[\s,]+/)
        .filter(Boolean);
    const found = settings?.url ?? (of(`${protocol.slice(0, -1)}_proxy`) || of("all_proxy"));
    if (found === "" || exceptions.some((exception) => isExcepted(url, exception.trim().toLowerCase()))) {
      return undefined;
    }
    const written = found.includes("://") ? found : `http://${found}`;
    if (!URL.canParse(written)) {
      return undefined;
    }
    const proxy = new URL(written);
    const { user = decodeURIComponent(proxy.username), password = decodeURIComponent(proxy.password) } =
      settings ?? {};
    return { url: proxy, user, password };
  };
}

/** `*`, `host`, `host:port`, `.domain` or `*.domain`. */
function isExcepted({ hostname, port, protocol }: URL, exception: string): boolean {
  const [, host = "", only] = /^(.*?)(?::(\d+))?$/.exec(exception) ?? [];
  if (only !== undefined && only !== (port || (protocol === "https:" ? "443" : "80"))) {
    return false;
  }
  if (host === "*") {
    return true;
  }
  const domain = host.replace(/^\*?\./, ".");
  return domain !== "" && (domain.startsWith(".") ? hostname.endsWith(domain) : hostname === domain);
}
