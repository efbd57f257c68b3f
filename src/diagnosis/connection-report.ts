/**
 * What "Test connection" tells a person: one line a step, with what to do about it. Enters: settings and what
 * to look at. Leaves: lines in keys of the shared catalogue, which the editor says in its own language.
 */
import type { ConnectionOptions } from "../amqp/connection";
import { type Fault, type FaultCode, faultOf } from "../amqp/fault";
import {
  type ExchangeFinding,
  type ExchangeQuestion,
  type HostFinding,
  inspect,
  type QueueFinding,
} from "../amqp/inspection";
import type { QueueKind } from "../amqp/queue-kind";
import { REQUEST_KINDS } from "../regards/requests";
import { broadcastExchange, services } from "../regards/services";

/** One line; `ok` is null where it is neither right nor wrong, or cannot be told. */
export interface Line {
  readonly ok: boolean | null;
  /** What it is about, as the broker names it. */
  readonly name: string;
  /** What it is about for a person, as a key; the name is then beside it. */
  readonly subject?: string;
  readonly text: string;
  readonly next?: string;
  readonly values?: Readonly<Record<string, string | number>>;
  /** More values, each a list of keys; the editor says them one after the other. */
  readonly listed?: Readonly<Record<string, readonly string[]>>;
}

/** The steps of a handshake after the host has answered. */
const STEPS: Partial<Record<FaultCode, number>> = {
  ...{ tls: 1, "tls-untrusted": 1, "tls-expired": 1, "tls-host": 1 },
  ...{ login: 2, vhost: 3, "connection-limit": 3 },
};
const ALL_STEPS = 4;

/** How often RabbitMQ 4 lets a message of a quorum queue be given back where the queue says nothing. */
const DEFAULT_LIMIT = 20;

/** A year of renewals, one every 25 minutes. */
const ENOUGH_RETURNS = 20_000;

/** Faults with the same remedy. */
const REMEDY: Partial<Record<FaultCode, string>> = {
  ...{ frame: "protocol", lost: "protocol", tls: "protocol" },
  ...{ "tls-expired": "tls-certificate", "tls-host": "tls-certificate" },
};

/** An exchange to look at, and what it carries, as a key. */
interface Looked {
  readonly eventClass: string;
  readonly use: ExchangeFinding["use"];
  readonly subject: string;
}

const RECEIVED: readonly Looked[] = services
  .filter(({ exchange }) => exchange === "of its class")
  .map(({ name, eventClass }) => ({ eventClass, use: "bind", subject: `test.subject.${name}-in` }));
const SENT: readonly Looked[] = REQUEST_KINDS.flatMap(({ name, eventClasses }) =>
  eventClasses.map((eventClass, place): Looked => {
    const subject = `test.subject.${name}-out${place === 0 ? "" : `-${place + 1}`}`;
    return { eventClass, use: "publish", subject };
  }),
);

/** What to look at: the REGARDS exchanges of a namespace, all or those of some requests; or one queue or exchange. */
export type Look =
  | { readonly namespace: string; readonly publish?: readonly string[] }
  /** One that an administrator has named, to be read. */
  | { readonly exchange: string }
  | { readonly queue: string };

/**
 * Looks; never throws.
 * @returns the verdict, then what it was found from
 */
export async function connectionReport(options: ConnectionOptions, look: Look): Promise<Line[]> {
  let lines: Line[] = [];
  let verdict: Line | undefined;
  try {
    await inspect(options, async (inspection) => {
      const { hosts } = inspection;
      lines = handshake(hosts, options);
      if (hosts.every(({ fault }) => fault !== undefined)) {
        return;
      }
      if ("queue" in look) {
        const found = await inspection.queue(look.queue);
        lines.push(...queueLines(look.queue, found));
        verdict = queueVerdict(found);
        return;
      }
      const findings = await Promise.all(
        lookedAt(look).map(async ({ subject, ...question }) => ({
          ...{ subject, ...(await inspection.exchange(question)) },
        })),
      );
      lines.push(...findings.map(exchangeLine));
      verdict = exchangesVerdict(findings);
    });
  } catch (error) {
    const fault = faultOf(error);
    lines.push(faultLine("queue" in look ? look.queue : options.vhost, fault));
  }
  return [verdict ?? failed(lines, "queue" in look), ...lines];
}

/** The last line is what stood in the way. */
function failed(lines: readonly Line[], isQueue: boolean): Line {
  const text = isQueue ? "test.verdict.queue-failed" : "test.verdict.failed";
  const cause = lines.findLast(({ ok }) => ok === false)?.text ?? "status.fault.unexpected";
  return { ok: false, name: "", text, listed: { cause: [cause] } };
}

function queueVerdict({ messages, consumers, kind }: QueueFinding): Line {
  return kind?.type === "stream"
    ? { ok: false, name: "", text: "test.verdict.queue-failed", listed: { cause: ["status.fault.stream"] } }
    : { ok: true, name: "", text: "test.verdict.queue", values: { messages, consumers } };
}

/** What is known of an exchange, and what it carries. */
type Finding = ExchangeFinding & Pick<Looked, "subject">;

