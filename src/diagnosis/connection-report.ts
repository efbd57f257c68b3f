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
  readonly text: string;
  readonly next?: string;
  readonly values?: Readonly<Record<string, string | number>>;
}

/** The steps of a handshake after the host has answered. */
const STEPS: Partial<Record<FaultCode, number>> = {
  ...{ tls: 1, "tls-untrusted": 1, "tls-expired": 1, "tls-host": 1 },
  ...{ login: 2, vhost: 3 },
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

/** What to look at: the REGARDS exchanges of a namespace, all or those of some requests; or one queue or exchange. */
export type Look =
  | { readonly namespace: string; readonly publish?: readonly string[] }
  /** One that an administrator has named, to be read. */
  | { readonly exchange: string }
  | { readonly queue: string };

/** Looks; never throws. */
export async function connectionReport(options: ConnectionOptions, look: Look): Promise<Line[]> {
  let lines: Line[] = [];
  try {
    await inspect(options, async (inspection) => {
      const { hosts } = inspection;
      lines = handshake(hosts, options);
      if (hosts.every(({ fault }) => fault !== undefined)) {
        return;
      }
      if ("queue" in look) {
        lines.push(...queueLines(look.queue, await inspection.queue(look.queue)));
        return;
      }
      const findings = questionsOf(look).map((question) => inspection.exchange(question));
      lines.push(...(await Promise.all(findings)).map(exchangeLine));
    });
  } catch (error) {
    const fault = faultOf(error);
    lines.push(faultLine("queue" in look ? look.queue : options.vhost, fault));
  }
  return lines;
}

function questionsOf(look: Exclude<Look, { readonly queue: string }>): ExchangeQuestion[] {
  if ("exchange" in look) {
    return [{ name: look.exchange, use: "bind" }];
  }
  const { namespace, publish } = look;
  const bound = publish === undefined ? services.filter(({ exchange }) => exchange === "of its class") : [];
  const published = REQUEST_KINDS.flatMap(({ eventClasses }) => eventClasses).filter(
    (eventClass) => publish === undefined || publish.includes(eventClass),
  );
  const named = (eventClass: string): string => broadcastExchange(namespace, eventClass);
  return [
    ...bound.map(({ eventClass }) => ({ name: named(eventClass), use: "bind" }) as const),
    ...published.map((eventClass) => ({ name: named(eventClass), use: "publish" }) as const),
  ];
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

function exchangeLine({ name, use, exists, allowed }: ExchangeFinding): Line {
  const values = { permission: use === "bind" ? "read" : "write", name };
  const there = exists ? "test.there" : "test.absent";
  if (allowed === false) {
    return { ok: false, name, text: "status.fault.forbidden", next: "test.next.forbidden", values };
  }
  if (allowed === undefined) {
    return { ok: null, name, text: there, next: "test.next.untold", values };
  }
  // Its first event makes an exchange that is read; a service of REGARDS makes those it reads itself when it starts.
  const next = use === "bind" ? "test.next.absent" : "test.next.absent-request";
  return exists ? { ok: true, name, text: there } : { ok: null, name, text: there, next };
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
