/**
 * Reads what flows.json holds into settings that can be relied on. Values arrive as strings when they came
 * from an environment variable, and are missing in older flows. Enters: a node definition. Leaves:
 * settings, or a `SettingsError` that names the property and says what it may be.
 */
import type { Endpoint } from "../amqp/connection";
import { LONGEST_NAME, type QueuePlan, retryName } from "../amqp/queue";
import type { ConsumerSettings } from "../consume/settings";
import type { AckOutSettings } from "../publish/settings";
import { isWebAddress } from "../regards/order";
import { broadcastExchange, type Service } from "../regards/services";
import type { RegardsSystem } from "../regards/system";

/** A property as the editor stored it. */
export type Definition = Readonly<Record<string, unknown>>;

/** A setting that cannot be used: a catalogue key under `runtime.setting` and the words for it. */
export class SettingsError extends Error {
  readonly key: string;
  readonly values: Readonly<Record<string, string>>;

  constructor(key: string, values: Readonly<Record<string, string>>) {
    super(`${key}: ${JSON.stringify(values)}`);
    this.name = "SettingsError";
    this.key = key;
    this.values = values;
  }
}

const BROKER_PROPERTIES =
  "hosts vhost user password tenant address heartbeat namespace connectionName appId".split(" ");
const CONSUMER_PROPERTIES =
  "queueMode queue queueType correlationType correlation owner contentType maxInFlight settle attempts retryDelay deadline".split(
    " ",
  );
const ACK_OUT_PROPERTIES = "urn urnType recipientLabel recipientLabelType target outboxLimit".split(" ");

/** A pattern with nested repeats takes for ever on a long text; correlation ids are short. */
const LOOKED_AT = 1_024;

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
  refuseUnset(definition, BROKER_PROPERTIES);
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

/** Which node of which Node-RED: parts of the name of its own queue. */
export interface Place {
  readonly id: string;
  readonly installation: string;
}

/** @throws SettingsError */
export function consumerSettings(
  definition: Definition,
  place: Place,
  service: Service,
  system: RegardsSystem,
): ConsumerSettings {
  refuseUnset(definition, CONSUMER_PROPERTIES);
  const correlationType = choice(definition, "correlationType", ["any", "prefix", "regex"]);
  return {
    queue: queuePlan(definition, place, service, system),
    correlation: correlationTest(correlationType, text(definition, "correlation", "")),
    anyCorrelation: correlationType === "any",
    owner: text(definition, "owner", "") || undefined,
    contentType: text(definition, "contentType", "") || undefined,
    maxInFlight: whole(definition, "maxInFlight", 10, 1, 65_535),
    settle: choice(definition, "settle", ["finished", "handed", "manual"]),
    attempts: whole(definition, "attempts", 3, 1, 1_000),
    retryDelay: 1_000 * number(definition, "retryDelay", 30, 0, 86_400),
    notWaitedFor: new Set(
      text(definition, "notWaitedFor", "")
        .split(",")
        .map((type) => type.trim())
        .filter((type) => type !== ""),
    ),
    deadline: 60_000 * number(definition, "deadline", 25, 0.01, 10_080),
  };
}

/** @throws SettingsError */
export function ackOutSettings(definition: Definition): AckOutSettings {
  refuseUnset(definition, ACK_OUT_PROPERTIES);
  return {
    urn: text(definition, "urn", "payload"),
    urnType: text(definition, "urnType", "msg"),
    recipientLabel: text(definition, "recipientLabel", ""),
    recipientLabelType: text(definition, "recipientLabelType", "str"),
    target: choice(definition, "target", ["auto", "ingest", "fem"]),
    outboxLimit: whole(definition, "outboxLimit", 1_000, 1, 1_000_000),
  };
}

/** Which events a node keeps, as text to compare: two readers of one queue must want the same. */
export function filterOf(definition: Definition, service: Service, { tenant }: RegardsSystem): string {
  const { correlationType = "any", correlation = "", owner = "", contentType = "" } = definition;
  const wanted = correlationType === "any" ? "" : correlation;
  return JSON.stringify([service.name, tenant ?? "", correlationType, wanted, owner, contentType]);
}