/** In one line what this account can do and what it cannot. */
function exchangesVerdict(findings: readonly Finding[]): Line {
  const subjects = (allowed: boolean | undefined): string[] => {
    const found = findings.filter((each) => each.allowed === allowed).map(({ subject }) => subject);
    return found.length > 0 ? found : ["test.verdict.nothing"];
  };
  if (findings.every(({ exists }) => !exists)) {
    return { ok: null, name: "", text: "test.verdict.silent" };
  }
  if (findings.every(({ allowed }) => allowed)) {
    return { ok: true, name: "", text: "test.verdict.all" };
  }
  // Who may not write to queues named nodered.… can have none made, so only a queue that is given is left.
  const isGivenOnly = findings.some(({ allowed }) => allowed === undefined);
  const text = isGivenOnly ? "test.verdict.given-only" : "test.verdict.some";
  return { ok: null, name: "", text, listed: { can: subjects(true), cannot: subjects(false) } };
}

function lookedAt(
  look: Exclude<Look, { readonly queue: string }>,
): (ExchangeQuestion & Pick<Looked, "subject">)[] {
  if ("exchange" in look) {
    return [{ name: look.exchange, use: "bind", subject: "test.subject.dissemination-in" }];
  }
  const { namespace, publish } = look;
  const looked =
    publish === undefined
      ? [...RECEIVED, ...SENT]
      : SENT.filter(({ eventClass }) => publish.includes(eventClass));
  return looked.map(({ eventClass, use, subject }) => ({
    ...{ use, subject },
    name: broadcastExchange(namespace, eventClass),
  }));
}

function handshake(hosts: readonly HostFinding[], options: ConnectionOptions): Line[] {
  const first = options.tls === undefined ? 2 : 1;
  const lines: Line[] = hosts.map(({ host, fault }) =>
    fault === undefined || stepOf(fault) >= first
      ? { ok: true, name: host, text: "test.reached" }
      : faultLine(host, fault),
  );
  const [best] = hosts.map(({ fault }) => fault).sort((one, other) => stepOf(other) - stepOf(one));
  const names = [options.external ? "SASL EXTERNAL" : options.username, options.vhost];
  const texts = ["test.login", "test.vhost"];
  for (const [place, name] of [options.tls === undefined ? undefined : "TLS", ...names].entries()) {
    if (name === undefined || stepOf(best) <= place) {
      continue;
    }
    const isHere = best !== undefined && stepOf(best) === place + 1;
    lines.push(
      isHere ? faultLine(name, best) : { ok: true, name, text: ["test.tls", ...texts][place] ?? "" },
    );
  }
  return lines;
}

function stepOf(fault: Fault | undefined): number {
  return fault === undefined ? ALL_STEPS : (STEPS[fault.code] ?? 0);
}

function faultLine(name: string, { code, detail }: Fault): Line {
  const next = `test.next.${REMEDY[code] ?? code}`;
  return { ok: false, name, text: `status.fault.${code}`, next, values: { detail } };
}

function exchangeLine({ name, subject, use, exists, allowed }: Finding): Line {
  const about = { name, subject };
  const values = { permission: use === "bind" ? "read" : "write", name };
  if (allowed === false) {
    return { ok: false, ...about, text: "status.fault.forbidden", next: "test.next.forbidden", values };
  }
  if (allowed === undefined) {
    const text = exists ? "test.there" : "test.absent";
    return { ok: null, ...about, text, next: "test.next.untold", values };
  }
  if (exists) {
    return { ok: true, ...about, text: use === "bind" ? "test.readable" : "test.writable" };
  }
  // Its first event makes an exchange that is read; a service of REGARDS makes those it reads itself when it starts.
  const next = use === "bind" ? "test.next.absent" : "test.next.absent-request";
  return { ok: null, ...about, text: "test.absent", next };
}

function queueLines(name: string, { messages, consumers, kind }: QueueFinding): Line[] {
  const lines: Line[] = [{ ok: true, name, text: "test.queue", values: { messages, consumers } }];
  lines.push(
    ...(kind === undefined
      ? [{ ok: null, name: "", text: "test.arguments-untold" }]
      : [{ ok: true, name: inWords(kind), text: "" }, ...kindLines(name, kind)]),
  );
  return [...lines, { ok: null, name: "", text: "test.binding" }];
}

function inWords({ type, maxPriority, deliveryLimit }: QueueKind): string {
  const args = { "x-max-priority": maxPriority, "x-delivery-limit": deliveryLimit };
  const set = Object.entries(args).filter(([, value]) => value !== undefined);
  return [type, ...set.map(([key, value]) => `${key} ${value}`)].join(" · ");
}

/** What of its kind keeps a queue from being read well. */
function kindLines(name: string, { type, maxPriority, deliveryLimit }: QueueKind): Line[] {
  const lines: Line[] = [];
  if (type === "stream") {
    lines.push({ ok: false, name, text: "test.stream", next: "test.next.stream" });
  }
  if (type === "quorum" && (deliveryLimit ?? DEFAULT_LIMIT) < ENOUGH_RETURNS) {
    const limit = deliveryLimit ?? `${DEFAULT_LIMIT} (RabbitMQ 4)`;
    lines.push({
      ok: null,
      name: "x-delivery-limit",
      text: "test.delivery-limit",
      next: "test.next.delivery-limit",
      values: { limit },
    });
  }
  if (maxPriority === 255) {
    lines.push({ ok: false, name: "x-max-priority 255", text: "test.priority", next: "test.next.priority" });
  }
  return lines;
}
