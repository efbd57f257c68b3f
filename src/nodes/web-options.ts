/** Where and as whom to log in, from what a `regards-web` holds: stored, or still in its open dialog. */
import type { ConnectionOptions as TlsOptions } from "node:tls";
import type { Node, NodeAPI } from "node-red";
import { isWebAddress } from "../regards/order";
import type { HttpOptions } from "../web/http";
import type { LoginSettings } from "../web/login";
import { type ProxySettings, proxyFinder } from "../web/proxy";
import { choice, type Definition, refuseUnset, SettingsError, text } from "./settings";
import type { WebCredentials } from "./web-node";

/** The core `tls-config` node, which knows certificates, authorities and server names. */
interface TlsNode extends Node {
  addTLSOptions(options: TlsOptions): TlsOptions;
}

/** The core `http proxy` node. */
interface ProxyNode extends Node<{ username?: string; password?: string }> {
  readonly url?: string;
  readonly noproxy?: readonly string[];
}

/** The web side's settings, and how to reach it. */
export interface WebOptions {
  readonly settings: LoginSettings;
  readonly http: HttpOptions;
}

const PROPERTIES = "address tenant login user password client secret".split(" ");

/** @throws SettingsError */
export function webOptionsOf(RED: NodeAPI, definition: Definition, credentials: WebCredentials): WebOptions {
  const given = { ...definition, ...credentials };
  refuseUnset(given, PROPERTIES);
  const address = text(given, "address", "").replace(/\/+$/, "");
  if (address === "") {
    throw new SettingsError("required", { property: "address" });
  }
  if (!isWebAddress(address) || /[?#]/.test(address)) {
    // Whatever stands before an `@` may be a password.
    throw new SettingsError("address", { property: "address", value: address.replace(/^.*@/s, "…@") });
  }
  const needed = (property: string): string => {
    const value = text(given, property, "");
    if (value === "") {
      throw new SettingsError("required", { property });
    }
    return value;
  };
  const { password = "", secret = "" } = credentials;
  const settings = {
    address,
    tenant: needed("tenant"),
    user: needed("user"),
    // A blank at its end is part of a password.
    password,
    client: text(given, "client", "client"),
    secret: secret === "" ? "secret" : secret,
    isInQuery: choice(given, "login", ["body", "query"]) === "query",
  };
  const tls = configured<TlsNode>(RED, definition, "tls")?.addTLSOptions({});
  const proxyOf = proxyFinder(proxySettingsOf(configured<ProxyNode>(RED, definition, "proxy")), process.env);
  return { settings, http: { proxyOf, ...(tls === undefined ? {} : { tls }) } };
}

/** Undefined where none is chosen; without the one that is chosen nothing may go out. */
function configured<T extends Node>(RED: NodeAPI, definition: Definition, property: string): T | undefined {
  const id = definition[property];
  if (!id) {
    return undefined;
  }
  const node = RED.nodes.getNode(String(id)) as T | null;
  if (node === null) {
    throw new SettingsError("undeployed", { property });
  }
  return node;
}

function proxySettingsOf(node: ProxyNode | undefined): ProxySettings | undefined {
  if (!node?.url) {
    return undefined;
  }
  const { username, password } = node.credentials ?? {};
  const login = username || password ? { user: username ?? "", password: password ?? "" } : {};
  return { url: node.url, noproxy: node.noproxy ?? [], ...login };
}