function queuePlan(
  definition: Definition,
  { id, installation }: Place,
  service: Service,
  system: RegardsSystem,
): QueuePlan {
  const mode = choice(definition, "queueMode", ["own", "existing", "temporary"]);
  const given = text(definition, "queue", "");
  const exchange = broadcastExchange(system.namespace, service.eventClass);
  const name = `nodered.${system.tenant ?? "all"}.${service.name}.${installation}.${id}`;
  switch (mode) {
    case "existing":
      if (given === "") {
        throw new SettingsError("required", { property: "queue" });
      }
      return { mode, name: given };
    case "temporary":
      return { mode, name, exchange };
    case "own": {
      const own = given || name;
      if (Buffer.byteLength(retryName(own)) > LONGEST_NAME) {
        throw new SettingsError("long", { property: "queue", value: own });
      }
      return { mode, name: own, type: choice(definition, "queueType", ["quorum", "classic"]), exchange };
    }
  }
}

function correlationTest(
  type: "any" | "prefix" | "regex",
  value: string,
): (correlationId: string | undefined) => boolean {
  if (type !== "any" && value === "") {
    // It would let everything through, which is what "any" is for.
    throw new SettingsError("required", { property: "correlation" });
  }
  switch (type) {
    case "any":
      return () => true;
    case "prefix":
      return (correlationId) => correlationId?.startsWith(value) ?? false;
    case "regex": {
      let pattern: RegExp;
      try {
        pattern = new RegExp(value, "u");
      } catch {
        throw new SettingsError("regex", { property: "correlation", value });
      }
      return (correlationId) =>
        correlationId !== undefined && pattern.test(correlationId.slice(0, LOOKED_AT));
    }
  }
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

function text(definition: Definition, property: string, otherwise: string): string {
  const value = definition[property];
  if (value === undefined || value === null) {
    return otherwise;
  }
  const written = String(value).trim();
  return written === "" ? otherwise : written;
}

/**
 * Node-RED leaves the name where the environment has no value; a tenant of that name would hide everything.
 * Says all of them at once: whoever forgot one file of variables has forgotten them all.
 */
function refuseUnset(definition: Definition, properties: readonly string[]): void {
  const unset = properties.flatMap((property) => {
    const value = text(definition, property, "");
    return /^\$\{[^}]+\}$/.test(value) ? [{ property, value }] : [];
  });
  if (unset.length > 0) {
    throw new SettingsError("unset", {
      property: unset.map(({ property }) => property).join(", "),
      value: unset.map(({ value }) => value).join(", "),
    });
  }
}

/** Whatever stands before an `@` may be a password. */
function withoutLogin(address: string): string {
  return address.replace(/^.*@/s, "…@");
}

function choice<T extends string>(
  definition: Definition,
  property: string,
  choices: readonly [T, ...T[]],
): T {
  const value = text(definition, property, choices[0]);
  const found = choices.find((each) => each === value);
  if (found === undefined) {
    throw new SettingsError("choice", { property, value, choices: choices.join(", ") });
  }
  return found;
}

function whole(
  definition: Definition,
  property: string,
  otherwise: number,
  from: number,
  to: number,
): number {
  const value = number(definition, property, otherwise, from, to);
  if (!Number.isInteger(value)) {
    throw outOfRange(definition, property, from, to);
  }
  return value;
}

function number(
  definition: Definition,
  property: string,
  otherwise: number,
  from: number,
  to: number,
): number {
  const written = text(definition, property, String(otherwise));
  const value = Number(written);
  if (!Number.isFinite(value) || value < from || value > to) {
    throw outOfRange(definition, property, from, to);
  }
  return value;
}

function outOfRange(definition: Definition, property: string, from: number, to: number): SettingsError {
  const value = String(definition[property]);
  return new SettingsError("number", { property, value, from: String(from), to: String(to) });
}
