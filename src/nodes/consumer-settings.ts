/**
 * The settings of an in-node. Enters: its definition, the kind of event, and the REGARDS of its broker node. Leaves:
 * which queue, which events of it, and when they are settled.
 */
import { LONGEST_NAME, type QueuePlan, retryName } from "../amqp/queue";
import type { ConsumerSettings } from "../consume/settings";
import { correlationPrefix } from "../regards/correlation";
import { broadcastExchange, type Service } from "../regards/services";
import type { RegardsSystem } from "../regards/system";
import { choice, type Definition, number, refuseUnset, SettingsError, text, whole } from "./settings";

const PROPERTIES = [
  ...[
    "queueMode",
    "queue",
    "queueType",
    "exchange",
    "correlationType",
    "correlation",
    "owner",
    "contentType",
  ],
  ...["maxInFlight", "settle", "attempts", "retryDelay", "deadline", "notWaitedFor"],
];

/** A pattern with nested repeats takes for ever on a long text; correlation ids are short. */
const LOOKED_AT = 1_024;

/** Which node of which Node-RED: parts of the name of its own queue. */
export interface Place {
  readonly id: string;
  readonly installation: string;
}

/**
 * @param wasAsked whether a correlation id is remembered that a flow gave itself
 * @throws SettingsError
 */
export function consumerSettings(
  definition: Definition,
  place: Place,
  service: Service,
  system: RegardsSystem,
  wasAsked: (correlationId: string | undefined) => boolean = () => false,
): ConsumerSettings {
  refuseUnset(definition, PROPERTIES);
  const given = choice(definition, "correlationType", ["any", "mine", "prefix", "regex"]);
  // A node whose events have no correlation id does not ask for one.
  const correlationType = service.correlationId === undefined ? "any" : given;
  return {
    queue: queuePlan(definition, place, service, system),
    correlation: correlationTest(correlationType, comparedWith(definition), wasAsked),
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

/** Which events a node keeps, as text to compare: two readers of one queue must want the same. */
export function filterOf(definition: Definition, service: Service, system: RegardsSystem): string {
  const { correlationType = "any", owner = "", contentType = "" } = definition;
  const wanted = comparedWith(definition);
  const isChosen = service.exchange === "chosen" && definition.queueMode !== "existing";
  const events = [service.name, isChosen ? text(definition, "exchange", "") : "", system.tenant ?? ""];
  return JSON.stringify([...events, correlationType, wanted, owner, contentType]);
}

/** Where the events are published; blank where the administrator chooses it and the node was not told. */
export function exchangeOf(
  definition: Definition,
  { exchange, eventClass }: Service,
  { namespace }: Pick<RegardsSystem, "namespace">,
): string {
  return exchange === "chosen" ? text(definition, "exchange", "") : broadcastExchange(namespace, eventClass);
}

function queuePlan(
  definition: Definition,
  { id, installation }: Place,
  service: Service,
  system: RegardsSystem,
): QueuePlan {
  const mode = choice(definition, "queueMode", ["own", "existing", "temporary"]);
  const given = text(definition, "queue", "");
  const exchange = exchangeOf(definition, service, system);
  const name = `nodered.${system.tenant ?? "all"}.${service.name}.${installation}.${id}`;
  if (mode !== "existing" && exchange === "") {
    throw new SettingsError("required", { property: "exchange" });
  }
  if (Buffer.byteLength(exchange) > LONGEST_NAME) {
    throw new SettingsError("long", { property: "exchange", value: exchange });
  }
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

/** What correlation ids are compared with. The broker's id is the real one: variables are resolved by then. */
function comparedWith(definition: Definition): string {
  switch (definition.correlationType ?? "any") {
    case "any":
      return "";
    case "mine":
      return correlationPrefix(text(definition, "broker", ""));
    default:
      return text(definition, "correlation", "");
  }
}

function correlationTest(
  type: "any" | "mine" | "prefix" | "regex",
  value: string,
  wasAsked: (correlationId: string | undefined) => boolean,
): (correlationId: string | undefined) => boolean {
  if (type !== "any" && value === "") {
    // It would let everything through, which is what "any" is for.
    throw new SettingsError("required", { property: "correlation" });
  }
  switch (type) {
    case "any":
      return () => true;
    case "mine":
      return (correlationId) => (correlationId?.startsWith(value) ?? false) || wasAsked(correlationId);
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
