/**
 * What kind of queue one is, of all that it was declared with: its type, the priorities that make a classic queue
 * slow, the limit after which a quorum queue gives a delivery up. Enters: a way to have the broker refuse a
 * declaration. Leaves: the kind, or that the broker does not tell. It changes no queue and makes none.
 */
import type { Fault } from "./fault";

/** `maxPriority` and `deliveryLimit` are undefined where the queue says nothing of them. */
export interface QueueKind {
  readonly type: string;
  readonly maxPriority?: number;
  readonly deliveryLimit?: number;
}

/** A declaration, as amqplib takes it. */
export interface Declared {
  readonly durable?: boolean;
  readonly autoDelete?: boolean;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** No RabbitMQ makes a queue whose priority is a word: it cannot be made by asking, whatever else is declared. */
const NEVER_MADE = { "x-max-priority": "unknown" };

/** The value may have any character in it, quotes too; a sentence longer than AMQP carries ends before its end. */
const DIFFERENCE =
  /inequivalent arg '([^']+)'.*but current is (?:none|(?:the value )?'(.*?)'(?: of type '(\w+)')?)"?$/;

/**
 * A queue that exists and is declared otherwise is refused with a sentence that names the first difference and
 * what the queue has. AMQP has no other way to learn it. The three that matter come late, so each difference
 * before them is taken over and costs one more refusal: a plain queue costs one, REGARDS' own and a quorum queue
 * two or three.
 * @param declare resolves with what the broker has against it; undefined when nothing
 * @returns undefined where the broker does not tell: it takes the `configure` permission, and a sentence that names
 *   the queue and the vhost has 255 bytes at most
 */
export async function queueKind(
  declare: (declared: Declared) => Promise<Fault | undefined>,
): Promise<QueueKind | undefined> {
  const settings: Record<string, boolean> = {};
  const args: Record<string, unknown> = { ...NEVER_MADE };
  const told = new Set<string>();
  for (;;) {
    const fault = await declare({ ...settings, arguments: args });
    if (fault === undefined) {
      // All is as declared. Only a classic queue compares a priority, so it is another type, and without a limit.
      return { type: String(args["x-queue-type"]) };
    }
    const [, name, value, type] = DIFFERENCE.exec(fault.detail) ?? [];
    if (name === undefined || told.has(name)) {
      return undefined;
    }
    told.add(name);
    if (name === "x-max-priority") {
      return { type: "classic", ...(value !== undefined && { maxPriority: Number(value) }) };
    }
    if (name === "x-delivery-limit") {
      return { type: "quorum", deliveryLimit: Number(value) };
    }
    if (name === "x-queue-type" && value === "stream") {
      return { type: "stream" };
    }
    if (name.startsWith("x-")) {
      args[name] = ofType(type, value);
    } else {
      settings[name === "auto_delete" ? "autoDelete" : name] = value === "true";
    }
  }
}

/** A value as the broker told it, as what it is there: a text may be a number's, too. */
function ofType(type: string | undefined, value: string | undefined): unknown {
  switch (type) {
    case "longstr":
    case undefined:
      return value;
    case "bool":
      return value === "true";
    default:
      return Number(value);
  }
}
