/**
 * The settings of a broker node. Enters: its definition with its credentials. Leaves: where to connect and which
 * REGARDS that is. A password is never repeated in what is said of a wrong value.
 */
import type { Endpoint } from "../amqp/connection";
import { isWebAddress } from "../regards/order";
import type { RegardsSystem } from "../regards/system";
import { type Definition, refuseUnset, SettingsError, text, whole } from "./settings";

const PROPERTIES = "hosts vhost user password tenant address heartbeat namespace connectionName appId".split(
  " ",
);

/** The settings of a `regards-broker`. */
export interface BrokerSettings extends RegardsSystem {
  readonly endpoints: readonly Endpoint[];
  readonly vhost: string;
  readonly heartbeat: number;
  readonly connectionName: string | undefined;
}

/**
 * @param definition with `user` and `password` from the credentials
 * @throws SettingsError
 */
export function brokerSettings(definition: Definition, tls: boolean): BrokerSettings {
  refuseUnset(definition, PROPERTIES);
  const address = text(definition, "address", "").replace(/\/+$/, "");
  if (address !== "" && !isWebAddress(address)) {
    throw new SettingsError("address", { property: "address", value: withoutLogin(address) });
  }
  return {
    endpoints: endpoints(text(definition, "hosts", ""), tls ? 5671 : 5672),
    vhost: text(definition, "vhost", "regards.multitenant.manager"),
    tenant: text(definition, "tenant", "") || undefined,
    address: address || undefined,
    heartbeat: whole(definition, "heartbeat", 30, 0, 65_535),
    namespace: text(definition, "namespace", "regards"),
    connectionName: text(definition, "connectionName", "") || undefined,
    appId: text(definition, "appId", "node-red"),
  };
}

/** `host[:port]`, comma-separated; IPv6 in brackets. */
function endpoints(list: string, defaultPort: number): Endpoint[] {
  if (/@|\/\//.test(list)) {
    // Somebody has pasted an address with a login: its password must appear nowhere.
    throw new SettingsError("hosts-login", { property: "hosts" });
  }
  const hosts = list
    .split(",")
    .map((host) => host.trim())
    .filter((host) => host !== "");
  if (hosts.length === 0) {
    throw new SettingsError("required", { property: "hosts" });
  }
  return hosts.map((host) => {
    const [, bracketed, plain, port] =
      /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@[\]]+))(?::(\d{1,5}))?$/.exec(host) ?? [];
    const hostname = bracketed ?? plain;
    const portNumber = port === undefined ? defaultPort : Number(port);
    if (hostname === undefined && /:(?!\d+$)/.test(host)) {
      // No port: it may be the password after a user's name.
      throw new SettingsError("hosts-login", { property: "hosts" });
    }
    if (hostname === undefined || portNumber < 1 || portNumber > 65_535) {
      throw new SettingsError("hosts", { property: "hosts", value: host });
    }
    return { hostname, port: portNumber };
  });
}

/** Whatever stands before an `@` may be a password. */
function withoutLogin(address: string): string {
  return address.replace(/^.*@/s, "…@");
}
